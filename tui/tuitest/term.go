// Package tuitest runs a program of the console on a terminal in memory: real
// bytes in, the real screen out, and no real time. It ships in no binary.
//
// Everything happens inside a testing/synctest bubble:
//
//	synctest.Test(t, func(t *testing.T) {
//		jobs := tuitest.NewJobs(time.Now)
//		term := tuitest.Start(t, tui.New(…), 80, 24)
//		term.Type("n")
//		term.Golden(t, "newexport")
//	})
package tuitest

import (
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/vt"
)

// Keys as a terminal sends them.
const (
	Up       = "\x1b[A"
	Down     = "\x1b[B"
	Right    = "\x1b[C"
	Left     = "\x1b[D"
	PgUp     = "\x1b[5~"
	PgDown   = "\x1b[6~"
	Home     = "\x1b[H"
	End      = "\x1b[F"
	Enter    = "\r"
	Tab      = "\t"
	ShiftTab = "\x1b[Z"
	Esc      = "\x1b"
	Space    = " "
	CtrlA    = "\x01"
	CtrlC    = "\x03"
	CtrlP    = "\x10"
	CtrlU    = "\x15"
	CtrlZ    = "\x1a"
)

// keyTime is longer than the 50 ms after which a lone ESC is a key, and than
// the time between two frames.
const keyTime = 120 * time.Millisecond

// Term is a program and the terminal it runs on.
type Term struct {
	// P is the program.
	P *tea.Program

	model   tea.Model
	em      *vt.SafeEmulator
	in      chan []byte
	rest    []byte
	end     chan error
	ended   bool
	err     error
	written atomic.Int64

	mu  sync.Mutex // of raw, and of writing and reading the screen
	raw strings.Builder
}

// Start runs a model on a terminal of w×h cells, until the test ends. It
// returns when the first frame stands.
func Start(tb testing.TB, m tea.Model, w, h int, opts ...tea.ProgramOption) *Term {
	tb.Helper()
	t := &Term{
		em: vt.NewSafeEmulator(w, h), in: make(chan []byte, 4096),
		model: m, end: make(chan error, 1),
	}
	// The program's input is no terminal, so its renderer sends a bare \n and
	// takes it for \r\n: newline mode (LNM) makes that true.
	_, _ = t.em.Write([]byte("\x1b[20h"))
	go t.replies()
	t.P = tea.NewProgram(m, append([]tea.ProgramOption{
		tea.WithInput(inputOf{t}), tea.WithOutput(outputOf{t}), tea.WithWindowSize(w, h),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "LANG=en_US.UTF-8"}),
		tea.WithColorProfile(colorprofile.ANSI256), tea.WithoutSignalHandler(),
	}, opts...)...)
	go func() {
		_, err := t.P.Run()
		t.end <- err
	}()
	tb.Cleanup(func() { t.Quit(tb) })
	t.Settle(200 * time.Millisecond)
	return t
}

// replies moves what the terminal answers into the program's input, so that a
// write to the emulator never waits for a reader under the renderer's lock.
func (t *Term) replies() {
	var b [4096]byte
	for {
		n, err := t.em.Read(b[:])
		if err != nil {
			close(t.in)
			return
		}
		t.in <- append([]byte(nil), b[:n]...)
	}
}

// inputOf is the program's input: typed bytes and the terminal's replies.
type inputOf struct{ t *Term }

func (i inputOf) Read(p []byte) (int, error) {
	if len(i.t.rest) == 0 {
		b, ok := <-i.t.in
		if !ok {
			return 0, io.EOF
		}
		i.t.rest = b
	}
	n := copy(p, i.t.rest)
	i.t.rest = i.t.rest[n:]
	return n, nil
}

// outputOf counts and keeps what the program writes.
type outputOf struct{ t *Term }

func (o outputOf) Write(p []byte) (int, error) {
	o.t.written.Add(int64(len(p)))
	o.t.mu.Lock()
	defer o.t.mu.Unlock()
	o.t.raw.Write(p)
	return o.t.em.Write(p)
}

// Settle lets fake time pass and everything come to rest.
func (t *Term) Settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// Type sends bytes in one read, as a terminal does, and waits.
func (t *Term) Type(s string) {
	t.in <- []byte(s)
	t.Settle(keyTime)
}

// Keys types each of these, one after the other.
func (t *Term) Keys(keys ...string) {
	for _, k := range keys {
		t.Type(k)
	}
}

// Paste sends text as a bracketed paste.
func (t *Term) Paste(s string) { t.Type("\x1b[200~" + s + "\x1b[201~") }

// Send gives the program a message.
func (t *Term) Send(m tea.Msg) {
	t.P.Send(m)
	t.Settle(keyTime)
}

// Resize changes the terminal's size.
func (t *Term) Resize(w, h int) {
	t.em.Resize(w, h)
	t.Send(tea.WindowSizeMsg{Width: w, Height: h})
}

// Screen is the text on the screen without colours, trimmed at the right and
// at the bottom.
func (t *Term) Screen() string {
	t.mu.Lock()
	screen := t.em.String() // which the emulator's own lock does not cover
	t.mu.Unlock()
	lines := strings.Split(screen, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// Written is how many bytes the program has written so far.
func (t *Term) Written() int64 { return t.written.Load() }

// Raw is every byte that the program has written so far.
func (t *Term) Raw() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.raw.String()
}

// Ended reports whether the program has ended by itself, and how.
func (t *Term) Ended() (bool, error) {
	if !t.ended {
		select {
		case t.err = <-t.end:
			t.ended = true
		default:
		}
	}
	return t.ended, t.err
}

// Quit ends the program, if it has not ended yet, closes the model if that can
// be closed, and lets the timers run out. Start has the test do it at its end.
func (t *Term) Quit(tb testing.TB) {
	tb.Helper()
	if t.em == nil {
		return
	}
	if ended, _ := t.Ended(); !ended {
		t.P.Quit()
		t.err = <-t.end
		t.ended = true
	}
	if c, ok := t.model.(interface{ Close() }); ok {
		c.Close()
	}
	_ = t.em.Close()
	t.em = nil
	t.Settle(2 * time.Minute)
	if t.err != nil {
		tb.Errorf("run: %v", t.err)
	}
}

// Need fails the test unless all of these are on the screen.
func (t *Term) Need(tb testing.TB, want ...string) {
	tb.Helper()
	screen := t.Screen()
	for _, w := range want {
		if !strings.Contains(screen, w) {
			tb.Fatalf("no %q on the screen:\n%s", w, screen)
		}
	}
}

// NeedNot fails the test if any of these is on the screen.
func (t *Term) NeedNot(tb testing.TB, unwanted ...string) {
	tb.Helper()
	screen := t.Screen()
	for _, w := range unwanted {
		if strings.Contains(screen, w) {
			tb.Fatalf("%q is on the screen:\n%s", w, screen)
		}
	}
}
