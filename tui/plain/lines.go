package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine is the most of a line that is kept, in bytes. What is longer is no
// answer to anything.
const maxLine = 64 << 10

// line is one line of the input, without its end.
type line struct {
	text    string
	tooLong bool
	err     error // errEnd, or of reading
}

// lines reads the input line by line, and only when a line is wanted: else it
// would take away what a hidden question reads from the same terminal. One
// goroutine uses it.
type lines struct {
	want    chan struct{}
	got     chan line
	reading bool  // a line was wanted and has not come
	held    *line // came, and was not for whom it came to
}

// newLines reads from r until ctx ends; a Read that blocks then lasts longer.
func newLines(ctx context.Context, r io.Reader) *lines {
	l := &lines{want: make(chan struct{}, 1), got: make(chan line)}
	go func() {
		br := bufio.NewReaderSize(r, 4096)
		for {
			select {
			case <-l.want:
			case <-ctx.Done():
				return
			}
			next := readLine(br)
			select {
			case l.got <- next:
			case <-ctx.Done():
				return
			}
		}
	}()
	return l
}

// readLine reads to the end of a line, and keeps no more than maxLine of it.
func readLine(br *bufio.Reader) (l line) {
	defer func() {
		if p := recover(); p != nil {
			l = line{err: fmt.Errorf("read the answer: %v", p)}
		}
	}()
	var b strings.Builder
	for {
		part, err := br.ReadSlice('\n')
		if room := maxLine - b.Len(); len(part) > room {
			part, l.tooLong = part[:room], true
		}
		b.Write(part)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && b.Len() == 0:
			return line{err: errEnd}
		case err != nil && !errors.Is(err, io.EOF):
			return line{err: fmt.Errorf("read the answer: %w", err)}
		}
		l.text = strings.TrimRight(b.String(), "\r\n")
		return l
	}
}

// arrivals is where the next line comes; taken has to be told of it.
func (l *lines) arrivals() <-chan line {
	if !l.reading {
		l.reading = true
		l.want <- struct{}{}
	}
	return l.got
}

// taken notes that a line came from arrivals.
func (l *lines) taken() { l.reading = false }

// hold keeps a line for the next question.
func (l *lines) hold(x line) { l.held = &x }

// next waits for a line.
func (l *lines) next(ctx context.Context) (line, error) {
	if h := l.held; h != nil {
		l.held = nil
		return *h, h.err
	}
	select {
	case x := <-l.arrivals():
		l.taken()
		return x, x.err
	case <-ctx.Done():
		return line{}, context.Cause(ctx)
	}
}
