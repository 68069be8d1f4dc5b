# What goes wrong: each time one sentence on what happened and one on what to
# do, the exit code that scripts rely on, and nothing lost.
# shellcheck shell=bash

# refused runs a command as a person and as a script would. The two runs are
# alike, since the first one leaves nothing behind.
refused() { # EXIT CODE-WORD ARG…
  local code=$1 word=$2
  shift 2
  exits "$code" "$@"
  two_sentences
  no_escape
  same "standard output" "$out" ""
  exits "$code" "$@" --json
  no_escape
  same "error code" "$(field .error.code)" "$word"
  same "a sentence on each" "$(field '(.error.message | length > 0) and (.error.hint | length > 0)')" true
}

# made_none: the sandbox has had no export at all.
made_none() {
  local list
  list=$(curl -sS --max-time 10 -H "Authorization: Bearer $owner" "${api%/api/v1}/api/v1/exports?limit=10")
  same "exports made" "$(jq -r '(.data // .exports // .) | length' <<<"$list")" 0
}

case_wrong_key() {
  need jq
  sandbox
  export DASHTRAY_API_KEY=dk_wrong_key_of_nobody
  refused 3 unauthorized export --api-url "$api"
  if grep -q dk_wrong "$work/stdout" "$work/stderr"; then fail "the key stands in the output"; fi
}

case_no_key() {
  need jq
  sandbox
  unset DASHTRAY_API_KEY
  refused 3 no_key export --api-url "$api"
}

case_viewer() {
  need jq
  sandbox
  export DASHTRAY_API_KEY=$viewer
  refused 4 forbidden_role export --api-url "$api"
}

case_free_plan() {
  need jq
  sandbox
  export DASHTRAY_API_KEY=$free
  refused 4 forbidden_plan export --api-url "$api"
}

case_busy_project() {
  need jq
  sandbox --fault stuck
  exits 0 export --api-url "$api" --detach --json
  [ -n "$(field .exportJobId)" ] || fail "no id: $out"
  refused 5 busy export --api-url "$api" --new --range last_7_days --if-busy fail
}

case_gives_up_waiting() {
  need jq
  sandbox --fault stuck
  exits 7 export --api-url "$api" --timeout 10s
  two_sentences
  contains "the hint" "$err" "download"
}

case_export_fails_on_the_server() {
  need jq
  sandbox --fault 'fail=the warehouse is closed'
  exits 6 export --api-url "$api"
  two_sentences
  contains "the error" "$err" "the warehouse is closed"
}

case_folder_under_a_file() {
  need jq curl
  sandbox
  : >plain
  refused 1 disk export --api-url "$api" -o plain/inside/
  made_none
}

case_folder_that_cannot_be_written() {
  need jq curl
  sandbox
  mkdir "$work/locked"
  chmod 555 "$work/locked"
  if [ "$(id -u)" = 0 ]; then
    need setpriv
    mkdir "$work/nobody"
    chown 65534:65534 "$work/nobody"
    printf '#!/bin/sh\nHOME=%s exec setpriv --reuid=65534 --regid=65534 --clear-groups %s "$@"\n' \
      "$work/nobody" "$work/dashtray-tui" >"$work/as-nobody"
    chmod 755 "$work/as-nobody"
    program=$work/as-nobody
  fi
  refused 1 disk export --api-url "$api" -o "$work/locked/"
  made_none
}

case_backup_folder_that_is_none() {
  need jq
  sandbox
  : >plain
  mkfifo pipe
  local name
  for name in plain pipe; do
    refused 1 disk backup --api-url "$api" --dir $name
    refused 1 disk backup --api-url "$api" --dir $name --dry-run
    refused 1 disk backup verify --dir $name
  done
}

case_output_exists() {
  need jq curl
  sandbox
  echo precious >here.json
  refused 2 exists export --api-url "$api" -o here.json
  same "the file" "$(cat here.json)" precious
  made_none
}

case_http_off_loopback() {
  need jq
  export DASHTRAY_API_KEY=dk_any
  refused 2 usage export --api-url http://192.0.2.1
}

case_server_talks_html() {
  need jq
  sandbox --fault html-api
  refused 1 network export --api-url "$api"
}

case_no_server() {
  need jq
  export DASHTRAY_API_KEY=dk_any
  refused 1 network export --api-url http://127.0.0.1:9
}

case_expired_link_is_renewed() {
  need jq
  sandbox --fault 'expire-link*1'
  exits 0 export --api-url "$api" --json
  whole
  no_rest .
}

case_cut_connection_is_taken_up() {
  need jq
  sandbox --fault 'cut=1M*2'
  exits 0 export --api-url "$api" --range all_time --json
  [ "$(field .attempts)" -ge 3 ] || fail "attempts: $(field .attempts)"
  whole
}

case_credential_in_the_file() {
  need jq
  sandbox --fault credential
  exits 9 export --api-url "$api" --json
  local file
  file=$(field .file)
  case $file in *.invalid) ;; *) fail "not set aside: $file" ;; esac
  same "sha256" "$(sha "$file")" "$(field .sha256)"
  same "problem" "$(field '.problems[0].code')" credential
}

