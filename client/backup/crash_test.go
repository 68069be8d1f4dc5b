package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var errKilled = errors.New("the process was killed")

// mortal is a disk of a process that is killed after a number of steps: of the
// write that it is at then, half is done.
type mortal struct {
	systemDisk
	left int
}

func (m *mortal) die() bool {
	m.left--
	return m.left < 0
}

func (m *mortal) write(f *os.File, b []byte) error {
	if m.die() {
		if m.left == -1 {
			_, _ = f.Write(b[:len(b)/2])
		}
		return errKilled
	}
	return m.systemDisk.write(f, b)
}

func (m *mortal) truncate(f *os.File, size int64) error {
	if m.die() {
		return errKilled
	}
	return m.systemDisk.truncate(f, size)
}

func (m *mortal) sync(*os.File) error {
	if m.die() {
		return errKilled
	}
	return nil
}

func (m *mortal) syncDir(*os.Root) error { return m.sync(nil) }

func (m *mortal) rename(root *os.Root, from, to string) error {
	if m.die() {
		return errKilled
	}
	return m.systemDisk.rename(root, from, to)
}

func (m *mortal) remove(root *os.Root, name string) error {
	if m.die() {
		return errKilled
	}
	return m.systemDisk.remove(root, name)
}

// runOnce is a night: take in the new backup if need be, and remove old ones.
func runOnce(t *testing.T, dir string, d disk, made Entry) error {
	t.Helper()
	f := openedOn(t, dir, d)
	defer func() { _ = f.Close() }()
	inv, err := f.Inventory(t.Context())
	if err != nil {
		return err
	}
	if !slices.Contains(files(inv.Entries), made.File) {
		if err := f.Add(made); err != nil {
			return err
		}
	}
	if inv, err = f.Inventory(t.Context()); err != nil {
		return err
	}
	_, remove := Plan(inv.Entries, Policy{Last: 2}, made.At(), made.At().Location())
	_, err = f.Apply(t.Context(), remove)
	return err
}

// A run that is killed at any step leaves a folder in which every backup is
// whole and none is called missing, and the next run ends as this one would
// have.
func TestKilledAtAnyStep(t *testing.T) {
	t.Parallel()
	for steps := 0; ; steps++ {
		dir := t.TempDir()
		f := opened(t, dir)
		all := nights(t, f, 4)
		_ = f.Close()
		made := entryAt(night.AddDate(0, 0, 4), "the new one")
		write(t, dir, made.File, "the new one")
		want := []string{all[3].File, made.File}

		err := runOnce(t, dir, &mortal{left: steps}, made)
		if err != nil && !errors.Is(err, errKilled) {
			t.Fatalf("step %d: %v", steps, err)
		}
		inv, readErr := Read(t.Context(), dir)
		if readErr != nil || len(inv.Bad) > 0 {
			t.Errorf("step %d: %+v, %v", steps, inv.Bad, readErr)
		}
		for _, e := range inv.Entries {
			if e.State != Present {
				t.Errorf("step %d: %s is %d", steps, e.File, e.State)
			}
		}
		report, verifyErr := Verify(t.Context(), dir, nil)
		if verifyErr != nil || !report.OK {
			t.Errorf("step %d: %+v, %v", steps, report, verifyErr)
		}
		for _, name := range backups(t, dir) {
			if !slices.Contains(files(inv.Entries), name) && name != made.File && name != freshName {
				t.Errorf("step %d: %s is lost to the manifest", steps, name)
			}
		}
		for _, name := range want {
			if !slices.Contains(backups(t, dir), name) {
				t.Errorf("step %d: %s is gone", steps, name)
			}
		}
		if err := runOnce(t, dir, systemDisk{}, made); err != nil {
			t.Errorf("step %d: the next run: %v", steps, err)
		}
		same(t, fmt.Sprint("step ", steps, ", folder"), backups(t, dir), want)
		same(t, fmt.Sprint("step ", steps, ", manifest"), listed(t, dir), want)
		if err == nil {
			if steps < 10 {
				t.Errorf("the run has %d steps: is it one?", steps)
			}
			return
		}
	}
}

// full is a disk on which so many bytes can be written.
type full struct {
	noSync
	room int
}

func (d *full) write(f *os.File, b []byte) error {
	n := min(d.room, len(b))
	d.room -= n
	if _, err := f.Write(b[:n]); err != nil {
		return err
	}
	if n < len(b) {
		return &fs.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	return nil
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := opened(t, dir)
	all := nights(t, f, 4)
	before := manifestOf(t, dir)
	made := entryAt(night.AddDate(0, 0, 4), "the new one")
	write(t, dir, made.File, "the new one")

	f.disk = &full{room: 100}
	if err := f.Add(made); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("add: %v", err)
	}
	same(t, "manifest", manifestOf(t, dir), before)
	f.disk = &full{room: 100}
	if done, err := f.Apply(t.Context(), all[:2]); !errors.Is(err, syscall.ENOSPC) || len(done.Removed) > 0 {
		t.Errorf("apply: %+v, %v", done, err)
	}
	same(t, "manifest", manifestOf(t, dir), before)
	same(t, "folder", backups(t, dir), append(files(all), made.File))

	// There is room to write down that files go, and not for the new manifest.
	f.disk = &full{room: 500}
	done, err := f.Apply(t.Context(), all[:2])
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("apply: %v", err)
	}
	same(t, "removed", files(done.Removed), files(all[:2]))
	same(t, "entries", files(inventory(t, f).Entries), files(all[2:]))
	same(t, "folder", backups(t, dir), append(files(all[2:]), made.File))

	f.disk = noSync{}
	same(t, "entries", files(inventory(t, f).Entries), files(all[2:]))
	same(t, "manifest", listed(t, dir), files(all[2:]))
}

// stubborn is a disk that does not give up one file.
type stubborn struct {
	noSync
	name string
}

func (d stubborn) remove(root *os.Root, name string) error {
	if name == d.name {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrPermission}
	}
	return d.noSync.remove(root, name)
}

func TestFileThatCannotBeRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := opened(t, dir)
	all := nights(t, f, 4)
	f.disk = stubborn{name: all[1].File}
	done, err := f.Apply(t.Context(), all[:3])
	if !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
	same(t, "removed", files(done.Removed), []string{all[0].File, all[2].File})
	same(t, "folder", backups(t, dir), []string{all[1].File, all[3].File})
	same(t, "manifest", listed(t, dir), []string{all[1].File, all[3].File})
}

// A line that replaces a torn one may be the shorter of the two.
func TestTornLineIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := opened(t, dir)
	nights(t, f, 1)
	before := manifestOf(t, dir)
	write(t, dir, ManifestName, before+before[:len(before)-2])
	mark := gone(t, 0, "x")
	if err := f.append([]byte(mark)); err != nil {
		t.Fatal(err)
	}
	same(t, "manifest", manifestOf(t, dir), before+mark)
}

// A file that cannot be written durably is not said to be there.
func TestLineThatIsNotDurable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := opened(t, dir)
	all := nights(t, f, 1)
	made := entryAt(night.AddDate(0, 0, 1), "x")
	write(t, dir, made.File, "x")
	f.disk = &mortal{left: 1} // the line is written and not synced, nor taken back
	if err := f.Add(made); !errors.Is(err, errKilled) {
		t.Error(err)
	}
	// It is there all the same, and says what is true.
	same(t, "entries", files(inventory(t, f).Entries), []string{all[0].File, made.File})
	if !strings.HasSuffix(manifestOf(t, dir), "}\n") {
		t.Error("the line is torn")
	}
}
