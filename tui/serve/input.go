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
	bytes chan []byte
	stop  chan struct{}
	once  sync.Once
	typed atomic.Int64 // when the last byte came, Unix nanoseconds

	rest  []byte
	ended bool
}

// newInput reads from r until stop, r's end, or a flood, of which it tells.
// The reading goroutine ends when r is closed.
func newInput(r io.Reader, flooded func()) *input {
	i := &input{bytes: make(chan []byte), stop: make(chan struct{})}
	i.typed.Store(time.Now().UnixNano())
	go func() {
		defer i.end()
		judge := newFlood()
		for {
			b := make([]byte, 1024)
			n, err := r.Read(b)
			if n > 0 {
				now := time.Now()
				i.typed.Store(now.UnixNano())
				if judge.check(b[:n], now) != nil {
					flooded()
					return
				}
				select {
				case i.bytes <- b[:n]:
				case <-i.stop:
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return i
}

// end lets the input end with its mark.
func (i *input) end() { i.once.Do(func() { close(i.stop) }) }

// Read is for one goroutine.
func (i *input) Read(p []byte) (int, error) {
	if len(i.rest) == 0 {
		select {
		case i.rest = <-i.bytes:
		case <-i.stop:
			if i.ended {
				return 0, io.EOF
			}
			i.ended = true
			i.rest = endSequence()
		}
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	return n, nil
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
