package serve

import (
	"encoding/base64"
	"io"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
)

// endOfInput comes back from the reader of the input as a tea.ClipboardMsg,
// behind everything that was really typed.
const endOfInput = "\x00end of input\x00"

// endSequence closes a paste that may be open, and carries endOfInput as the
// answer of a terminal that was asked for its clipboard (OSC 52).
func endSequence() []byte {
	return []byte("\x1b[201~\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(endOfInput)) + "\a")
}

// input is the input of a session's program.
//
// The reader in Bubble Tea hands its events over without looking whether
// anybody still takes them: if the program ends while one is on its way, its
// goroutine waits for ever. So an input ends with a mark of its own, and the
// program ends when it sees that mark: then nothing is on its way any more.
type input struct {
	stop  chan struct{}
	once  sync.Once
	typed atomic.Int64 // when the last byte came, Unix nanoseconds

	mu      sync.Mutex
	waiting []byte        // what came and was not read yet
	whole   bool          // nothing more comes
	came    chan struct{} // has one when waiting or whole have changed

	pace  pace
	rest  []byte // of the mark
	ended bool
}

// newInput reads from r until stop, r's end, or a flood, of which it tells.
// The reading goroutine ends when r is closed; guard is deferred in it.
func newInput(r io.Reader, flooded, guard func()) *input {
	i := &input{stop: make(chan struct{}), came: make(chan struct{}, 1), pace: newPace()}
	i.typed.Store(time.Now().UnixNano())
	go func() {
		defer guard()
		judge := newFlood()
		for {
			var b [1024]byte
			n, err := r.Read(b[:])
			if n > 0 {
				now := time.Now()
				i.typed.Store(now.UnixNano())
				if judge.check(b[:n], now) != nil || !i.take(b[:n]) {
					flooded()
					i.end()
					return
				}
			}
			if err != nil {
				i.finish()
				return
			}
			if i.closing() {
				return
			}
		}
	}()
	return i
}

// take keeps what came until it is read, and reports whether there was room.
func (i *input) take(b []byte) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.waiting)+len(b) > inputBurst {
		return false
	}
	i.waiting = append(i.waiting, b...)
	i.tell()
	return true
}

// finish notes that nothing more comes.
func (i *input) finish() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.whole = true
	i.tell()
}

func (i *input) tell() {
	select {
	case i.came <- struct{}{}:
	default:
	}
}

// end lets the input end with its mark.
func (i *input) end() { i.once.Do(func() { close(i.stop) }) }

// Read is for one goroutine. It gives no more than a person may do.
func (i *input) Read(p []byte) (int, error) {
	for !i.closing() {
		n, wait := i.some(p)
		if n > 0 {
			return n, nil
		}
		i.until(wait)
	}
	if !i.ended {
		i.ended = true
		i.rest = endSequence()
	}
	if len(i.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	return n, nil
}

// until waits for more, or that long, or the end.
func (i *input) until(wait time.Duration) {
	if wait == 0 {
		select {
		case <-i.came:
		case <-i.stop:
		}
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-i.stop:
	}
}

// some gives what may be read now, or how long to wait for it; 0 is until more
// comes. When nothing more can come it ends the input.
func (i *input) some(p []byte) (n int, wait time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.waiting) == 0 {
		if i.waiting = nil; i.whole { // a paste's memory is not kept
			i.end()
		}
		return 0, 0
	}
	n, wait = i.pace.allow(i.waiting[:min(len(p), len(i.waiting))], time.Now())
	n = copy(p, i.waiting[:n])
	i.waiting = i.waiting[n:]
	return n, wait
}

// last is when the person last typed something.
func (i *input) last() time.Time { return time.Unix(0, i.typed.Load()) }

// filter holds a quit back until the input has ended, and drops what must not
// happen on a server.
func (i *input) filter(_ tea.Model, msg tea.Msg) tea.Msg {
	switch m := msg.(type) {
	case tea.SuspendMsg: // it would stop the server's whole process group
		return nil
	case tea.ClipboardMsg:
		if m.Content == endOfInput {
			return tea.QuitMsg{}
		}
	case tea.QuitMsg, tea.InterruptMsg:
		i.end()
		return nil
	}
	if i.closing() {
		return nil // neither Update nor View: nobody looks any more
	}
	return msg
}

func (i *input) closing() bool {
	select {
	case <-i.stop:
		return true
	default:
		return false
	}
}
