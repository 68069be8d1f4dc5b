package apikey

import (
	"context"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

const pasted = "dtk_live_secret"

// nobody are accounts that know nothing.
type nobody struct{}

func (nobody) Find(context.Context, func(string)) (tea.Msg, error) { return nil, context.Canceled }

func (nobody) Demo(context.Context) (tea.Msg, error)                    { return nil, context.Canceled }
func (nobody) Places(context.Context) []Place                           { return nil }
func (nobody) Keep(context.Context, Place, client.Key) (tea.Msg, error) { return nil, context.Canceled }

func (nobody) Check(context.Context, client.Key) (client.Project, error) {
	return client.Project{}, nil
}

func screen(t *testing.T) *Model {
	m := New(Deps{
		Ctx: t.Context(), Accounts: nobody{}, Theme: theme.New(false), Keys: keymap.Default(false), Now: time.Now,
		Message: func(err error) (string, string) { return err.Error(), "" }, NoKey: func(error) bool { return false },
	}, false, "")
	m.SetSize(80, 20)
	return m
}

func press(m *Model, code rune) { m.Update(tea.KeyPressMsg{Code: code}) }

// What the field held is overwritten, whichever way it is emptied.
func TestFieldIsWiped(t *testing.T) {
	t.Parallel()
	for name, empty := range map[string]func(*Model){
		"used":    func(m *Model) { press(m, tea.KeyEnter) },
		"escaped": func(m *Model) { press(m, tea.KeyEscape) },
		"cleared": func(m *Model) { m.Update(tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl}) },
		"deleted": func(m *Model) {
			for range pasted {
				press(m, tea.KeyBackspace)
			}
		},
		"demo":     func(m *Model) { press(m, tea.KeyTab); press(m, tea.KeyEnter) },
		"too long": func(m *Model) { m.Update(tea.PasteMsg{Content: strings.Repeat("x", maxTyped)}) },
	} {
		m := screen(t)
		m.Update(tea.PasteMsg{Content: pasted})
		before := &m.typed[:1][0]
		empty(m)
		m.add(" ")
		if &m.typed[0] != before {
			t.Errorf("%s: the field was copied", name)
		}
		if s := string(m.typed[:cap(m.typed)]); strings.Contains(s, pasted[1:]) {
			t.Errorf("%s: the key is still in the field's memory", name)
		}
	}
}

func TestTake(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		pasted: pasted, "\t " + pasted + "\r\n": pasted, "Bearer " + pasted: pasted, "bEARER  " + pasted + "\n": pasted,
		"": "", "  ": "", "two words": "", "line\nline": "", "\x1b[200~": "", "schlüssel": "", "\x7f": "", "a\x00b": "",
	} {
		m := screen(t)
		m.Update(tea.PasteMsg{Content: typed})
		k, wrong := m.take()
		if (wrong == "") != (want != "") || !k.Equal(client.NewKey(want)) {
			t.Errorf("%q is taken as the wrong key, or %q", typed, wrong)
		}
		if len(m.typed) != 0 {
			t.Errorf("%q stays in the field", typed)
		}
	}
}

func TestOfferedPlaces(t *testing.T) {
	t.Parallel()
	names := func(places []Place) (s string) {
		for _, p := range places {
			s += p.Name + ";"
		}
		return s
	}
	got := offered([]Place{{ID: "r", Name: "ring", Unavailable: "locked"}, {ID: "f", Name: "file"}})
	if names(got) != "file;this session only;ring;" {
		t.Errorf("places are %s", names(got))
	}
	if got = offered(nil); names(got) != "this session only;" {
		t.Errorf("without any place they are %s", names(got))
	}
	if got = offered([]Place{{Name: "until you quit", Unavailable: "never"}}); names(got) != "until you quit;" || got[0].Unavailable != "" {
		t.Errorf("the session's place is %+v", got)
	}
}

func TestPasteGoesToTheField(t *testing.T) {
	t.Parallel()
	m := screen(t)
	press(m, tea.KeyDown)
	if m.Typing() {
		t.Fatal("the cursor did not leave the field")
	}
	m.Update(tea.PasteMsg{Content: pasted})
	if !m.Typing() || !strings.Contains(m.View(), "15 characters") {
		t.Errorf("the paste went elsewhere:\n%s", m.View())
	}
}

func TestCursorStandsBehindTheField(t *testing.T) {
	t.Parallel()
	for _, h := range []int{20, 6, 3} {
		m := screen(t)
		m.SetSize(80, h)
		m.Update(tea.PasteMsg{Content: pasted})
		c := m.Cursor()
		if c == nil {
			t.Fatalf("no cursor on %d lines:\n%s", h, m.View())
		}
		line := []rune(strings.Split(m.View(), "\n")[c.Y])
		if !strings.Contains(string(line), "Key: ") {
			t.Errorf("the cursor is on line %q", string(line))
		}
	}
}
