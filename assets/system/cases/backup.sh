# Backups that run for years: encrypted with what others decrypt, killed at any
# stage, from one machine's timer.
# shellcheck shell=bash

# age of Debian opens what we encrypt, for its own keys and for SSH keys.
case_backup_that_age_opens() {
  need age age-keygen ssh-keygen jq
  sandbox
  age-keygen -o key.txt 2>/dev/null
  ssh-keygen -q -t ed25519 -N '' -f ssh_key
  ssh-keygen -q -t rsa -b 2048 -N '' -f rsa_key
  { echo "# the office"; echo; age-keygen -y key.txt; cat rsa_key.pub; } >recipients.txt
  exits 0 backup --api-url "$api" --dir b --recipients-file recipients.txt --encrypt-to "$(cat ssh_key.pub)" --json
  same "encrypted" "$(field .encrypted)" true
  whole_on_disk
  local file
  file=$(field .file)
  age -d -i key.txt "$file" >plain.json
  age -d -i ssh_key "$file" >plain2.json
  age -d -i rsa_key "$file" >plain3.json
  cmp plain.json plain2.json || fail "the two keys open different files"
  cmp plain.json plain3.json || fail "the RSA key opens another file"
  counts_agree plain.json "$(field '.records | [.metrics, .connections, .dashboards, .widgets, .auditLogs] | map(tostring) | join(" ")')"
  same "the manifest's digest of the plain text" "$(head -n 1 b/manifest.jsonl | jq -r .plainSha256)" "$(sha plain.json)"
  exits 0 verify --identity key.txt "$file"
  exits 0 verify --identity rsa_key "$file"
  exits 2 verify "$file"
  two_sentences
  contains "the hint" "$err" "--identity"
  # Somebody else's key, a private key in the place of a public one, and a file
  # that is none: each is told, and no secret repeated.
  age-keygen -o other.txt 2>/dev/null
  exits 2 verify --identity other.txt "$file"
  two_sentences
  exits 2 backup --api-url "$api" --dir b --recipients-file key.txt
  two_sentences
  contains "the error" "$err" "private"
  if grep -q "$(grep -o 'AGE-SECRET-KEY-1.*' key.txt)" "$work/stdout" "$work/stderr"; then fail "the private key is repeated"; fi
  echo "age1nonsense" >bad.txt
  exits 2 backup --api-url "$api" --dir b --recipients-file bad.txt
  two_sentences
  contains "the error" "$err" "bad.txt"
  [ -z "$(find b -name '*.part*')" ] || fail "plain text is left: $(ls -la b)"
}

whole_on_disk() {
  local file
  file=$(field .file)
  same "sha256" "$(sha "$file")" "$(field .sha256)"
  same "bytes" "$(size "$file")" "$(field .bytes)"
  same "mode" "$(stat -c %a "$file")" 600
}

# Killed at any stage, the next run ends well and leaves no litter: one file a
# run that ended, each in the manifest.
case_backup_killed_at_any_stage() {
  need jq age-keygen
  sandbox --speed 50 --records 200000
  age-keygen -o key.txt 2>/dev/null
  local to round pid
  to=$(age-keygen -y key.txt)
  for round in 1 2 3 4 5 6 7 8; do
    "$program" backup -q --api-url "$api" --dir b --encrypt-to "$to" >"$work/killed.out" 2>&1 </dev/null &
    pid=$!
    children+=("$pid")
    sleep "0.$((RANDOM % 9 + 1))"
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  exits 0 backup --api-url "$api" --dir b --encrypt-to "$to" --json
  no_rest b
  exits 0 backup verify --dir b --json
  same "strangers" "$(field '.strangers | length')" 0
  same "files and lines" "$(find b -name '*.age' | wc -l)" "$(field '.files | length')"
}

# A second run while the first is at work is told so, and changes nothing.
case_backup_second_run() {
  need jq
  sandbox --fault stuck
  "$program" backup --api-url "$api" --dir b >"$work/first.out" 2>"$work/first.err" </dev/null &
  children+=($!)
  until_true "the first run's export" grep -q "^Export " "$work/first.err"
  exits 5 backup --api-url "$api" --dir b --json
  same "code" "$(field .error.code)" locked
}

# SIGUSR1 asks how it stands; SIGTERM keeps what arrived; the next run goes on.
case_backup_by_signals() {
  need jq curl
  slow_sandbox --fault slow=100K # backup has no --limit-rate
  local pid code=0
  in_transfer b 200000 backup --api-url "$api" --dir b
  kill -USR1 "$pid"
  until_true "an answer to SIGUSR1" grep -q 'Downloading: .* of ' "$work/stderr"
  kill -TERM "$pid"
  wait "$pid" || code=$?
  same "exit code" "$code" 143
  no_faults
  exits 0 backup --api-url "$api" --dir b --json
  [ "$(field .resumedFrom)" -ge 200000 ] || fail "resumedFrom: $(field .resumedFrom)"
  no_rest b
}

# systemd is told how it stands, where it asks.
case_backup_tells_systemd() {
  need python3
  sandbox
  python3 - "$work/notify" >"$work/told" <<'PY' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(120)
while True:
    m = s.recv(4096).decode()
    print(m, flush=True)
    if "STOPPING=1" in m:
        break
PY
  children+=($!)
  until_true "the socket" test -S "$work/notify"
  NOTIFY_SOCKET=$work/notify exits 0 backup -q --api-url "$api" --dir b
  until_true "the end" grep -q STOPPING=1 "$work/told"
  contains "what was told" "$(cat "$work/told")" "READY=1"
  contains "what was told" "$(cat "$work/told")" "STATUS=Done."
}
