package tui

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
)

// Tail is a log handler that keeps the last lines of the log for the console to
// show, and passes all on to another handler. Make it with [NewTail].
type Tail struct {
	next  slog.Handler
	kept  *keptLines
	attrs []slog.Attr
	group string
}

type keptLines struct {
	mu    sync.Mutex
	lines []logLine // oldest first
}

// logLine is one line of the log, safe to show.
type logLine struct {
	at    time.Time
	level slog.Level
	text  string
}

const maxLogLines = 200

// NewTail makes a Tail before another handler.
func NewTail(next slog.Handler) *Tail { return &Tail{next: next, kept: &keptLines{}} }

// Enabled is set for all that is worth a person's look, whatever the next
// handler takes.
func (t *Tail) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelInfo || t.next.Enabled(ctx, l)
}

// Handle keeps a record and passes it on.
func (t *Tail) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo {
		t.keep(r)
	}
	if !t.next.Enabled(ctx, r.Level) {
		return nil
	}
	return t.next.Handle(ctx, r)
}

func (t *Tail) keep(r slog.Record) {
	var b strings.Builder
	b.WriteString(r.Message)
	add := func(a slog.Attr) bool {
		if a.Key != "stack" { // of a panic: for the file
			b.WriteString(" " + a.Key + "=" + a.Value.Resolve().String())
		}
		return true
	}
	for _, a := range t.attrs {
		add(a)
	}
	r.Attrs(func(a slog.Attr) bool {
		a.Key = t.group + a.Key
		return add(a)
	})
	line := logLine{r.Time, r.Level, text.Untrusted(b.String()).Safe()}
	t.kept.mu.Lock()
	defer t.kept.mu.Unlock()
	t.kept.lines = append(t.kept.lines, line)
	if n := len(t.kept.lines) - maxLogLines; n > 0 {
		t.kept.lines = slices.Delete(t.kept.lines, 0, n)
	}
}

// WithAttrs is slog's.
func (t *Tail) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *t
	c.next = t.next.WithAttrs(attrs)
	c.attrs = slices.Clone(t.attrs)
	for _, a := range attrs {
		a.Key = t.group + a.Key
		c.attrs = append(c.attrs, a)
	}
	return &c
}

// WithGroup is slog's.
func (t *Tail) WithGroup(name string) slog.Handler {
	c := *t
	c.next = t.next.WithGroup(name)
	if name != "" {
		c.group = t.group + name + "."
	}
	return &c
}

// last are the lines that are kept, oldest first.
func (t *Tail) last() []logLine {
	if t == nil {
		return nil
	}
	t.kept.mu.Lock()
	defer t.kept.mu.Unlock()
	return slices.Clone(t.kept.lines)
}
