package serve_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// However often a client says that its window has another size, one is taken
// every 50 ms at most.
func TestTwentySizesASecond(t *testing.T) {
	visit(t, serve.Viewer, nil, func(f *far) {
		begun := time.Now()
		for i := range uint32(21) {
			f.sizes <- serve.Clamp(80+i, 24)
		}
		if took := time.Since(begun); took < time.Second {
			t.Errorf("21 sizes in %s", took)
		}
		f.settle(time.Second)
		f.need("No exports yet")
	})
}

func TestLastSecondsAreCountedDown(t *testing.T) {
	visit(t, serve.Viewer, func(_ *tui.Deps, o *serve.Options) { o.Idle = time.Minute }, func(f *far) {
		f.settle(54*time.Second + 500*time.Millisecond) // and one has passed
		for left := 4; left > 0; left-- {
			f.settle(time.Second)
			f.need(fmt.Sprintf("This session ends in %d s", left))
		}
		f.settle(time.Second)
		f.ended(serve.ErrIdle)
	})
}
