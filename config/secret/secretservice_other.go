//go:build !linux && !netbsd && !openbsd && !(freebsd && cgo) && !(dragonfly && cgo)

package secret

import (
	"context"
	"runtime"
)

// needsDisplay: where a keyring's window shows is the system's affair.
const needsDisplay = false

// lookAtSystem has nothing to look at: macOS and Windows start nothing and
// answer at once, and other systems have no keyring that the library knows.
func lookAtSystem(context.Context, bool) error {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		return nil
	}
	return &KeyringError{Reason: Unsupported}
}

// reasonOf knows none of these systems' errors by name.
func reasonOf(error) Reason { return Other }
