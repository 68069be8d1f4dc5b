//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

func statusSignal() func() (<-chan os.Signal, func()) {
	return func() (<-chan os.Signal, func()) {
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGUSR1)
		return asked, func() { signal.Stop(asked) }
	}
}
