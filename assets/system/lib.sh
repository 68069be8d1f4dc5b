# What the cases share. Sourced by run.sh.
# shellcheck shell=bash

has() { command -v "$1" >/dev/null 2>&1; }

skip() { echo "$*"; exit "$skipped"; }

need() {
  local tool
  for tool in "$@"; do has "$tool" || skip "$tool is not installed"; done
}

fail() {
  echo "failed: $*" >&2
  evidence >&2
  exit 1
}

# evidence: what was said last, and what stands on the screens.
evidence() {
  local file session
  for file in "$work"/{stdout,stderr,*.err,*.log}; do
    [ ! -s "$file" ] || { echo "--- $(basename "$file")"; tail -n 5 "$file"; }
  done
  [ -S "$work/tmux" ] || return 0
  for session in $(term list-sessions -F '#{session_name}' 2>/dev/null); do
    echo "--- screen of $session"
    term capture-pane -p -t "$session" | grep . || true
  done
}

same() { # WHAT GOT WANT
  [ "$2" = "$3" ] || fail "$1: got «$2», want «$3»"
}

contains() { # WHAT TEXT PART
  case $2 in *"$3"*) ;; *) fail "$1 has no «$3»: $2" ;; esac
}

# isolate gives the case a home of its own and takes away whatever of the
# caller's settings could reach the program.
isolate() {
  local name
  for name in $(compgen -e); do
    case $name in
      DASHTRAY_* | XDG_* | *_PROXY | *_proxy | NO_COLOR | CLICOLOR* | ACCESSIBLE | SSL_CERT_* | TMUX* | CREDENTIALS_DIRECTORY) unset "$name" ;;
    esac
  done
  caller=$HOME
  export HOME=$work/home LC_ALL=C.UTF-8 TERM=xterm-256color TZ=UTC
  mkdir -p "$HOME" "$work/out"
  cp "$repo/bin/dashtray-tui" "$work/dashtray-tui" # "nobody" cannot always reach bin/
  program=$work/dashtray-tui
  children=()
  mounts=()
  cd "$work/out"
}

clean_up() {
  local pid dir
  [ ! -S "$work/tmux" ] || tmux -S "$work/tmux" kill-server 2>/dev/null || true
  for pid in "${children[@]:-}"; do
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  done
  for pid in "${children[@]:-}"; do
    [ -z "$pid" ] || wait "$pid" 2>/dev/null || true
  done
  cd /
  for dir in "${mounts[@]:-}"; do
    [ -z "$dir" ] || umount -l "$dir" 2>/dev/null || true
  done
  rm -rf "$work"
}

# until_true tries a command until it succeeds, for up to a minute: a machine may
# be busy. What is waited for has to stay, or it may pass between two tries.
until_true() { # WHAT COMMAND…
  local end=$((SECONDS + patience)) what=$1
  shift
  until "$@"; do
    [ $SECONDS -lt "$end" ] || fail "waited in vain for: $what"
    sleep 0.1
  done
}

# exits runs the program and compares its exit code; standard output is then in
# $out, standard error in $err.
exits() { # CODE ARG…
  local want=$1 code=0
  shift
  timeout -k 5 120 "$program" "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || code=$?
  out=$(cat "$work/stdout")
  err=$(cat "$work/stderr")
  [ "$code" = "$want" ] || fail "exit code of $*: got $code, want $want; it said: $out $err"
}

# no_escape: nothing that a terminal would act on. The files are searched, since
# a shell variable cannot hold every byte.
no_escape() {
  local file
  for file in "$work/stdout" "$work/stderr"; do
    if LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$file"; then
      fail "a control character in the output: $(cat -v "$file")"
    fi
  done
}

# two_sentences: what happened, and what to do.
two_sentences() {
  local lines
  lines=$(grep -c . "$work/stderr" || true)
  [ "$lines" -ge 2 ] || fail "the error is not two sentences: $err"
  contains "the error" "$err" "Error: "
}

field() { jq -r "$1" <<<"$out"; }

