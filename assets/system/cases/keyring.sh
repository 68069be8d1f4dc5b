# Keys in the system's keyring: a real GNOME Keyring on a real bus, and the ways
# in which a keyring is broken. Nobody is there to answer a window in any of
# these, so that each question has to end within seconds.
# shellcheck shell=bash

# bus starts a session bus of its own. What it can start is in the folders given.
bus() { # [SERVICE-FOLDER…]
  local folder folders=""
  for folder in "$@"; do folders+="<servicedir>$folder</servicedir>"; done
  cat >"$work/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type><listen>unix:path=$work/bus</listen><auth>EXTERNAL</auth>$folders
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
END
  dbus-daemon --config-file="$work/bus.conf" --nofork >"$work/bus.log" 2>&1 &
  children+=($!)
  until_true "the session bus" test -S "$work/bus"
  export DBUS_SESSION_BUS_ADDRESS=unix:path=$work/bus
}

# gnome_keyring runs until the case ends. With a password it is unlocked, and
# makes its login keyring if there is none yet.
gnome_keyring() { # [PASSWORD]
  local unlock=()
  [ $# = 0 ] || unlock=(--unlock)
  # The password goes in without a line's end, which would be a part of it.
  gnome-keyring-daemon --foreground --components=secrets "${unlock[@]}" \
    < <(printf %s "${1:-}") >"$work/keyring.log" 2>&1 &
  ring=$!
  children+=("$ring")
  gdbus wait --session --timeout "$patience" org.freedesktop.secrets || fail "no keyring: $(cat "$work/keyring.log")"
}

# broken_provider is a keyring that answers, and is of no use.
broken_provider() { # prompt|silent
  need go
  (cd "$repo" && HOME=$caller GOFLAGS=-buildvcs=false go build -o "$work/provider" ./config/secret/internal/keyringtest)
  : >"$work/calls"
  "$work/provider" "$1" "$work/calls" >"$work/provider.log" 2>&1 &
  children+=($!)
  gdbus wait --session --timeout "$patience" org.freedesktop.secrets || fail "no provider: $(cat "$work/provider.log")"
}

# nobody_there leaves no desktop in the environment, and no bus.
nobody_there() {
  unset DBUS_SESSION_BUS_ADDRESS DBUS_SESSION_BUS_PID DBUS_STARTER_ADDRESS DISPLAY WAYLAND_DISPLAY GNOME_KEYRING_CONTROL
  # The library looks there by itself, whatever the variables say.
  [ ! -e "/run/user/$(id -u)/bus" ] || skip "this user has a session bus, which would be asked"
}

# processes of this case, known by its home, whatever they are called: nothing
# that is asked of a keyring may leave one behind. Others on this machine count
# for nothing.
processes() {
  local file
  { grep -lzxF "HOME=$HOME" /proc/[0-9]*/environ 2>/dev/null || true; } | while read -r file; do
    echo "$(cat "${file%environ}comm") $file"
  done
}

# in_time runs the program with a key on its standard input. Twenty seconds are
# three for the keyring, and the rest for a slow machine; whoever waits for a bus
# or a window waits longer.
in_time() { # ARG…
  code=0
  printf '%s\n' "$key" | timeout -k 1 20 "$program" "$@" >"$work/stdout" 2>"$work/stderr" || code=$?
  out=$(cat "$work/stdout")
  err=$(cat "$work/stderr")
  case $code in 124 | 137) fail "$* was still there after twenty seconds: $out $err" ;; esac
  no_escape
  if grep -q "$key" "$work/stdout" "$work/stderr"; then fail "the key stands in the output of $1 $2"; fi
}

status() { # true|false ARG…: whether there is a key
  local found=$1 want=0
  shift
  [ "$found" = true ] || want=3
  in_time auth status --json --api-url "$api" "$@"
  same "exit code of auth status" "$code" "$want"
  same "a key is found" "$(field .keyFound)" "$found"
}

