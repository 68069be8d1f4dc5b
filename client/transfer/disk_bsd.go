//go:build unix && !linux && !darwin

package transfer

import "os"

func dataSync(f *os.File) error { return f.Sync() }

func renameExclusive(from, to string) error { return linkRename(from, to) }

func bootID() string { return "" }
