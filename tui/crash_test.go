package tui

import (
	"bytes"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// faulty is a screen that panics where it is told to, with a message that
// would do harm on a terminal.
type faulty struct{ in string }

const badValue = "boom\x1b[2J"

func (f *faulty) maybe(where string) {
	if f.in == where {
		panic(badValue)
	}
}

func (f *faulty) Init() tea.Cmd { return nil }

func (f *faulty) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	f.maybe("Update")
	cmd := func() tea.Msg { panic(badValue) }
	switch k.String() {
	case "a":
		return cmd
	case "b":
		return tea.Batch(cmd, func() tea.Msg { return nav.Toast{Text: "the other one lives"} })
	case "c":
		return tea.Sequence(func() tea.Msg { return nil }, cmd)
	}
	return nil
}
func (f *faulty) SetSize(int, int)     { f.maybe("SetSize") }
func (f *faulty) View() string         { f.maybe("View"); return "all is well" }
func (f *faulty) Keys() []keymap.Group { f.maybe("Keys"); return nil }
func (f *faulty) Title() string        { f.maybe("Title"); return "Faulty" }

// onFaulty runs a console with a faulty screen on top of the exports.
func onFaulty(t *testing.T, in string, body func(t *testing.T, term *tuitest.Term, m *Model, log *bytes.Buffer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		m := New(Deps{
			Jobs: tuitest.NewJobs(time.Now), Location: time.UTC,
			Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		m.stack = append(m.stack, &page{open: nav.Open{Kind: nav.Export, Ref: 7}, screen: &faulty{in: in}})
		term := tuitest.Start(t, m, 80, 24)
		body(t, term, m, &log)
	})
}

func TestPanicInAScreenIsCaught(t *testing.T) {
	for _, in := range []string{"Update", "SetSize", "View", "Keys", "Title"} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			onFaulty(t, in, func(t *testing.T, term *tuitest.Term, _ *Model, log *bytes.Buffer) {
				term.Type("u")
				term.Need(t, "This screen had a fault: boom", "Nothing is lost", "R open it again")
				if strings.Contains(term.Raw(), badValue) {
					t.Error("the value reached the terminal as it was")
				}
				if !strings.Contains(log.String(), "crash_test.go") {
					t.Errorf("no stack in the log: %s", log)
				}
				term.Type("L")
				term.Need(t, "A fault in this screen: boom")
				term.Keys(tuitest.Esc, tuitest.Esc)
				term.Need(t, "No exports yet")
			})
		})
	}
}

func TestBrokenScreenCanBeOpenedAgain(t *testing.T) {
	t.Parallel()
	onFaulty(t, "View", func(t *testing.T, term *tuitest.Term, _ *Model, _ *bytes.Buffer) {
		term.Need(t, "had a fault")
		term.Type("R") // the router makes the real screen of that job
		term.NeedNot(t, "had a fault")
		term.Need(t, "→ Export")
	})
}

func TestPanicInACommandIsCaught(t *testing.T) {
	for _, k := range []string{"a", "b", "c"} {
		t.Run(k, func(t *testing.T) {
			t.Parallel()
			onFaulty(t, "", func(t *testing.T, term *tuitest.Term, _ *Model, log *bytes.Buffer) {
				term.Type(k)
				term.Need(t, "all is well")
				term.Type("L")
				term.Need(t, "A fault in the background: boom")
				if k == "b" {
					term.Need(t, "the other one lives")
				}
				if !strings.Contains(log.String(), "crash_test.go") {
					t.Errorf("no stack in the log: %s", log)
				}
			})
		})
	}
}

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	var n notices
	for range 10 * maxNotices {
		n.add(time.Now(), nav.Info, "again")
	}
	if len(n.log) != maxNotices || cap(n.log) > 2*maxNotices {
		t.Errorf("%d kept, room for %d", len(n.log), cap(n.log))
	}
}

func TestRemoteConsoleCannotBeSuspended(t *testing.T) {
	t.Parallel()
	m := New(Deps{Jobs: tuitest.NewJobs(time.Now), Remote: true, Env: []string{"TERM_PROGRAM=ghostty"}})
	defer m.Close()
	m.resize(80, 24)
	if cmd := m.key(tea.KeyPressMsg{Code: 'z', Mod: tea.ModCtrl}); cmd != nil {
		t.Error("ctrl+z does something")
	}
	if m.term != (terminal{}) {
		t.Errorf("a remote console takes the terminal for this machine's: %+v", m.term)
	}
	for _, g := range m.help() {
		for _, b := range g.Bindings {
			if b.Enabled() && b.Help().Key == "ctrl+z" {
				t.Error("the help offers ctrl+z")
			}
		}
	}
}

// Every binding of the map has keys and words, and no two bindings of one
// screen share a key.
func TestBindings(t *testing.T) {
	t.Parallel()
	v := reflect.ValueOf(*keymap.Default(false))
	for i := range v.NumField() {
		b, ok := v.Field(i).Interface().(key.Binding)
		if !ok || len(b.Keys()) == 0 || b.Help().Key == "" || b.Help().Desc == "" {
			t.Errorf("%s is not a whole binding", v.Type().Field(i).Name)
		}
	}
	jobs := tuitest.NewJobs(time.Now)
	m := New(Deps{Jobs: jobs})
	defer m.Close()
	m.resize(120, 36)
	for _, kind := range []nav.Kind{nav.Exports, nav.NewExport, nav.Transfers} {
		m.open(nav.Open{Kind: kind})
		seen := map[string]string{}
		for _, g := range m.help() {
			for _, b := range g.Bindings {
				for _, k := range b.Keys() {
					if other, ok := seen[k]; ok && b.Enabled() && other != b.Help().Desc {
						t.Errorf("%q is %q and %q on screen %d", k, other, b.Help().Desc, kind)
					}
					seen[k] = b.Help().Desc
				}
			}
		}
	}
}

func TestCrashIsSafeToShow(t *testing.T) {
	t.Parallel()
	if err := (crash{value: errors.New("x\x1by")}).Error(); strings.Contains(err, "\x1b") {
		t.Errorf("%q", err)
	}
}