# unusable: the keyring is of no use for this reason, everybody is told so, in
# time, nothing is stored anywhere, and nothing is left running.
unusable() { # STATE SENTENCE
  local before
  unset DASHTRAY_API_KEY
  before=$(processes)
  status false
  same "the keyring's state" "$(field .keyring.state)" "$1"
  contains "the keyring's message" "$(field .keyring.message)" "$2"

  in_time auth login --store keyring --api-url "$api"
  [ "$code" != 0 ] || fail "it says that the key is stored: $out"
  two_sentences
  contains "what login says" "$err" "$2"
  contains "what login says" "$err" "--store file"

  in_time auth login --api-url "$api"
  [ "$code" != 0 ] || fail "it has stored the key without being told where: $out"
  contains "the choices" "$err" "--store file"
  status false

  in_time export --json --api-url "$api"
  same "exit code of export" "$code" 3
  same "error code" "$(field .error.code)" no_key
  contains "why there is no key" "$(field '.error.message + " " + .error.hint')" "$2"

  [ -z "$(find "$HOME" -path '*dashtray*' -name '*@*')" ] || fail "something was stored: $(find "$HOME" -name '*@*')"
  same "processes" "$(processes)" "$before"
}

keyring_case() { # what all of these need
  need jq pgrep dbus-daemon gdbus
  nobody_there
  sandbox
  key=$owner
}

