package backup

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// append puts lines behind the manifest, and returns when they are durable. If
// it cannot, the manifest is as it was, or has a torn last line that the next
// append removes.
func (f *Folder) append(text []byte) error {
	file, err := openManifest(f.root, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	err = f.appendTo(file, text)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

func (f *Folder) appendTo(file *os.File, text []byte) error {
	m, err := loadManifest(file)
	if err != nil {
		return err
	}
	if m.torn {
		if err := f.disk.truncate(file, m.whole); err != nil {
			return err
		}
	}
	if m.open {
		text = append([]byte("\n"), text...)
	}
	if m.whole+int64(len(text)) > maxManifest {
		return fmt.Errorf("%w: it would have more than %d MiB", ErrManifest, maxManifest>>20)
	}
	if _, err := file.Seek(m.whole, io.SeekStart); err != nil {
		return err
	}
	err = f.disk.write(file, text)
	if err == nil {
		err = f.disk.sync(file)
	}
	if err != nil {
		// A line that may be there and may be lost must not be believed.
		return errors.Join(err, f.disk.truncate(file, m.whole))
	}
	if m.whole == 0 {
		return f.disk.syncDir(f.root)
	}
	return nil
}

// rewrite replaces the manifest: who is killed leaves the old or the new one.
func (f *Folder) rewrite(m *manifest) error {
	file, err := f.root.OpenFile(freshName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the manifest anew: %w", err)
	}
	err = f.disk.write(file, m.bytes())
	if err == nil {
		err = f.disk.sync(file)
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = f.disk.rename(f.root, freshName, ManifestName)
	}
	if err != nil {
		return fmt.Errorf("write the manifest anew: %w", errors.Join(err, f.disk.remove(f.root, freshName)))
	}
	return f.disk.syncDir(f.root)
}
