# The console over SSH, with OpenSSH's own client, sftp and scp.
# shellcheck shell=bash

# bastion starts the server for an admin, an operator and a viewer, against the
# sandbox; $port is then set.
bastion() {
  need ssh ssh-keygen sftp scp jq
  local name first=$work/serve.json
  mkdir -p "$work/keys" "$work/exports"
  for name in admin operator viewer stranger; do
    ssh-keygen -q -t ed25519 -N '' -C "$name@laptop" -f "$work/keys/$name"
  done
  for name in admin operator viewer; do
    echo "role=$name,name=\"$name\" $(cat "$work/keys/$name.pub")"
  done >"$work/authorized_keys"
  chmod 600 "$work/authorized_keys"
  sandbox "$@"
  (cd "$work/exports" && exec "$program" serve --json --api-url "$api" --listen 127.0.0.1:0 \
    --authorized-keys "$work/authorized_keys" --host-key "$work/host" --log-file "$work/serve.log") \
    >"$first" 2>"$work/serve.err" </dev/null &
  server=$!
  children+=("$server")
  until_true "the server's first line" has_line "$first"
  port=$(head -n 1 "$first" | jq -r .address | sed 's/.*://')
  echo "[127.0.0.1]:$port $(cut -d ' ' -f 1,2 "$work/host.pub")" >"$work/known_hosts"
  same "the fingerprint" "$(head -n 1 "$first" | jq -r .fingerprint)" "$(ssh-keygen -lf "$work/host.pub" | cut -d ' ' -f 2)"
  same "mode of the host key" "$(stat -c %a "$work/host")" 600
}

# as NAME gives the options of an OpenSSH client; the agent and the settings of
# whoever runs this stay out.
as() {
  options=(-F /dev/null -i "$work/keys/$1" -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes
    -o UserKnownHostsFile="$work/known_hosts" -o StrictHostKeyChecking=yes -o ConnectTimeout=10)
}

# reaches runs ssh as NAME and compares its exit code.
reaches() { # NAME CODE ARG…
  local code=0 want=$2
  as "$1"
  shift 2
  timeout -k 5 60 ssh "${options[@]}" -p "$port" 127.0.0.1 "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || code=$?
  out=$(cat "$work/stdout")
  err=$(cat "$work/stderr")
  [ "$code" = "$want" ] || fail "exit code of ssh $*: got $code, want $want; it said: $out $err"
}

# ssh_console opens the console in a terminal.
ssh_console() { # NAME WIDTH HEIGHT [OPTION…]
  need tmux
  as "$1"
  term new-session -d -x "$2" -y "$3" -s "$1" "ssh ${options[*]} ${*:4} -p $port 127.0.0.1; echo \"exit=\$?\"; exec cat"
}

