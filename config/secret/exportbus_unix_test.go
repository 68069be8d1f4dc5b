//go:build linux || netbsd || openbsd || (freebsd && cgo) || (dragonfly && cgo)

package secret

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// Look is look.
func Look(ctx context.Context, dial func(...dbus.ConnOption) (*dbus.Conn, error), start bool) error {
	return look(ctx, dial, start)
}
