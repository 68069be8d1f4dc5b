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
  no_services
  rm "$work/fake/systemctl"
  printf '#!/bin/sh\necho no medium found >&2\nexit 1\n' >"$work/fake/systemctl"
  chmod 755 "$work/fake/systemctl"
  local folder="$work/a b 50% \$HOME \"q\" it's \\% \\ ;é" line
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
  same "what runs" "$(sh -c "${line/"$work/dashtray-tui"/"$work/words"}" | grep -- --dir)" "--dir=$folder"
}
