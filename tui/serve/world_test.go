package serve_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/vt"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/serve"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// book is an audit log.
type book struct {
	mu    sync.Mutex
	lines []serve.Event
	fails error
}

func (b *book) record(_ serve.Who, e serve.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails != nil {
		return b.fails
	}
	b.lines = append(b.lines, e)
	return nil
}

func (b *book) has(action, result string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.lines {
		if e.Action == action && e.Result == result {
			return true
		}
	}
	return false
}

func deps(jobs *tuitest.Jobs) tui.Deps {
	return tui.Deps{
		Jobs: jobs, Now: time.Now, Location: time.UTC,
		Message: func(err error) (string, string) {
			m := message.Of(err)
			return m.Text, m.Hint
		},
	}
}

// far is a client: its screen, and the line to it.
type far struct {
	t     *testing.T
	em    *vt.SafeEmulator
	draw  sync.Mutex // of what the emulator's own lock does not cover
	in    *io.PipeWriter
	sizes chan serve.Size
	end   context.CancelCauseFunc
	book  *book
	jobs  *tuitest.Jobs
	done  chan error
	sent  atomicBuffer
}

type atomicBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (a *atomicBuffer) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.b.Write(p)
}

func (a *atomicBuffer) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.b.String()
}

// visit serves a console of 90×24 to a client inside a bubble, which finds
// every goroutine that is left over.
func visit(t *testing.T, role serve.Role, change func(*tui.Deps, *serve.Options), body func(f *far)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &far{
			t: t, em: vt.NewSafeEmulator(90, 24), sizes: make(chan serve.Size), book: &book{},
			jobs: tuitest.NewJobs(time.Now), done: make(chan error, 1),
		}
		go func() { // what the terminal answers is dropped, as by many
			var b [1024]byte
			for {
				if _, err := f.em.Read(b[:]); err != nil {
					return
				}
			}
		}()
		r, w := io.Pipe()
		f.in = w
		var env serve.Env
		env.Set("TERM", "xterm-256color")
		env.Set("LANG", "en_US.UTF-8")
		d := deps(f.jobs)
		desk := serve.NewDesk(f.book.record)
		o := serve.Options{Rights: serve.Rights{Who: serve.Who{Session: "s1", Name: "Ada", Role: role}, Record: f.book.record}, Desk: desk}
		if change != nil {
			change(&d, &o)
		}
		var ctx context.Context
		ctx, f.end = context.WithCancelCause(t.Context())
		go func() {
			f.done <- serve.Run(ctx, serve.Terminal{
				In: r, Out: io.MultiWriter(f, &f.sent), Env: env, Size: serve.Size{Width: 90, Height: 24}, Sizes: f.sizes,
			}, d, o)
		}()
		f.settle(time.Second)
		body(f)
		f.end(nil)
		f.settle(3 * time.Second)
		_ = w.Close()
		_ = r.Close()
		desk.Close()
		_ = f.em.Close()
		f.settle(3 * time.Minute)
	})
}

func (f *far) Write(p []byte) (int, error) {
	f.draw.Lock()
	defer f.draw.Unlock()
	return f.em.Write(p)
}

func (f *far) screen() string {
	f.draw.Lock()
	defer f.draw.Unlock()
	return f.em.String()
}

func (f *far) settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (f *far) keys(keys ...string) {
	f.t.Helper()
	for _, k := range keys {
		if _, err := io.WriteString(f.in, k); err != nil {
			f.t.Fatal(err)
		}
		f.settle(200 * time.Millisecond)
	}
}

func (f *far) need(words ...string) {
	f.t.Helper()
	for _, w := range words {
		if screen := f.screen(); !bytes.Contains([]byte(screen), []byte(w)) {
			f.t.Fatalf("no %q on the screen:\n%s", w, screen)
		}
	}
}

func (f *far) ended(want error) {
	f.t.Helper()
	select {
	case err := <-f.done:
		if text.Untrusted(errText(err)).Safe() != errText(want) {
			f.t.Errorf("ended with %v, want %v", err, want)
		}
	default:
		f.t.Errorf("it has not ended:\n%s", f.screen())
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
