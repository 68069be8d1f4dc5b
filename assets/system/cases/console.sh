# The console in a real terminal, driven by keys alone.
# shellcheck shell=bash

term() { tmux -S "$work/tmux" -f /dev/null "$@"; }

# console opens it in a terminal of WIDTH HEIGHT. When it ends, its exit code
# stands on the screen.
console() {
  need tmux
  term new-session -d -x "$1" -y "$2" "'$program' --demo; echo \"exit=\$?\"; exec cat"
}

keys() { term send-keys "$@"; }

screen() { term capture-pane -p; }

on_screen() { # TEXT…: one of them
  local text patterns=()
  for text in "$@"; do patterns+=(-e "$text"); done
  screen | grep -qF "${patterns[@]}"
}

gone() { ! on_screen "$1"; }

sees() { until_true "«$*» on the screen" on_screen "$@"; }

# falls_silent: the program writes nothing to the terminal for three seconds on
# end. The last of what it draws may come after what was looked for.
falls_silent() {
  local try bytes
  for try in 1 2 3 4 5; do
    rm -f "$work/written"
    term pipe-pane "cat >'$work/written'"
    sleep 3
    term pipe-pane
    until_true "the end of the listening" test -e "$work/written"
    bytes=$(size "$work/written")
    [ "$bytes" != 0 ] || return 0
  done
  fail "$bytes bytes written while idle (try $try)"
}

quits() { # EXIT-CODE
  sees "exit=$1"
  same "alternate screen" "$(term display-message -p '#{alternate_on}')" 0
  same "cursor" "$(term display-message -p '#{cursor_flag}')" 1
}

case_console_from_the_form_to_the_verified_file() {
  need jq
  console 80 24
  sees "No exports yet"
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
  sees "dashtray-tui --demo export"
  keys Enter
  sees "Collecting"
  sees "Receiving" "whole and verified" # a fast one is over between two looks
  sees "whole and verified"
  local files=(dashtray-*.json) sum
  same "files" "${#files[@]}" 1
  no_rest .
  exits 0 verify "${files[0]}" --json
  same "ok" "$(field .ok)" true
  sum=$(field .sha256)
  sees "$sum"
  falls_silent
  keys Enter
  sees "Exports"
  sees "verified"
  falls_silent
  keys q
  quits 0
}

case_console_help_and_back() {
  console 80 24
  sees "No exports yet"
  keys '?'
  sees "quit at once, parts are kept"
  keys Escape
  until_true "the help to close" gone "quit at once, parts are kept"
  keys n
  sees "Which format?"
  keys Escape
  until_true "the form to close" gone "Which format?"
  keys q
  quits 0
}

case_console_too_small() {
  console 20 5
  until_true "a line on the size" has_words
  same "lines" "$(screen | grep -c .)" 1
  term resize-window -x 80 -y 24
  sees "No exports yet"
  keys q
  quits 0
}

has_words() { screen | grep -q '[[:alpha:]]\{3\}'; }

case_console_ends_by_sigterm_and_leaves_the_terminal_whole() {
  console 80 24
  sees "No exports yet"
  need pgrep
  kill -TERM "$(pgrep -P "$(term display-message -p '#{pane_pid}')")"
  quits 143
}

case_console_without_a_terminal() {
  exits 2
  same "lines" "$(grep -c . "$work/stderr")" 1
  contains "the line" "$err" "dashtray-tui export"
  exits 2 --demo
}
