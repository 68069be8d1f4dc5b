package tui

import (
	"strings"
	"testing"
	"time"

	"charm.land/bubbles/v2/key"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// The palette and the help name every action with its key, on every screen.
func TestEveryActionIsNamed(t *testing.T) {
	t.Parallel()
	m := New(Deps{Jobs: tuitest.NewJobs(time.Now), Files: &tuitest.Files{}})
	defer m.Close()
	m.resize(120, 36)
	for _, kind := range []nav.Kind{nav.Exports, nav.NewExport, nav.Transfers} {
		m.open(nav.Open{Kind: kind})
		v := palette(m.keys, m.help())
		groups := m.help()
		help := component.Help(m.th, append(groups, m.elsewhere(groups)), "", 100)
		for i := range help {
			help[i] = ansi.Strip(help[i])
		}
		for _, a := range m.keys.Actions() {
			v.search(strings.ReplaceAll(a.Name, "_", " "))
			if !has(v.shown, a.Name) {
				t.Errorf("screen %d: %s is not found in the palette by its name", kind, a.Name)
			}
			v.search("")
			if !has(v.shown, a.Name) {
				t.Errorf("screen %d: %s is not in the palette", kind, a.Name)
			}
			if !a.Binding.Enabled() {
				continue // this console cannot do it at all
			}
			sign, named := a.Binding.Help().Key, false
			for _, b := range bindings(append(groups, m.elsewhere(groups))) {
				if m.keys.NameOf(b) != a.Name {
					continue
				}
				for _, l := range help {
					named = named || strings.HasPrefix(l, "  "+sign+" ") && strings.Contains(l, b.Help().Desc)
				}
			}
			if !named {
				t.Errorf("screen %d: the help does not name %s (%s):\n%s", kind, a.Name, sign, strings.Join(help, "\n"))
			}
		}
	}
}

func bindings(groups []keymap.Group) (all []key.Binding) {
	for _, g := range groups {
		all = append(all, g.Bindings...)
	}
	return all
}

func has(shown []entry, name string) bool {
	for _, e := range shown {
		if e.name == name {
			return true
		}
	}
	return false
}

func TestFuzzy(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{"": true, "cp": true, "COPY P": true, "ypath": true, "pathx": false, "hp": false} {
		if _, ok := fuzzy(query, "copy path"); ok != want {
			t.Errorf("%q fits: %v", query, ok)
		}
	}
	better := func(query, a, b string) {
		x, _ := fuzzy(query, a)
		y, _ := fuzzy(query, b)
		if x <= y {
			t.Errorf("%q fits %q (%d) no better than %q (%d)", query, a, x, b, y)
		}
	}
	better("cop", "copy path", "chrome top")
	better("sort", "sort", "shorter range sort of")
}

// What is off is never offered as working, whatever a screen says.
func TestPaletteOffersNothingThatIsOff(t *testing.T) {
	t.Parallel()
	k := keymap.Default(false)
	k.Verify.SetEnabled(false)
	v := palette(k, []keymap.Group{{Bindings: append(k.Moving().Bindings, k.Verify)}})
	for _, e := range v.all {
		if e.works && e.name == "verify" || !e.works && e.name == "up" {
			t.Errorf("%s works: %v", e.name, e.works)
		}
	}
}