case_serve_makes_watches_and_fetches_an_export() {
  bastion --speed 20
  ssh_console operator 100 30
  sees "No exports yet"
  ssh_console viewer 90 24
  term switch-client -t operator 2>/dev/null || true
  screen() { term capture-pane -p -t operator; }
  keys() { term send-keys -t operator "$@"; }
  keys n
  sees "Which format?"
  keys Enter
  sees "Which date range?"
  keys Enter
  sees "Which data?"
  keys Enter
  sees "Save it in which folder?"
  keys Enter
  sees "The same as a shell command:"
  keys Enter
  sees "whole and verified"
  sees "sftp -P $port 127.0.0.1:dashtray-"
  # The viewer saw it come, and may do nothing to it.
  screen() { term capture-pane -p -t viewer; }
  keys() { term send-keys -t viewer "$@"; }
  keys t
  sees "verified"
  keys n
  sees "Which format?"
  keys Enter
  sees "Which date range?"
  keys Enter
  sees "Which data?"
  keys Enter
  sees "Save it in which folder?"
  keys Enter
  sees "The same as a shell command:"
  keys Enter
  sees "Refused: as viewer you may not make exports."

  # ctrl+z does nothing; a screen that is too small says so, a giant one is drawn.
  keys C-z
  term resize-window -t viewer -x 40 -y 10
  sees "needs 60x16"
  term resize-window -t viewer -x 90 -y 24
  until_true "the screen again" gone "needs 60x16"

  # The file, by sftp as the screen says it, and by scp.
  local name sum
  name=$(cd "$work/exports" && echo dashtray-*.json)
  sum=$(sha "$work/exports/$name")
  as operator
  sftp -q "${options[@]}" -P "$port" "127.0.0.1:$name" "$work/by-sftp" </dev/null >/dev/null
  same "by sftp" "$(sha "$work/by-sftp")" "$sum"
  scp -q "${options[@]}" -P "$port" "127.0.0.1:$name" "$work/by-scp" </dev/null
  same "by scp" "$(sha "$work/by-scp")" "$sum"
  echo secret >"$work/exports/notes.txt"
  echo part >"$work/exports/$name.part"
  ln -s /etc/passwd "$work/exports/link.json"
  same "what is listed" "$(echo 'ls -1' | sftp -q "${options[@]}" -P "$port" -b - 127.0.0.1 | grep -v '^sftp>')" "$name"
  local bad
  for bad in notes.txt "$name.part" link.json ../keys/admin /etc/passwd "../../../../../../../etc/passwd"; do
    ! scp -q "${options[@]}" -P "$port" "127.0.0.1:$bad" "$work/stolen" </dev/null 2>/dev/null || fail "got $bad"
  done
  ! scp -q "${options[@]}" -P "$port" "$work/by-scp" 127.0.0.1:new.json </dev/null 2>/dev/null || fail "a file was put there"
  ! scp -O -q "${options[@]}" -P "$port" "127.0.0.1:$name" "$work/stolen" </dev/null 2>/dev/null || fail "scp works without sftp"
  as viewer
  ! sftp -q "${options[@]}" -P "$port" "127.0.0.1:$name" "$work/stolen" </dev/null >/dev/null 2>&1 || fail "a viewer got the file"
  [ ! -e "$work/stolen" ] || fail "something was stolen"

  keys q
  sees "exit=0"
  kill -TERM "$server"
  screen() { term capture-pane -p -t operator; }
  sees "The session was ended: the server stops."
  local code=0
  wait "$server" || code=$?
  same "exit code of the server" "$code" 143
  exits 0 serve audit verify --json
  same "the audit log" "$(field .ok)" true
  local log=$HOME/.local/state/dashtray-tui/serve/audit.jsonl action
  for action in login console export job.end file.open file.read logout; do
    [ -n "$(jq -c --arg a "$action" 'select(.action == $a and .result == "ok")' "$log")" ] || fail "no $action in the audit log"
  done
  [ -n "$(jq -c 'select(.action == "export" and .result == "refused" and .name == "viewer")' "$log")" ] || fail "the refusal is not in the log"
  same "mode of the audit log" "$(stat -c %a "$log")" 600
  grep -qF "$owner" "$log" "$work/serve.log" "$work/serve.err" && fail "the key is in a log"
  sed -i 's/"viewer"/"nobody"/' "$log"
  exits 9 serve audit verify
  two_sentences
}

