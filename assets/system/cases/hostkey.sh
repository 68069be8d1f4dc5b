# The server's key is replaced, and OpenSSH's own client does not ask.
# shellcheck shell=bash

knows() { grep -qF "$1" "$work/known_hosts"; }

forgot() { ! knows "$1"; }

case_serve_host_key_is_replaced_unnoticed() {
  bastion
  local old next learns=(-o UpdateHostKeys=yes)
  exits 0 serve host-key show --host-key "$work/host" --json
  old=$(field '.keys[0].publicKey')
  same "SSHFP as ssh-keygen has it" "$(field '.keys[0].sshfp')" "$(ssh-keygen -r x -f "$work/host.pub" | sed -n 's/^x IN SSHFP \(4 2 .*\)$/\1/p')"
  exits 2 serve host-key rotate --now --host-key "$work/host"
  cp "$work/known_hosts" "$work/known_hosts.before"

  # Who logs in now notes the next key down beside the present one.
  exits 0 serve host-key rotate --host-key "$work/host" --json
  next=$(field '.keys[1].publicKey')
  same "mode of the next key" "$(stat -c %a "$work/host.next")" 600
  ssh_console viewer 90 24 "${learns[@]}"
  screen() { term capture-pane -p -t viewer; }
  keys() { term send-keys -t viewer "$@"; }
  sees "No exports yet"
  until_true "the next key among those that the client knows" knows "$next"
  knows "$old" || fail "the key of the server is forgotten: $(cat "$work/known_hosts")"
  local log=$HOME/.local/state/dashtray-tui/serve/audit.jsonl
  same "who has learned it" "$(jq -r 'select(.action == "host-key.proved") | .name' "$log")" viewer

  # The switch: without a restart, without a question, with the console open.
  exits 0 serve host-key rotate --now --host-key "$work/host" --json
  same "the key" "$(field '.keys[0].publicKey')" "$next"
  ssh_console operator 90 24 "${learns[@]}"
  screen() { term capture-pane -p -t operator; }
  sees "No exports yet"
  until_true "the old key forgotten" forgot "$old"
  knows "$next" || fail "the key of the server is forgotten, too: $(cat "$work/known_hosts")"
  reaches admin 0 history --json
  screen() { term capture-pane -p -t viewer; }
  keys '?'
  sees "Help"

  # Who was never there is warned, as it should be.
  cp "$work/known_hosts.before" "$work/known_hosts"
  reaches admin 255 history --json
  contains "the client" "$err" "REMOTE HOST IDENTIFICATION HAS CHANGED"
  exits 0 serve audit verify
}
