package plain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
)

// menu is a numbered list to choose from.
type menu struct {
	title string
	items []string
	// from is how many items stand on the pages before this one.
	from int
	// usual is what Enter chooses: an index of items, unless usualWord is set.
	usual     int
	usualWord string
	help      []string
	// first is set where there is nothing to go back to.
	first bool
	// word takes an answer that is no number, and no word that works everywhere;
	// false is no answer. nil takes none.
	word func(typed string) bool
}

// choose asks until one of the items is chosen, and gives its index. With word
// it may give -1: an answer beside the numbers.
func (c *console) choose(ctx context.Context, m menu) (int, error) {
	c.list(m)
	for {
		typed, err := c.answer(ctx, m.ask())
		if err != nil {
			return 0, err
		}
		if typed == "" {
			typed = m.enter()
		}
		lower := strings.ToLower(exact(typed))
		n, bad := strconv.Atoi(strings.TrimSuffix(typed, "."))
		switch {
		case bad == nil && n > m.from && n <= m.from+len(m.items):
			return n - m.from - 1, nil
		case lower == "q":
			return 0, errQuit
		case isBack(lower) && m.first:
			c.out.line("There is nothing before this. Type q to quit.")
		case isBack(lower):
			return 0, errBack
		case lower == "?" || lower == "help":
			c.explain(m.help)
			c.list(m)
		case m.word != nil && m.word(lower):
			return -1, nil
		default:
			c.out.line(fmt.Sprintf("\"%s\" is none of the choices. Type %s, or ? for help.", safe(typed), m.numbers()))
		}
	}
}

// enter is the answer that an empty line stands for.
func (m menu) enter() string {
	if m.usualWord != "" {
		return m.usualWord
	}
	return strconv.Itoa(m.from + m.usual + 1)
}

// ask is what may be typed, and what Enter means.
func (m menu) ask() string {
	ask := "Type "
	if len(m.items) > 0 {
		ask += "a number, "
	}
	if m.word != nil {
		ask += "? for more answers, "
	}
	if !m.first {
		ask += "back, "
	}
	return ask + "or q to quit. Enter means " + m.enter() + ":"
}

func (m menu) numbers() string {
	switch first, last := m.from+1, m.from+len(m.items); {
	case last < first:
		return "back"
	case first == last:
		return strconv.Itoa(first)
	default:
		return fmt.Sprintf("a number from %d to %d", first, last)
	}
}

// item is a choice that does something.
type item struct {
	label string
	do    func(context.Context) error
}

// pick has one of the items chosen and does it; done says that it was done to
// its end. Whoever goes back from an item is at this menu again: that is no
// error. errBack leads from the menu itself.
func (c *console) pick(ctx context.Context, m menu, items []item) (done bool, err error) {
	for _, it := range items {
		m.items = append(m.items, it.label)
	}
	n, err := c.choose(ctx, m)
	if err != nil {
		return false, err
	}
	err = items[n].do(ctx)
	return err == nil, staying(err)
}

// andStay is an item after which the menu is told again.
func (it item) andStay() item {
	return item{it.label, func(ctx context.Context) error { return errOr(it.do(ctx), errBack) }}
}

// list writes the title and the items.
func (c *console) list(m menu) {
	c.out.line("")
	if m.title != "" {
		c.out.line(m.title)
	}
	for i, item := range m.items {
		c.out.line(strconv.Itoa(m.from+i+1) + ". " + item)
	}
}

// explain writes the help for a question.
func (c *console) explain(help []string) {
	for _, h := range help {
		c.out.line(h)
	}
	c.out.line("At every question: back goes back, quit ends the program.")
}

// question takes one line of text.
type question struct {
	list []string // lines before it
	ask  string   // without the default and the mark at its end
	// usual is what Enter means; "" with optional is nothing at all.
	usual     string
	usualName string // what is said of it; "" is usual itself
	optional  bool
	help      []string
	// check gives the answer as it counts, or says in a sentence why it is none.
	check func(typed string) (value, wrong string)
}