# sandbox starts the API with the flags given; $api, $owner, $viewer and $free
# are then set.
sandbox() {
  local first=$work/sandbox.json
  rm -f "$first"
  "$program" sandbox --addr 127.0.0.1:0 --speed 1000 --records 20000 "$@" >"$first" 2>"$work/sandbox.log" </dev/null &
  children+=($!)
  until_true "the sandbox's first line" has_line "$first"
  api=$(head -n 1 "$first" | jq -r .url)
  owner=$(head -n 1 "$first" | jq -r .keys.owner)
  viewer=$(head -n 1 "$first" | jq -r .keys.viewer)
  free=$(head -n 1 "$first" | jq -r .keys.free)
  export DASHTRAY_API_KEY=$owner
}

# with_fault makes one more thing go wrong with the sandbox, no_faults none.
with_fault() { curl -fsS "${api%/api/v1}/_sandbox/faults" -d "$1" >"$work/faults"; }

no_faults() { curl -fsS -X DELETE "${api%/api/v1}/_sandbox/faults" >"$work/faults"; }

has_line() { [ -s "$1" ] && grep -q . "$1"; }

# size of a file, 0 if there is none.
size() { stat -c %s "$1" 2>/dev/null || echo 0; }

sha() { sha256sum "$1" | cut -d ' ' -f 1; }

# part_over: what is here of a file in the folder for certain, by the checkpoint
# beside the part, is more bytes than that.
part_over() { # FOLDER BYTES
  local part sure
  for part in "$1"/*.part; do
    sure=$(head -n 1 "$part.json" 2>/dev/null | jq .frontier 2>/dev/null) || continue
    [ "${sure:-0}" -gt "$2" ] && [ "$(size "$part")" -ge "$sure" ] && return 0
  done
  return 1
}

# no_rest: nothing of an unfinished transfer is left in the folder.
no_rest() {
  local rest
  rest=$(find "$1" -name '*.part*')
  [ -z "$rest" ] || fail "left behind: $rest"
}

# slow_sandbox has a file that takes minutes at 100 K a second: whatever is done
# to such a transfer is done before its end.
slow_sandbox() { sandbox --records 50000 "$@"; }

slowly=(--limit-rate 100K)

# in_transfer starts the program and waits until it has received some of the
# file; it is the one with the process id $pid then.
in_transfer() { # FOLDER BYTES ARG…
  local folder=$1 bytes=$2
  shift 2
  "$program" "$@" >"$work/stdout" 2>"$work/stderr" </dev/null &
  pid=$!
  children+=("$pid")
  until_true "$bytes bytes of the file" part_or_end "$folder" "$bytes" "$pid"
  kill -0 "$pid" 2>/dev/null || fail "it has ended: $(cat "$work/stdout" "$work/stderr")"
}

# kill_in_transfer kills it with the signal that nobody can catch.
kill_in_transfer() { # FOLDER BYTES ARG…
  local pid
  in_transfer "$@" "${slowly[@]}"
  kill -9 "$pid"
  wait "$pid" 2>/dev/null || true
  part_over "$1" "$2" || fail "the part is gone"
}

part_or_end() { part_over "$1" "$2" || ! kill -0 "$3" 2>/dev/null; }

# whole: the file is what the program's answer in $out says it is.
whole() {
  local file
  file=$(field .file)
  case $file in /*) ;; *) fail "not an absolute path: $file" ;; esac
  same "sha256" "$(sha "$file")" "$(field .sha256)"
  same "bytes" "$(size "$file")" "$(field .bytes)"
  same "mode" "$(stat -c %a "$file")" 600
  counts_agree "$file" "$(field '.records | [.metrics, .connections, .dashboards, .widgets, .auditLogs] | map(tostring) | join(" ")')"
}

# counts_agree compares what jq counts in a JSON export with five numbers.
counts_agree() { # FILE "METRICS CONNECTIONS DASHBOARDS WIDGETS LOGS"
  same "records by jq" "$(jq -r '[(.metrics | length), (.connections | length), (.dashboards | length),
    ([.dashboards[].widgets[]] | length), (.auditLogs | length)] | map(tostring) | join(" ")' "$1")" "$2"
}

python_with_pandas() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import pandas' 2>/dev/null; then
      echo "$python"
      return 0
    fi
  done
  return 1
}
