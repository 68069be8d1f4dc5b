//go:build unix

package cli

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/dashtray/dashtray-tui/tui/serve"
)

// terminalSizes tells the sizes that a terminal takes, until stop.
func terminalSizes(fd int) (sizes <-chan serve.Size, stop func()) {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	out, over := make(chan serve.Size), make(chan struct{})
	go func() {
		for {
			select {
			case <-changed:
			case <-over:
				return
			}
			select {
			case out <- terminalSize(fd):
			case <-over:
				return
			}
		}
	}()
	return out, sync.OnceFunc(func() {
		signal.Stop(changed)
		close(over)
	})
}