case_serve_refuses_everything_else() {
  bastion
  reaches viewer 0 history --json
  same "the document" "$(jq -r .source <<<"$out")" server+local
  reaches viewer 4 id
  contains "the refusal" "$err" "no command can be run here"
  reaches viewer 2
  contains "without a terminal" "$err" "ssh -t"
  TERM=dumb reaches viewer 2 -tt
  reaches stranger 255
  contains "a stranger" "$err" "Permission denied (publickey)"
  as viewer
  timeout 20 ssh "${options[@]}" -o ExitOnForwardFailure=yes -N -R 0:127.0.0.1:1 -p "$port" 127.0.0.1 </dev/null >/dev/null 2>"$work/stderr" &&
    fail "a port is listened on"
  contains "-R" "$(cat "$work/stderr")" "remote port forwarding failed"
  timeout 20 ssh "${options[@]}" -W 127.0.0.1:"$port" -p "$port" 127.0.0.1 </dev/null >/dev/null 2>"$work/stderr" && fail "a connection was forwarded"
  contains "-W" "$(cat "$work/stderr")" "only sessions here"
  # An agent and X11 are asked for, and not given.
  reaches viewer 0 -A -X history --json
  # Nothing that is weak is spoken.
  reaches viewer 255 -o KexAlgorithms=diffie-hellman-group14-sha1 history --json
  contains "an old key exchange" "$err" "no matching key exchange method"
  reaches viewer 255 -c aes128-ctr -m hmac-sha1 history --json
  contains "an old MAC" "$err" "no matching MAC"
  # Whose line is gone is out, and a new line counts at once.
  ssh_console viewer 90 24
  screen() { term capture-pane -p -t viewer; }
  sees "No exports yet"
  grep -v '"viewer"' "$work/authorized_keys" >"$work/fewer"
  cat "$work/fewer" >"$work/authorized_keys"
  sees "the key is no longer allowed"
  reaches viewer 255 history --json
  # Somebody who knocks too often is kept out for a while, those who are in are not.
  # All at once, since what is held against him is forgotten with time.
  local knocks=()
  as stranger
  for _ in {1..8}; do
    timeout -k 5 60 ssh "${options[@]}" -p "$port" 127.0.0.1 >/dev/null 2>&1 </dev/null &
    knocks+=($!)
  done
  wait "${knocks[@]}" || true
  reaches operator 255 history --json
}

# Behind OpenSSH's own server, which this program never speaks to: the forced
# command's variables and its terminal are all that it sees.
case_serve_restricted_behind_a_forced_command() {
  need script jq
  sandbox
  export DASHTRAY_API_URL=$api SSH_CONNECTION="192.0.2.1 5555 192.0.2.2 22"
  DASHTRAY_NAME=Ada SSH_ORIGINAL_COMMAND="history --json" exits 0 serve --restricted
  same "the document" "$(field .source)" server+local
  DASHTRAY_ROLE=admin SSH_ORIGINAL_COMMAND="cat /etc/passwd" exits 4 serve --restricted
  DASHTRAY_ROLE=god exits 2 serve --restricted
  exits 2 serve --restricted --listen 127.0.0.1:0
  exits 2 serve --restricted
  SSH_ORIGINAL_COMMAND="/usr/lib/openssh/sftp-server" exits 4 serve --restricted
  export DASHTRAY_ROLE=operator
  exits 0 export -q
  local name
  name=$(echo dashtray-*.json)
  # sftp speaks to a program instead of a connection with -D.
  printf '#!/bin/sh\nSSH_ORIGINAL_COMMAND=internal-sftp exec %q serve --restricted\n' "$program" >"$work/forced"
  chmod 755 "$work/forced"
  if has sftp; then
    echo "get $name $work/by-sftp" | sftp -q -D "$work/forced" -b - >/dev/null
    same "by sftp" "$(sha "$work/by-sftp")" "$(sha "$name")"
  fi
  need tmux
  term new-session -d -x 90 -y 24 "SSH_ORIGINAL_COMMAND= '$program' serve --restricted; echo \"exit=\$?\"; exec cat"
  sees "verified"
  keys C-z
  keys S
  sees "Refused: as operator you may not see who is connected."
  keys Escape
  sees "→ Exports"
  keys q
  quits 0
  exits 0 serve audit verify
}

