# The program against the sandbox inside itself.
# shellcheck shell=bash

case_demo_export() {
  need jq
  exits 0 --demo export --json
  same "status" "$(field .status)" completed
  same "resumedFrom" "$(field .resumedFrom)" 0
  whole
  no_rest .
  local file answer=$out
  file=$(field .file)
  exits 0 verify "$file" --json
  same "verify's sha256" "$(field .sha256)" "$(jq -r .sha256 <<<"$answer")"
  same "verify's records" "$(field .records)" "$(jq -r .records <<<"$answer")"
}

case_demo_quiet() {
  exits 0 --demo export --quiet
  same "standard output" "$out" ""
  same "standard error" "$err" ""
}

case_demo_resumes_after_kill() {
  need jq
  kill_in_transfer . 300000 --demo export --range all_time --json
  exits 0 --demo export --range all_time --json
  [ "$(field .resumedFrom)" -ge 300000 ] || fail "resumedFrom: $(field .resumedFrom)"
  whole
  no_rest .
}