case_keyring_gnome() {
  local user before
  need gnome-keyring-daemon secret-tool
  keyring_case
  bus /usr/share/dbus-1/services
  gnome_keyring ci-pass
  unset DASHTRAY_API_KEY
  user=default@${api#http://}
  user=${user%/api/v1}
  before=$(processes)

  status false
  same "the keyring's state" "$(field .keyring.state)" ready
  in_time auth login --store keyring --api-url "$api"
  same "exit code of auth login" "$code" 0
  same "lines on both streams" "$(cat "$work/stdout" "$work/stderr" | grep -c .)" 1
  [ "$(secret-tool lookup service dashtray-tui username "$user")" = "$key" ] || fail "the keyring has no such key for $user"
  status true
  same "the place" "$(field .place)" "the keyring"
  exits 0 export --api-url "$api" -q
  # Another profile and another origin have no key by this.
  status false --profile other
  status false --api-url http://127.0.0.1:1

  # The other way round: what another program has stored is found.
  printf '%s\n' "$key" | secret-tool store --label=ours service dashtray-tui username "other${user#default}"
  status true --profile other
  in_time auth logout --profile other --api-url "$api"
  same "exit code of auth logout" "$code" 0
  [ -z "$(secret-tool lookup service dashtray-tui username "other${user#default}")" ] || fail "the key is still there"
  status false --profile other
  status true
  in_time auth logout --api-url "$api"
  same "exit code of auth logout" "$code" 0
  [ -z "$(secret-tool lookup service dashtray-tui username "$user")" ] || fail "the key is still there"
  same "processes" "$(processes)" "$before"
}

# The key is there, and its keyring is closed: what a service without a desktop finds.
case_keyring_locked() {
  need gnome-keyring-daemon secret-tool
  keyring_case
  bus /usr/share/dbus-1/services
  gnome_keyring ci-pass
  in_time auth login --store keyring --api-url "$api"
  same "exit code of auth login" "$code" 0
  kill "$ring"
  wait "$ring" 2>/dev/null || true
  gnome_keyring
  unusable locked "keyring is locked"
}

case_keyring_without_a_collection() {
  need gnome-keyring-daemon
  keyring_case
  bus
  gnome_keyring
  unusable no_collection "no collection"
}

case_keyring_no_bus() {
  keyring_case
  unusable no_bus "no session bus"
  export DBUS_SESSION_BUS_ADDRESS=unix:path=$work/nowhere
  unusable no_bus "no session bus"
  export DBUS_SESSION_BUS_ADDRESS=disabled:
  unusable no_bus "no session bus"
}

# A key goes over the bus as it is: to no other machine, to no program that the
# address would have started, and to nobody who has taken the name of a socket
# whose bus is gone.
case_keyring_bus_of_somebody_else() {
  need setpriv
  [ "$(id -u)" = 0 ] || skip "it takes root to be somebody else"
  keyring_case
  printf '#!/bin/sh\n: >%s\n' "$work/started" >"$work/start-me"
  chmod 755 "$work/start-me"
  export DBUS_SESSION_BUS_ADDRESS=unixexec:path=$work/start-me
  unusable no_bus "not a socket of this machine"
  [ ! -e "$work/started" ] || fail "a program was started"
  export DBUS_SESSION_BUS_ADDRESS=tcp:host=127.0.0.1,port=${api##*:}
  DBUS_SESSION_BUS_ADDRESS=${DBUS_SESSION_BUS_ADDRESS%%/*}
  unusable no_bus "not a socket of this machine"

  mkdir -m 777 "$work/shared"
  cat >"$work/theirs.conf" <<END
<busconfig>
  <type>session</type><listen>unix:path=$work/shared/bus</listen><auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow own="*"/><allow user="*"/></policy>
</busconfig>
END
  chmod 644 "$work/theirs.conf"
  setpriv --reuid=nobody --clear-groups dbus-daemon --config-file="$work/theirs.conf" --nofork >"$work/theirs.log" 2>&1 &
  children+=($!)
  until_true "the other bus" test -S "$work/shared/bus"
  export DBUS_SESSION_BUS_ADDRESS=unix:path=$work/shared/bus
  unusable no_bus "belongs to another user"
}

# dbus-launch would start a bus, and the bus a keyring; both would stay.
case_keyring_no_bus_and_dbus_launch() {
  need dbus-launch
  keyring_case
  unusable no_bus "no session bus"
  export DBUS_SESSION_BUS_ADDRESS=autolaunch:
  unusable no_bus "no session bus"
}

case_keyring_no_provider() {
  keyring_case
  bus
  unusable no_provider "no program that offers one is installed"
}

case_keyring_provider_that_never_starts() {
  keyring_case
  mkdir "$work/services"
  printf '#!/bin/sh\nexec sleep 600\n' >"$work/never-starts"
  chmod 755 "$work/never-starts"
  printf '[D-BUS Service]\nName=org.freedesktop.secrets\nExec=%s\n' "$work/never-starts" >"$work/services/org.freedesktop.secrets.service"
  bus "$work/services"
  unusable not_running "does not run"
  [ -z "$(pgrep -P "${children[-1]}")" ] || fail "the bus was made to start a program"
}

case_keyring_prompt_that_nobody_answers() {
  keyring_case
  bus
  broken_provider prompt
  unusable locked "keyring is locked"
  if grep -qx Prompt "$work/calls"; then fail "a window was asked for"; fi
  grep -qx Dismiss "$work/calls" || fail "the prompt was left behind: $(cat "$work/calls")"
}

case_keyring_that_never_answers() {
  keyring_case
  bus
  broken_provider silent
  unusable timed_out "gave no answer"
}

# The file is the way out that a person may choose, and it is guarded.
case_keyring_none_and_a_file() {
  local file
  keyring_case
  unset DASHTRAY_API_KEY
  in_time auth login --store file --api-url "$api"
  same "exit code of auth login" "$code" 0
  file=$(find "$HOME" -name 'default@*')
  same "mode of the file" "$(stat -c %a "$file")" 600
  same "mode of its folder" "$(stat -c %a "$(dirname "$file")")" 700
  status true
  contains "the place" "$(field .place)" "$file"
  exits 0 export --api-url "$api" -q

  printf '\xef\xbb\xbf%s\r\n' "$key" >"$file"
  status true
  chmod 644 "$file"
  in_time export --json --api-url "$api"
  same "exit code of export" "$code" 3
  same "error code" "$(field .error.code)" no_key
  contains "what is to be done" "$(field '.error.message + " " + .error.hint')" "chmod 600"
  chmod 600 "$file"
  chmod 770 "$(dirname "$file")"
  in_time export --json --api-url "$api"
  same "exit code of export" "$code" 3
  contains "what is to be done" "$(field '.error.message + " " + .error.hint')" "chmod 700"
  chmod 700 "$(dirname "$file")"
  mv "$file" "$work/elsewhere"
  ln -s "$work/elsewhere" "$file"
  in_time export --json --api-url "$api"
  same "exit code of export" "$code" 3
  contains "what is wrong" "$(field .error.message)" "symbolic link"
  rm "$file"
  mkfifo -m 600 "$file"
  in_time export --json --api-url "$api"
  same "exit code of export" "$code" 3
  rm "$file"
  mv "$work/elsewhere" "$file"
  in_time auth logout --api-url "$api"
  same "exit code of auth logout" "$code" 0
  [ ! -e "$file" ] || fail "the file is still there"
  status false
}
