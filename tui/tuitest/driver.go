package tuitest

import (
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Driver runs a model without a program and without a terminal: a message goes
// in, the model's commands run, and what they answer waits until the test hands
// it over, in whatever order. Make it with Drive, inside a synctest bubble.
type Driver struct {
	Model tea.Model

	quit    bool
	mu      sync.Mutex
	answers []tea.Msg
	running sync.WaitGroup
}

// Drive starts a model. At the end of the test it is closed, if it can be, and
// its commands are waited for.
func Drive(tb testing.TB, m tea.Model) *Driver {
	tb.Helper()
	d := &Driver{Model: m}
	tb.Cleanup(func() {
		if c, ok := m.(interface{ Close() }); ok {
			c.Close()
		}
		time.Sleep(time.Hour) // no timer outlives that
		d.running.Wait()
	})
	d.run(m.Init())
	return d
}

// Send gives the model a message and lets its commands come to rest.
func (d *Driver) Send(msg tea.Msg) {
	m, cmd := d.Model.Update(msg)
	d.Model = m
	d.run(cmd)
}

// run starts a command; what it answers is kept.
func (d *Driver) run(cmd tea.Cmd) {
	if cmd != nil {
		d.running.Go(func() { d.answer(cmd()) })
	}
	synctest.Wait()
}

// answer keeps a message, and starts the commands of a batch or a sequence.
func (d *Driver) answer(msg tea.Msg) {
	v := reflect.ValueOf(msg)
	if !v.IsValid() {
		return
	}
	if v.Kind() == reflect.Slice && v.Type().Elem() == reflect.TypeFor[tea.Cmd]() {
		for i := range v.Len() {
			if cmd, ok := v.Index(i).Interface().(tea.Cmd); ok && cmd != nil {
				d.running.Go(func() { d.answer(cmd()) })
			}
		}
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := msg.(tea.QuitMsg); ok {
		d.quit = true
		return
	}
	d.answers = append(d.answers, msg)
}

// Waiting is how many answers have not been handed over.
func (d *Driver) Waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.answers)
}

// Deliver hands over the i-th of the answers that wait.
func (d *Driver) Deliver(i int) {
	d.mu.Lock()
	msg := d.answers[i]
	d.answers = append(d.answers[:i:i], d.answers[i+1:]...)
	d.mu.Unlock()
	d.Send(msg)
}

// Drain hands over all answers, and those that come of them, the oldest first.
func (d *Driver) Drain() {
	for d.Waiting() > 0 {
		d.Deliver(0)
	}
}

// Pass lets fake time pass; what comes of it waits.
func (d *Driver) Pass(t time.Duration) {
	time.Sleep(t)
	synctest.Wait()
}

// Quit reports whether the model has asked to end.
func (d *Driver) Quit() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.quit
}
