# What this machine remembers, with a real server that goes away, processes that
# are killed or work side by side, and a state folder that refuses.
# shellcheck shell=bash

# a_list runs history as a script does.
a_list() { # EXIT SOURCE ARG…
  local code=$1 source=$2
  shift 2
  exits "$code" history --json --api-url "$api" "$@"
  no_escape
  [ "$code" != 0 ] || same "source" "$(field .source)" "$source"
}

# local_state of the newest export.
local_state() { field '.exports[0].localState'; }

# no_secret: neither a key nor a signed link stands in what is kept or was said.
no_secret() {
  local word
  for word in "$owner" "$viewer" "$free" 'sig='; do
    if grep -rqaF -- "$word" "$HOME/.local" "$work/stdout" "$work/stderr"; then fail "a secret stands in the state folder or the output"; fi
  done
}

# end_sandbox stops the server, which is the first that the case started.
end_sandbox() {
  kill "${children[0]}"
  wait "${children[0]}" 2>/dev/null || true
  children=("${children[@]:1}")
}

case_history_with_and_without_a_server() {
  need jq curl
  sandbox
  a_list 0 server+local
  same "exports" "$(field '.exports | length')" 0
  exits 0 export --api-url "$api" --json -o first.json
  exits 0 export --api-url "$api" --range last_7_days --format csv -o "$work/out/"
  a_list 0 server+local
  same "states" "$(field '[.exports[].localState] | join(" ")')" "verified verified"
  same "newest first" "$(field '[.exports[].format] | join(" ")')" "csv json"
  same "the times are sorted" "$(field '[.exports[].createdAt] == ([.exports[].createdAt] | sort | reverse)')" true
  a_list 0 server+local --limit 1
  same "one of them" "$(field '[.exports[].format] | join(" ")')" csv

  with_fault no-list
  a_list 0 local
  same "exports" "$(field '.exports | length')" 2
  contains "the warning" "$err" "no list of exports"
  no_faults

  DASHTRAY_API_KEY=dk_wrong_key_of_nobody a_list 3 -
  same "error code" "$(field .error.code)" unauthorized
  DASHTRAY_API_KEY=$viewer a_list 4 -
  same "error code" "$(field .error.code)" forbidden_role
  DASHTRAY_API_KEY='' a_list 0 local
  same "exports" "$(field '.exports | length')" 2
  contains "the warning" "$err" "no API key"

  echo x >>first.json
  rm ./*.csv
  a_list 0 server+local
  same "states" "$(field '[.exports[].localState] | join(" ")')" "missing invalid"

  end_sandbox
  a_list 0 local
  same "exports without a server" "$(field '.exports | length')" 2
  contains "the warning" "$err" "no answer"
  no_secret
}

# A process that is killed leaves a part; another start finds it, and goes on.
case_history_of_a_killed_run() {
  need jq
  local id
  slow_sandbox
  kill_in_transfer . 300000 export --range all_time --api-url "$api"
  a_list 0 server+local
  same "state" "$(local_state)" partial
  id=$(field '.exports[0].exportJobId')
  exits 0 history --api-url "$api"
  contains "the table" "$out" "part "
  exits 0 download "$id" --api-url "$api" --json
  [ "$(field .resumedFrom)" -gt 300000 ] || fail "it began anew: $out"
  whole
  a_list 0 server+local
  same "state" "$(local_state)" verified
  same "exports" "$(field '.exports | length')" 1
  exits 0 download "$id" --api-url "$api" --json
  same "tries of a file that is here" "$(field .attempts)" 0
  [ -z "$(find "$HOME/.local/state" -name '*.json')" ] || fail "the journal keeps a run that is over"
  no_secret
}

# Several processes write at once: none fails, and none's export is lost.
case_history_of_processes_side_by_side() {
  need jq
  local n pid pids=()
  sandbox
  exits 0 export --api-url "$api" --detach
  for n in 1 2 3 4 5 6; do
    "$program" export --api-url "$api" --detach --range "2026-0$n" >"$work/$n.out" 2>"$work/$n.err" </dev/null &
    pids+=($!)
    "$program" history --api-url "$api" --json >"$work/$n.list" 2>>"$work/$n.err" </dev/null &
    pids+=($!)
  done
  children+=("${pids[@]}")
  for pid in "${pids[@]}"; do
    wait "$pid" || fail "one of them ended with $?: $(cat "$work"/*.err)"
  done
  if grep -i 'warning' "$work"/*.err; then fail "one of them could not remember"; fi
  end_sandbox
  a_list 0 local
  same "exports remembered" "$(field '.exports | length')" 7
}

# The state folder refuses: one warning, and the export is made.
case_history_that_cannot_be_written() {
  need jq setpriv
  local state=$HOME/.local/state/dashtray-tui
  [ "$(id -u)" = 0 ] || skip "it takes root to become somebody else"
  sandbox
  mkdir -p "$state" "$HOME/exports"
  chown -R nobody "$HOME"
  printf '#!/bin/sh\nexec setpriv --reuid=nobody --clear-groups %s "$@"\n' "$program" >"$work/as-nobody"
  chmod 755 "$work/as-nobody"
  program=$work/as-nobody
  exits 0 export --api-url "$api" --detach
  a_list 0 server+local
  same "warnings" "$err" ""

  chmod 400 "$state/history.db"
  exits 0 export --api-url "$api" --json -o "$HOME/exports/"
  contains "the warning" "$err" "the history cannot be written"
  a_list 0 server+local
  same "state" "$(local_state)" verified
  contains "the warning" "$err" "Warning: the history could not be brought up to date"
  # SQLite has made files beside it that are read-only, too: that is not for
  # anybody to know who gives the database back its mode.
  chmod 600 "$state/history.db"
  a_list 0 server+local
  same "warnings once it can be written" "$err" ""
  same "state" "$(local_state)" verified

  chmod 500 "$state"
  a_list 0 server+local
  contains "the warning of a read-only folder" "$err" "the history cannot be opened"
  chmod 500 "$state/runs"
  exits 0 export --api-url "$api" --json -o "$HOME/exports/"
  same "warnings that no run is remembered" "$(grep -c 'this run cannot be remembered' <<<"$err")" 1
  chmod 700 "$state" "$state/runs"

  rm -rf "$state"
  touch "$state"
  exits 0 export --api-url "$api" --json -o "$HOME/exports/"
  contains "the warning" "$err" "history cannot be opened"
  a_list 0 server+local
  same "exports" "$(field '.exports | length')" 4
}

# No room for the history: the export is made all the same, and once there is
# room again nothing has to be mended.
case_history_on_a_full_disk() {
  need jq mount
  [ "$(id -u)" = 0 ] || skip "it takes root to make a small disk"
  sandbox
  exits 0 export --api-url "$api" -q -o first.json
  mkdir "$work/small"
  mounts+=("$work/small")
  mount -t tmpfs -o size=192k tmpfs "$work/small" 2>"$work/mount" || skip "no small disk can be made here: $(cat "$work/mount")"
  cp -a "$HOME/.local/state/." "$work/small/"
  export XDG_STATE_HOME=$work/small
  a_list 0 server+local
  same "state" "$(local_state)" verified

  head -c 300k /dev/zero >"$work/small/filler" 2>"$work/filler" || true
  exits 0 export --api-url "$api" --json -o second.json
  contains "the warnings" "$err" "cannot be remembered"
  contains "the warnings" "$err" "disk is full"
  whole
  a_list 0 server+local
  same "exports" "$(field '.exports | length')" 2

  rm "$work/small/filler"
  exits 0 export --api-url "$api" -q -o third.json
  a_list 0 server+local
  same "warnings once there is room" "$err" ""
  same "states" "$(field '[.exports[].localState] | join(" ")')" "verified none verified"
}

# Damage is told each time, and what is damaged stays where it is.
case_history_that_is_damaged() {
  need jq cmp
  local state=$HOME/.local/state/dashtray-tui broken
  sandbox
  exits 0 export --api-url "$api" -q -o first.json
  for broken in random cut newer; do
    cp "$state/history.db" "$work/good"
    case $broken in
      random) head -c 50000 /dev/urandom >"$state/history.db" ;;
      cut) head -c 5000 "$work/good" >"$state/history.db" ;;
      # The format's number is at byte 60 of the header.
      newer) printf '\377' | dd of="$state/history.db" bs=1 seek=63 conv=notrunc status=none ;;
    esac
    cp "$state/history.db" "$work/broken"
    a_list 0 server+local
    contains "the warning" "$err" "there is no history"
    contains "the warning" "$err" "history.db"
    exits 0 export --api-url "$api" -q -o "$broken.json"
    cmp "$state/history.db" "$work/broken" || fail "the file was changed"
    same "files beside it" "$(find "$state" -name 'history*' | wc -l)" 1
    cp "$work/good" "$state/history.db"
  done
  a_list 0 server+local
  same "warnings" "$err" ""
}

# A login, the profiles, and the way of a key: to its own server and to no other.
case_auth_and_profiles() {
  need jq
  local first firstkey
  sandbox
  first=$api firstkey=$owner
  unset DASHTRAY_API_KEY
  sandbox
  unset DASHTRAY_API_KEY
  exits 0 profile add work --api-url "$first"
  exits 0 profile add other --api-url "$api"
  printf 'Bearer %s\r\n' "$firstkey" >"$work/key"
  "$program" auth login --store file --profile work <"$work/key" >"$work/stdout" 2>"$work/stderr" || fail "login: $(cat "$work/stderr")"
  exits 0 auth status --profile work --json
  same "accepted" "$(field .accepted)" true
  exits 0 export --profile work -q -o work.json
  exits 3 export --profile other --json
  same "error code" "$(field .error.code)" no_key
  exits 3 export --profile work --api-url "$api"
  exits 3 export --profile work --api-url http://127.0.0.1:1
  exits 0 profile use work
  exits 0 history --json
  same "exports" "$(field '.exports | length')" 1
  exits 2 profile remove nobody
  two_sentences
  exits 0 profile remove work
  [ -z "$(find "$HOME/.config" -name 'work@*')" ] || fail "its key is still there"
  exits 0 profile list --json
  same "profiles" "$(field '[.profiles[].name] | join(" ")')" "default other"
  if grep -rqF "$firstkey" "$HOME" "$work/stdout" "$work/stderr"; then fail "a key is left behind"; fi
}

# A key is kept in one place: a new one in the file is not hidden by an old one
# in the keyring, and the other way round none lives on unseen.
case_auth_moves_between_stores() {
  need gnome-keyring-daemon secret-tool
  keyring_case
  bus /usr/share/dbus-1/services
  gnome_keyring ci-pass
  unset DASHTRAY_API_KEY
  local user=default@${api#http://}
  user=${user%/api/v1}
  in_time auth login --api-url "$api"
  same "exit code of the login" "$code" 0
  [ "$(secret-tool lookup service dashtray-tui username "$user")" = "$key" ] || fail "the keyring has no key"

  in_time auth login --api-url "$api" --store file
  same "exit code of the second login" "$code" 0
  [ -z "$(secret-tool lookup service dashtray-tui username "$user")" ] || fail "the keyring still has the old key, and would be asked first"
  status true
  contains "the place" "$(field .place)" "keys/default@"

  in_time auth login --api-url "$api"
  same "exit code of the third login" "$code" 0
  [ -z "$(find "$HOME" -name 'default@*')" ] || fail "the old key lives on in a file"
  status true
  same "the place" "$(field .place)" "the keyring"
}