case_truncated_file() {
  need jq
  exits 0 --demo export --json
  local file size
  file=$(field .file)
  size=$(field .bytes)
  head -c $((size / 2)) "$file" >half.json
  exits 9 verify half.json --json
  same "ok" "$(field .ok)" false
  contains "problems" "$(field '[.problems[].code] | join(" ")')" truncated
  [ -e half.json ] || fail "verify took the file away"
  refused 1 not_found verify there-is-none.json
}

case_escape_sequences_in_names() {
  need jq
  sandbox --fault escape
  exits 0 export --api-url "$api"
  no_escape
  exits 0 export --api-url "$api" --new --json
  no_escape
  same "the file's name" "$(basename "$(field .file)" | tr -d 'a-z0-9_.TZ-')" ""
  sandbox --fault escape --fault fail
  exits 6 export --api-url "$api" --new
  no_escape
  two_sentences
}

case_full_disk() {
  need jq
  [ "$(id -u)" = 0 ] || skip "a small disk takes root to mount"
  mkdir small
  mount -t tmpfs -o size=40m tmpfs small 2>/dev/null || skip "mounting is not permitted"
  mounts+=("$work/out/small")
  slow_sandbox
  local pid code=0
  in_transfer small 200000 export --api-url "$api" --range all_time --json -o small/ "${slowly[@]}"
  dd if=/dev/zero of=small/fill bs=64k status=none 2>/dev/null || true
  wait "$pid" || code=$?
  out=$(cat "$work/stdout")
  same "exit code" "$code" 8
  same "error code" "$(field .error.code)" disk
  part_over small 200000 || fail "the part is gone"
  rm small/fill
  exits 0 export --api-url "$api" --range all_time --json -o small/
  [ "$(field .resumedFrom)" -ge 200000 ] || fail "resumedFrom: $(field .resumedFrom)"
  whole
  no_rest small
}

case_disk_too_small_is_said_first() {
  need jq curl
  [ "$(id -u)" = 0 ] || skip "a small disk takes root to mount"
  mkdir tiny
  mount -t tmpfs -o size=64k tmpfs tiny 2>/dev/null || skip "mounting is not permitted"
  mounts+=("$work/out/tiny")
  sandbox
  refused 1 disk export --api-url "$api" -o tiny/
  made_none
}

# Where standard output takes nothing, the exit code and standard error say so,
# with --json too; where nobody listens at all, the work is done.
case_standard_output_is_full() {
  [ -e /dev/full ] || skip "there is no /dev/full"
  need jq
  sandbox
  export DASHTRAY_API_URL=$api
  local arguments code
  for arguments in "version" "version --json" "help" "export --help" "man" "completion zsh" "config show" "config show --json" \
    "history --json" "doctor" "profile list" "export --json" "export -o -" "backup" "backup --dry-run --json" "auth status --json"; do
    code=0
    # shellcheck disable=SC2086
    timeout -k 5 60 "$program" $arguments >/dev/full 2>"$work/stderr" </dev/null || code=$?
    same "exit code of $arguments" "$code" 1
    contains "standard error of $arguments" "$(cat "$work/stderr")" "standard output"
  done
  exits 0 export -o closed.json -q
  for arguments in "export -o a.json" "backup" "history"; do
    # shellcheck disable=SC2086
    timeout -k 5 60 "$program" $arguments >&- 2>&- <&- || fail "$arguments with everything closed: $?"
  done
  [ -s a.json ] || fail "no file"
}

# What surrounds a program that cron or an init system starts: no home, no
# terminal, no locale, an odd zone.
case_bare_surroundings() {
  need jq
  sandbox
  local keep=("DASHTRAY_API_KEY=$owner" "DASHTRAY_API_URL=$api") code
  env -i "${keep[@]}" "$program" export --range all_time -o a.json -q </dev/null || fail "without a home: $?"
  env -i "${keep[@]}" "$program" backup --dir "$work/b" -q </dev/null || fail "a backup without a home: $?"
  env -i "${keep[@]}" TZ=No/Where LANG=C "$program" export --range 2026-03 -o b.json -q </dev/null || fail "in a zone that is none: $?"
  env -i "${keep[@]}" HOME=relative "$program" history --json </dev/null >"$work/stdout" 2>"$work/stderr" || fail "with a home that is none: $?"
  jq -e '.exports | length >= 3' "$work/stdout" >/dev/null || fail "the history: $(cat "$work/stdout")"
  code=0
  env -i "${keep[@]}" "$program" backup -q </dev/null 2>"$work/stderr" || code=$?
  same "exit code of a backup that has no folder" "$code" 2
  contains "standard error" "$(cat "$work/stderr")" "Set HOME"
}

case_second_process_is_locked_out() {
  need jq
  slow_sandbox
  exits 0 export --api-url "$api" --range all_time --detach --json
  local id pid
  id=$(field .exportJobId)
  in_transfer . 200000 download "$id" --api-url "$api" "${slowly[@]}"
  refused 5 locked download "$id" --api-url "$api"
  kill -0 "$pid" || fail "the first process is gone"
  part_over . 200000 || fail "the part is gone"
}
