# A polite end from outside: what arrived is kept.
# shellcheck shell=bash

ends_by() { # SIGNAL CODE
  need jq
  slow_sandbox
  local pid code=0
  in_transfer . 200000 export --api-url "$api" --range all_time --json "${slowly[@]}"
  kill -s "$1" "$pid"
  wait "$pid" || code=$?
  same "exit code after SIG$1" "$code" "$2"
  same "error code" "$(jq -r .error.code "$work/stdout")" interrupted
  part_over . 200000 || fail "the part is gone"
  exits 0 export --api-url "$api" --range all_time --json
  [ "$(field .resumedFrom)" -ge 200000 ] || fail "resumedFrom: $(field .resumedFrom)"
  whole
}

case_sigterm_keeps_the_part() { ends_by TERM 143; }
case_sighup_keeps_the_part() { ends_by HUP 129; }
