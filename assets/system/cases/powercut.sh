# The power goes: a file system in a loop file is shut down as it stands, its
# journal is replayed, and what the checkpoint vouches for is compared.
# shellcheck shell=bash

# cut_power shuts a mounted ext4 down without writing anything more
# (FS_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH).
cut_power() { # FOLDER
  python3 - "$1" <<'PY'
import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(fd, 0x8004587D, struct.pack("I", 2))
PY
}

# vouched prints how many bytes the checkpoint vouches for, and fails if one of
# them is not that of the file.
vouched() { # FOLDER REFERENCE
  python3 - "$1" "$2" <<'PY'
import glob, json, sys
folder, reference = sys.argv[1:]
want = open(reference, "rb").read()
sure = 0
for path in glob.glob(folder + "/*.part.json"):
    try:
        doc = json.loads(open(path).readline())
    except ValueError:
        continue  # a torn checkpoint vouches for nothing
    part = open(path[:-len(".json")], "rb").read()
    spans = [(0, doc["frontier"])] + [(e["from"], e["to"]) for e in doc.get("extents") or []]
    for a, b in spans:
        if part[a:b] != want[a:b]:
            sys.exit(f"wrong bytes between {a} and {b}")
        sure += b - a
print(sure)
PY
}

case_power_cut() {
  need python3 jq curl mkfs.ext4 mount losetup
  [ "$(id -u)" = 0 ] || skip "mounting takes root"
  truncate -s 256M "$work/disk.img"
  mkfs.ext4 -q "$work/disk.img"
  local mnt=$work/mnt round pid sure id total=0
  mkdir "$mnt"
  mount -o loop,commit=1 "$work/disk.img" "$mnt" 2>"$work/mount.err" || skip "no loop mounts here: $(cat "$work/mount.err")"
  mounts+=("$mnt")
  sandbox --records 160000
  exits 0 export --api-url "$api" --range all_time --json -o reference.json
  local reference=$PWD/reference.json
  id=$(field .exportJobId)
  with_fault slow=256K
  for round in 1 2 3 4 5 6; do
    "$program" download "$id" --api-url "$api" -q -o "$mnt/down/" --connections 4 >"$work/cut.out" 2>&1 </dev/null &
    pid=$!
    children+=("$pid")
    # The first cuts come at any time, the last ones certainly in the transfer.
    [ "$round" -le 3 ] || until_true "a checkpoint" part_or_end "$mnt/down" 0 "$pid"
    sleep "0.$((RANDOM % 9 + 1))"
    cut_power "$mnt"
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    umount "$mnt"
    mount -o loop,commit=1 "$work/disk.img" "$mnt"
    [ -d "$mnt/down" ] || continue
    if [ -z "$(find "$mnt/down" -name '*.part')" ] && [ -n "$(find "$mnt/down" -name '*.json' ! -name '*.part.json')" ]; then
      break # it was done before the power went
    fi
    sure=$(vouched "$mnt/down" "$reference") || fail "round $round: $sure"
    total=$((total + sure))
  done
  [ "$total" -gt 0 ] || fail "no checkpoint vouched for anything: the cuts came too early"
  no_faults
  exits 0 download "$id" --api-url "$api" --json -o "$mnt/down/"
  same "sha256" "$(sha "$(field .file)")" "$(sha "$reference")"
  no_rest "$mnt/down"
}
