# Schedules: what is written is read by systemd's own parser, by a shell, and
# by nothing that is really installed on this machine.
# shellcheck shell=bash

# no_services puts a systemd and a cron of our own before the real ones. It says
# that it is as old as the real one, if there is one.
no_services() {
  local version
  version=$(systemctl --version 2>/dev/null | awk 'NR == 1 { print $2 }' || true)
  mkdir -p "$work/fake"
  printf '#!/bin/sh\ncase "$*" in *--property=Version*) echo %s ;; esac\n' "${version:-252}" >"$work/fake/systemctl"
  printf '#!/bin/sh\necho Linger=yes\n' >"$work/fake/loginctl"
  printf '#!/bin/sh\nexit 1\n' >"$work/fake/crontab"
  chmod 755 "$work/fake"/*
  PATH=$work/fake:$PATH
  printf 'dk_of_the_night\n' >"$work/night key"
  chmod 600 "$work/night key"
  export DASHTRAY_API_KEY_FILE="$work/night key"
  units=$HOME/.config/systemd/user
}

# verified: systemd's parser has nothing to say about the units.
verified() { # UNIT…
  local said code=0
  mkdir -p "$work/runtime"
  said=$(XDG_RUNTIME_DIR=$work/runtime systemd-analyze --user --man=no verify "$@" 2>&1) || code=$?
  same "what systemd-analyze verify says" "$code $said" "0 "
}

case_schedule_units_are_accepted() {
  need jq systemd-analyze
  no_services
  local every service
  for every in daily weekly monthly; do
    exits 0 schedule install --every "$every" --at 04:30 --range last_month --keep-daily 7 --json
    same "the system" "$(field .system)" systemd
    verified "$units/dashtray-backup-default.service" "$units/dashtray-backup-default.timer"
    systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$units/dashtray-backup-default.timer")" >"$work/calendar"
    # systemd and we agree on when that is.
    same "next run, $every" "$(sed -n 's/.*Next elapse: ... \(.*\) \(.*\) UTC/\1T\2Z/p' "$work/calendar")" "$(field .nextRun)"
  done
  service=$units/dashtray-backup-default.service
  same "mode" "$(stat -c %a "$service")" 600
  if grep -q dk_of_the_night "$units"/* "$work/stdout" "$work/stderr"; then fail "the key was written"; fi
  # The parser would have found a fault.
  sed 's/^ExecStart=\(.*\)/ExecStart="\1/; s/^UMask/UMosk/' "$service" >"$work/broken.service"
  if (verified "$work/broken.service") 2>/dev/null; then fail "a broken unit is accepted"; fi
  exits 0 schedule remove
  same "what is left" "$(find "$units" -type f)" ""
}

case_schedule_survives_any_path() {
  need jq systemd-analyze
  no_services
  # systemd says which program it cannot find: that it finds this one shows that
  # it reads our quotes, specifiers and dollars as we meant them. In the name of a
  # program, and nowhere else, it takes no quotes and no backslashes.
  local folder="$work/a b %h %% \$HOME \${x} ; #é"
  mkdir -p "$folder" "$work/it's"
  cp "$program" "$work/it's/dashtray-tui"
  program="$work/it's/dashtray-tui"
  exits 2 schedule install
  program=$work/dashtray-tui
  cp "$program" "$folder/dashtray-tui"
  program=$folder/dashtray-tui
  exits 0 schedule install --dir "$folder/\"q\" it's \\ \\n" --json
  verified "$units/dashtray-backup-default.service"
  mv "$folder/dashtray-tui" "$folder/moved"
  if (verified "$units/dashtray-backup-default.service") 2>/dev/null; then fail "a program that is not there is accepted"; fi
}

case_schedule_is_walled_in() {
  need jq systemd-analyze
  no_services
  systemd-analyze security --help 2>/dev/null | grep -q -e --offline || skip "this systemd-analyze has no --offline"
  exits 0 schedule install --dir "$HOME/backups"
  mkdir -p "$work/runtime"
  XDG_RUNTIME_DIR=$work/runtime systemd-analyze --user security --offline=yes --threshold=60 --no-pager \
    "$units/dashtray-backup-default.service" >"$work/security" 2>&1 || fail "too exposed: $(tail -n 1 "$work/security")"
}

case_schedule_line_for_cron_is_what_the_shell_runs() {
  need jq
  local crontab
  crontab=$(command -v crontab || true)
  no_services
  printf '#!/bin/sh\necho no medium found >&2\nexit 1\n' >"$work/fake/systemctl"
  local folder="$work/a b 50% \$HOME \"q\" it's \\% \\ ;é" line command pad
  exits 0 schedule install --at 04:30 --dir "$folder" --range last_month --json
  same "the system" "$(field .system)" cron
  line=$(field .text | sed -n 2p)
  contains "the line" "$line" "30 4 * * * "
  line=${line#30 4 \* \* \* }
  # Cron takes the backslash off before a percent sign; the program is replaced
  # by one that says what it is called with.
  line=$(sed 's/\\%/%/g' <<<"$line")
  printf '#!/bin/sh\nfor word; do printf "%%s\\n" "$word"; done\n' >"$work/words"
  chmod 755 "$work/words"
  cron_takes "$crontab" || fail "cron does not take: $(field .text)"
  same "what runs" "$(sh -c "${line/"$work/dashtray-tui"/"$work/words"}" | grep -- --dir)" "--dir=$folder"

  # The longest command that every cron takes, and one that is told.
  exits 0 schedule install --at 04:30 --dir "$work/d" --json
  command=$(field .text | sed -n 2p)
  command=${command#30 4 \* \* \* }
  pad=$(printf '/%0199d' 0 0 0 0 0)
  pad=${pad:0:998-${#command}}
  exits 0 schedule install --at 04:30 --dir "$work/d$pad" --json
  same "warnings" "$(grep -c 'longer than' "$work/stderr" || true)" 0
  cron_takes "$crontab" || fail "cron does not take what is not warned of"
  exits 0 schedule install --at 04:30 --dir "$work/d${pad}0" --json
  same "warnings" "$(grep -c 'longer than the 998 bytes' "$work/stderr" || true)" 1
  if [ -n "$crontab" ] && "$crontab" -n /dev/null >/dev/null 2>&1 && cron_takes "$crontab"; then fail "cron takes what is warned of"; fi
}

# cron_takes asks Debian's cron, if it is here, whether it would take the lines.
cron_takes() { # CRONTAB
  field .text >"$work/lines"
  [ -z "$1" ] || ! "$1" -n /dev/null >/dev/null 2>&1 || "$1" -n "$work/lines" >"$work/cron" 2>&1
}

# user_systemd starts a systemd for this user, with a /run of its own in which the
# system looks as if it had been booted by one (with what that one would have put
# there to hide other files behind). It is found by XDG_RUNTIME_DIR.
user_systemd() {
  local systemd=/usr/lib/systemd/systemd
  need systemctl unshare mount
  [ "$(id -u)" = 0 ] || skip "a systemd of one's own takes root, for a /run of its own"
  [ -x "$systemd" ] || skip "systemd is not installed"
  export XDG_RUNTIME_DIR=$work/runtime
  mkdir -m 700 "$XDG_RUNTIME_DIR"
  SYSTEMD_LOG_TARGET=console unshare --mount --propagation slave sh -c '
    mount --make-rshared / && mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/systemd/inaccessible/dir &&
      : >/run/systemd/inaccessible/reg && exec "$0" --user' "$systemd" \
    >"$work/systemd.log" 2>&1 </dev/null &
  children+=($!)
  local tries
  for tries in {1..600}; do
    if systemctl --user is-active default.target >/dev/null 2>&1; then return 0; fi
    kill -0 "${children[-1]}" 2>/dev/null || break
    sleep 0.1
  done
  skip "no systemd for a user runs here (try $tries): $(tail -n 1 "$work/systemd.log")"
}

case_schedule_is_run_by_systemd() {
  need jq
  user_systemd
  sandbox
  # The key is one that a timer finds.
  printf '%s\n' "$owner" >"$work/night key"
  chmod 600 "$work/night key"
  unset DASHTRAY_API_KEY
  export DASHTRAY_API_KEY_FILE="$work/night key"
  local units=$HOME/.config/systemd/user timer=dashtray-backup-default.timer service=dashtray-backup-default.service next
  exits 0 schedule install --api-url "$api" --every daily --at 03:00 --keep-last 2 --json
  same "installed" "$(field .installed)" true
  same "the system" "$(field .system)" systemd
  next=$(field .nextRun)
  same "the timer" "$(systemctl --user is-enabled $timer) $(systemctl --user is-active $timer)" "enabled active"
  exits 0 schedule show --json
  same "as shown" "$(field '.schedules[0] | [.enabled, .active, .every, .at, .lastRun] | map(tostring) | join(" ")')" "true true daily 03:00 null"
  # It starts up to a quarter of an hour later, so as not to come with everybody.
  [ "$(($(date -d "$(field '.schedules[0].nextRun')" +%s) - $(date -d "$next" +%s)))" -ge 0 ] || fail "the next run is before $next: $out"

  # Without a journal the machine's own would be asked for what it says.
  mkdir -p "$units/$service.d"
  printf '[Service]\nStandardOutput=append:%s\nStandardError=append:%s\n' "$work/said" "$work/said" >"$units/$service.d/said.conf"
  systemctl --user daemon-reload

  # Three nights.
  local night
  for night in 1 2 3; do
    systemctl --user start $service || fail "night $night: $(cat "$work/said")"
  done
  exits 0 schedule show --json
  same "exit code of the last run" "$(field '.schedules[0].lastExitCode')" 0
  exits 0 backup verify --json
  same "backups that stay" "$(field '[.files[] | select(.ok)] | length')" 2
  same "strangers" "$(field '.strangers | length')" 0
  whole_folder "$(field .dir)"

  # A night without a network.
  kill "${children[-1]}"
  wait "${children[-1]}" 2>/dev/null || true
  if systemctl --user start $service 2>/dev/null; then fail "it says that a backup of nothing went well"; fi
  exits 0 schedule show --json
  same "exit code of the last run" "$(field '.schedules[0].lastExitCode')" 1

  rm -r "$units/$service.d" # ours, and so not the program's to remove
  exits 0 schedule remove --json
  same "what is left" "$(find "$units" -type f -o -type l)" ""
  same "what systemd knows" "$(systemctl --user list-timers --all --no-legend | grep -c dashtray || true)" 0
  if systemctl --user start $service 2>/dev/null; then fail "the service is still known"; fi
}

# whole_folder: every file in a backup folder is its owner's alone.
whole_folder() {
  same "modes in $1" "$(find "$1" -type f ! -perm 600; find "$1" -type d ! -perm 700)" ""
}
