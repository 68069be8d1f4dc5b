#!/usr/bin/env bash
# The program with real tools around it: tmux, nginx, curl, jq, pandas.
#
#   run.sh [WORD]        the cases whose name has WORD in it, or all
#   run.sh --case NAME   one case, in this process (run.sh calls itself so)
#   run.sh --install     only get the tools, those of the benchmarks too
#
# A case is a function case_NAME in cases/*.sh. It has a folder of its own, in
# which everything happens, and a time limit; it passes when it returns,
# and is skipped, by name, when it calls skip. All traffic stays on loopback.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
skipped=77
PATH=$PATH:/usr/sbin:/sbin # nginx and mount live there, and not on everybody's path
limit=${CASE_LIMIT:-300} # seconds a case
patience=60 # seconds for whatever a case waits for

# shellcheck source=lib.sh
source "$here/lib.sh"
for file in "$here"/cases/*.sh; do
  # shellcheck source=/dev/null
  source "$file"
done

one_case() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/dashtray-system.XXXXXX")
  chmod 711 "$work" # nginx's workers and "nobody" go through it
  trap clean_up EXIT
  trap 'exit 143' TERM INT
  isolate
  "case_$1"
}

# install gets what is missing, where that is possible at all. What stays
# missing is named by the cases that need it.
install() {
  local missing=("$@")
  has tmux || missing+=(tmux)
  has nginx || missing+=(nginx-light)
  has curl || missing+=(curl)
  has jq || missing+=(jq)
  has openssl || missing+=(openssl)
  has setpriv || missing+=(util-linux)
  has pgrep || missing+=(procps)
  has gnome-keyring-daemon || missing+=(gnome-keyring)
  has dbus-daemon || missing+=(dbus)
  has dbus-launch || missing+=(dbus-x11)
  has secret-tool || missing+=(libsecret-tools)
  has systemd-analyze || missing+=(systemd)
  has age || missing+=(age)
  has ssh || missing+=(openssh-client)
  has sshd || missing+=(openssh-server)
  has gdbus || missing+=(libglib2.0-bin)
  python_with_pandas >/dev/null || missing+=(python3-pandas)
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! has apt-get; then
    echo "missing, and not installed (that takes root and apt-get): ${missing[*]}"
    return 0
  fi
  echo "installing: ${missing[*]}"
  # A package's service must not start: policy-rc.d is Debian's way to say so.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
  fi
  local apt=(timeout 300 env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
  local log
  log=$(mktemp)
  { "${apt[@]}" update; "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null ||
    { tail -n 5 "$log"; echo "not installed: ${missing[*]}"; }
  rm -f "$log"
}

all_cases() {
  local word=${1:-} name passed=0 failed=0 left=0 log code start
  install
  log=$(mktemp)
  for name in $(declare -F | sed -n 's/^declare -f case_//p'); do
    case $name in *"$word"*) ;; *) continue ;; esac
    start=$SECONDS
    code=0
    timeout -k 20 "$limit" bash "$here/run.sh" --case "$name" >"$log" 2>&1 </dev/null || code=$?
    case $code in
      0) passed=$((passed + 1)); echo "PASS  $name ($((SECONDS - start)) s)" ;;
      "$skipped") left=$((left + 1)); echo "SKIP  $name: $(tail -n 1 "$log")" ;;
      *)
        failed=$((failed + 1))
        [ "$code" != 124 ] || echo "not done after $limit s" >>"$log"
        echo "FAIL  $name ($((SECONDS - start)) s)"
        sed 's/^/      /' "$log" | tail -n 60
        ;;
    esac
  done
  rm -f "$log"
  echo "$passed passed, $failed failed, $left skipped"
  [ "$failed" = 0 ] && [ $((passed + left)) -gt 0 ]
}

case ${1:-} in
  --case) one_case "$2" ;;
  --install)
    more=()
    has aria2c || more+=(aria2)
    has python3 || more+=(python3)
    install "${more[@]}"
    ;;
  *) all_cases "${1:-}" ;;
esac