# openssh_server starts OpenSSH's own server on loopback, as whoever runs this,
# with a line for an operator and one for a viewer; $port is then set. The
# program is started by those lines alone, through a wrapper that gives it the
# home, the folder and the key of this case.
openssh_server() {
  need sshd ssh ssh-keygen sftp scp jq
  local name sshd
  sshd=$(command -v sshd)
  mkdir -p "$work/keys" "$work/exports" "$work/bin"
  for name in operator viewer stranger host; do
    ssh-keygen -q -t ed25519 -N '' -C "$name@laptop" -f "$work/keys/$name"
  done
  printf '#!/bin/sh\nexport HOME=%q DASHTRAY_API_URL=%q DASHTRAY_API_KEY=%q\ncd %q && exec %q "$@"\n' \
    "$HOME" "$api" "$owner" "$work/exports" "$program" >"$work/bin/dashtray-tui"
  chmod 700 "$work/bin/dashtray-tui"
  {
    echo "command=\"DASHTRAY_ROLE=operator DASHTRAY_NAME=Ada $work/bin/dashtray-tui serve --restricted\",restrict,pty $(cat "$work/keys/operator.pub")"
    echo "command=\"$work/bin/dashtray-tui serve --restricted\",restrict,pty $(cat "$work/keys/viewer.pub")"
  } >"$work/authorized_keys"
  chmod 600 "$work/authorized_keys"
  [ "$(id -u)" != 0 ] || mkdir -p /run/sshd # where it locks up what speaks to strangers
  until
    port=$((20000 + RANDOM % 20000))
    ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null
  do :; done
  cat >"$work/sshd_config" <<END
ListenAddress 127.0.0.1:$port
HostKey $work/keys/host
AuthorizedKeysFile $work/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin forced-commands-only
AcceptEnv LANG LC_*
ExposeAuthInfo yes
Subsystem sftp /usr/lib/openssh/sftp-server
END
  "$sshd" -D -e -f "$work/sshd_config" 2>"$work/sshd.log" </dev/null &
  children+=($!)
  echo "[127.0.0.1]:$port $(cut -d ' ' -f 1,2 "$work/keys/host.pub")" >"$work/known_hosts"
  until_true "sshd" grep -q "Server listening" "$work/sshd.log"
  as operator
  # A locked account is let in by no sshd; one that is not root's may give no
  # terminal, where /dev/pts is mounted without the group of terminals.
  timeout 60 ssh "${options[@]}" -tt -p "$port" 127.0.0.1 history --json >/dev/null 2>&1 </dev/null || true
  ! grep -q "not allowed because" "$work/sshd.log" || skip "sshd does not let this account in"
  ! grep -q "chown(/dev/pts" "$work/sshd.log" || skip "sshd can give this account no terminal: /dev/pts has no group for them"
}