// text asks until the answer is one.
func (c *console) text(ctx context.Context, q question) (string, error) {
	ask := q.ask
	switch name := q.usualName; {
	case name != "":
		ask += " Enter means " + name + ":"
	case q.usual != "":
		ask += " Enter means " + safe(q.usual) + ":"
	default:
		ask += " There is no default:"
	}
	list := func() {
		c.out.line("")
		for _, l := range q.list {
			c.out.line(l)
		}
	}
	list()
	for {
		typed, err := c.answer(ctx, ask)
		if err != nil {
			return "", err
		}
		lower := strings.ToLower(typed)
		switch {
		case isBack(lower):
			return "", errBack
		case lower == "?":
			c.explain(q.help)
			list()
			continue
		case typed == "" && q.usual == "" && !q.optional:
			c.out.line("An answer is needed here. Type ? for help, or back.")
			continue
		case typed == "":
			typed = q.usual
		}
		value, wrong := q.check(typed)
		if wrong == "" {
			return value, nil
		}
		c.out.line(wrong)
	}
}

func isBack(lower string) bool { return lower == "back" || lower == "b" }

// answer asks once and gives the line without the blanks around it. The word
// "quit" ends the program at any question.
func (c *console) answer(ctx context.Context, ask string) (string, error) {
	for {
		c.news()
		c.out.ask(ask)
		if c.out.err != nil {
			return "", c.out.err
		}
		l, err := c.in.next(ctx)
		if err != nil {
			return "", err
		}
		c.out.answered()
		typed := strings.TrimSpace(l.text)
		switch {
		case l.tooLong:
			c.out.line("That line is too long to be an answer.")
		case strings.EqualFold(typed, "quit"):
			return "", errQuit
		default:
			return typed, nil
		}
	}
}

// hidden asks for a line that is not shown. An empty one is errBack.
func (c *console) hidden(ctx context.Context, ask string, help []string) (string, error) {
	for {
		c.out.ask(ask)
		if c.out.err != nil {
			return "", c.out.err
		}
		typed, err := c.d.ReadHidden(ctx)
		c.out.endLine() // the terminal has shown no line feed either
		typed = strings.TrimSpace(typed)
		switch {
		case ctx.Err() != nil:
			return "", context.Cause(ctx)
		case errors.Is(err, io.EOF) && typed == "":
			return "", errEnd
		case err != nil && !errors.Is(err, io.EOF):
			c.failed(fmt.Errorf("read the key: %w", err))
			return "", errBack
		case typed == "" || isBack(strings.ToLower(typed)):
			return "", errBack
		case strings.EqualFold(typed, "quit"):
			return "", errQuit
		case typed == "?":
			c.explain(help)
		case len(typed) > maxLine:
			c.out.line("That is too long to be a key.")
		default:
			return typed, nil
		}
	}
}

// patience is how long something may last before it is said that it lasts.
const patience = 10 * time.Second

// await does what may last. The person hears what it waits for, and can then
// go back or quit; what is under way is ended. f must not touch the console; it
// may call notice at any time.
func (c *console) await(ctx context.Context, doing string, f func(ctx context.Context, notice func(string)) error) error {
	if doing != "" {
		c.out.line(doing)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done, heard := make(chan error, 1), make(chan string, 8)
	notice := func(s string) {
		select {
		case heard <- s:
		default: // nobody reads that fast
		}
	}
	go func() { done <- c.guarded(func() error { return f(ctx, notice) }) }()
	long := time.NewTimer(patience)
	defer long.Stop()
	var typed <-chan line // nil until it is said that one may type
	listen := func(words string) {
		c.out.line(words + " Type back to stop waiting.")
		if c.in.held == nil {
			typed = c.in.arrivals()
		}
	}
	for {
		select {
		case err := <-done:
			return err
		case words := <-heard:
			listen(safeLong(words))
		case <-long.C:
			listen("Still waiting.")
		case l := <-typed:
			c.in.taken()
			typed = nil
			switch lower := strings.ToLower(strings.TrimSpace(l.text)); {
			case l.err != nil:
				return l.err
			case isBack(lower):
				return errBack
			case slices.Contains([]string{"q", "quit"}, lower):
				return errQuit
			default:
				c.in.hold(l) // it is meant for the next question
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// guarded makes an error of a panic.
func (c *console) guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.d.Log.Error("panic", "value", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error: %s", text.Untrusted(fmt.Sprint(p)).Safe())
		}
	}()
	return f()
}
