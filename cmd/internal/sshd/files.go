package sshd

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
)

// syncFolder makes what was made or renamed in a folder durable. Windows has no
// way to ask for it.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return bare(err)
	}
	return bare(errors.Join(d.Sync(), d.Close()))
}

// bare drops the path that the error around it names anyway.
func bare(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
