//go:build linux || netbsd || openbsd || (freebsd && cgo) || (dragonfly && cgo)

package secret

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// Look is look.
func Look(ctx context.Context, dial func(context.Context) (*dbus.Conn, error), start bool) error {
	return look(ctx, dial, start)
}

// DialBus is dialBus.
func DialBus(ctx context.Context, address string) (*dbus.Conn, error) { return dialBus(ctx, address) }

// What DialBus refuses.
var (
	ErrNotLocal = errNotLocal
	ErrStranger = errStranger
)
