package sshd

import "os"

// ownAs does nothing: a file belongs to whom the folder says.
func ownAs(*os.File, string) error { return nil }