# Nothing of the program's own speaks SSH here: OpenSSH does, and starts it.
case_serve_restricted_behind_opensshs_server() {
  need tmux pgrep
  sandbox --speed 20
  openssh_server
  reaches operator 0 history --json
  same "the document" "$(jq -r .source <<<"$out")" server+local
  reaches operator 4 id
  contains "the refusal" "$err" "no command can be run here"
  reaches operator 4 'history --json; id'
  reaches viewer 2
  contains "without a terminal" "$err" "ssh -t"
  reaches stranger 255
  # Who somebody is, only the line says, as long as AcceptEnv is Debian's.
  as viewer
  DASHTRAY_ROLE=admin timeout 60 ssh "${options[@]}" -o SendEnv='DASHTRAY_*' -p "$port" 127.0.0.1 history --json >"$work/stdout" </dev/null || fail "no history"
  as viewer
  timeout 20 ssh "${options[@]}" -o ExitOnForwardFailure=yes -N -R 0:127.0.0.1:1 -p "$port" 127.0.0.1 </dev/null >/dev/null 2>&1 && fail "a port is listened on"
  timeout 20 ssh "${options[@]}" -W 127.0.0.1:"$port" -p "$port" 127.0.0.1 </dev/null >/dev/null 2>&1 && fail "a connection was forwarded"

  ssh_console operator 100 30
  screen() { term capture-pane -p -t operator; }
  keys() { term send-keys -t operator "$@"; }
  sees "No exports yet"
  keys S
  sees "Refused: as operator you may not see who is connected."
  keys Escape
  sees "→ Exports"
  local step
  keys n
  for step in "Which format?" "Which date range?" "Which data?" "Save it in which folder?" "The same as a shell command:"; do
    sees "$step"
    keys Enter
  done
  sees "whole and verified"
  keys C-z
  term resize-window -t operator -x 40 -y 10
  sees "needs 60x16"
  term resize-window -t operator -x 120 -y 36
  sees "whole and verified"
  local name sum
  name=$(cd "$work/exports" && echo dashtray-*.json)
  sum=$(sha "$work/exports/$name")
  reaches viewer 0 history --json
  same "its state" "$(jq -r '.exports[0].localState' <<<"$out")" verified
  as operator
  sftp -q "${options[@]}" -P "$port" "127.0.0.1:$name" "$work/by-sftp" </dev/null >/dev/null
  same "by sftp" "$(sha "$work/by-sftp")" "$sum"
  scp -q "${options[@]}" -P "$port" "127.0.0.1:$name" "$work/by-scp" </dev/null
  same "by scp" "$(sha "$work/by-scp")" "$sum"
  ! scp -q "${options[@]}" -P "$port" 127.0.0.1:/etc/passwd "$work/stolen" </dev/null 2>/dev/null || fail "got /etc/passwd"
  ! scp -q "${options[@]}" -P "$port" "$work/by-scp" 127.0.0.1:new.json </dev/null 2>/dev/null || fail "a file was put there"
  as viewer
  ! sftp -q "${options[@]}" -P "$port" "127.0.0.1:$name" "$work/stolen" </dev/null >/dev/null 2>&1 || fail "a viewer got the file"
  [ ! -e "$work/stolen" ] || fail "something was stolen"
  keys q
  sees "exit=0"

  # Whose terminal is closed takes his console with him.
  ssh_console viewer 80 24
  screen() { term capture-pane -p -t viewer; }
  sees verified
  pgrep -f "^$program serve --restricted" >/dev/null || fail "nothing runs"
  term kill-session -t viewer
  until_true "the console's end" nothing_restricted

  exits 0 serve audit verify --json
  same "the audit log" "$(field .ok)" true
  local log=$HOME/.local/state/dashtray-tui/serve/audit.jsonl
  for step in console history export job.end sftp file.open file.read; do
    [ -n "$(jq -c --arg a "$step" 'select(.action == $a and .result == "ok" and .name == "Ada" and .role == "operator" and (.from | startswith("127.0.0.1 ")))' "$log")" ] ||
      fail "no $step in the audit log"
  done
  for step in exec sftp; do
    [ -n "$(jq -c --arg a "$step" 'select(.action == $a and .result == "refused")' "$log")" ] || fail "no refused $step in the audit log"
  done
  [ -z "$(jq -c 'select(.role == "admin")' "$log")" ] || fail "the client chose its role"
  same "whose key it was" "$(jq -r 'select(.name == "Ada") | .key' "$log" | sort -u)" \
    "$(ssh-keygen -lf "$work/keys/operator.pub" | cut -d ' ' -f 2)"
  grep -qF "$owner" "$log" && fail "the key is in the log"
  return 0
}

nothing_restricted() { ! pgrep -f "^$program serve --restricted" >/dev/null; }

case_serve_units_are_hardened() {
  need systemd-analyze
  cp "$repo"/assets/unit/dashtray-tui-serve.{service,socket} "$work/"
  sed -i "s|^ExecStart=[^ ]*|ExecStart=$program|" "$work/dashtray-tui-serve.service"
  systemd-analyze verify "$work/dashtray-tui-serve.service" "$work/dashtray-tui-serve.socket" 2>"$work/said" ||
    { grep -vE 'Cannot (add|find)|not.found|Failed to (connect|open)' "$work/said" | grep -F dashtray && fail "$(cat "$work/said")"; }
  local score
  score=$(systemd-analyze security --offline=yes --no-pager "$work/dashtray-tui-serve.service" | tail -n 1)
  echo "$score"
  # The exposure in tenths; newer versions of systemd count other things, too.
  score=$(grep -oE '[0-9]+\.[0-9]' <<<"$score" | tr -d .)
  [ "$((10#$score))" -le 15 ] || fail "exposure $score tenths"
}
