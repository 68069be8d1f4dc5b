package apikey

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// widest is how wide running text gets at most.
const widest = 90

// page draws the screen.
type page struct {
	component.Page
	m *Model
}

// View draws the screen.
func (m *Model) View() string { return component.Fit(m.d.Theme, m.page(), m.w, m.h) }

func (m *Model) page() []component.Line {
	p := &page{component.Page{Theme: m.d.Theme, Width: min(m.w, widest)}, m}
	if m.note.text != "" {
		p.Add(component.RankAlways, component.Notice(m.d.Theme, m.note.tone, m.note.text, p.Width)...)
		p.Blank()
	}
	switch m.stage {
	case finding:
		p.finding()
	case asking:
		p.asking()
	case checking:
		p.working("Asking the API about the key")
	case choosing:
		p.choosing()
	case keeping:
		p.working("Keeping the key: " + safe(m.places[m.place].Name))
	case entering:
		p.working("Opening the demo")
	}
	return p.Lines
}

func (p *page) working(what string) {
	th := p.m.d.Theme
	p.Add(component.RankAlways, th.Active.Render(th.Spinner(p.m.frame)+" "+what+th.Glyphs.Ellipsis))
}

func (p *page) finding() {
	m, th := p.m, p.m.d.Theme
	p.working("Looking for the key" + m.ofProfile())
	if m.notice == "" {
		return
	}
	p.Blank()
	p.Add(component.RankAlways, component.Notice(th, theme.Caution, m.notice, p.Width)...)
	p.Say(component.RankAlways, m.d.Keys.Back.Help().Key+" ends the search; then a key can be given in another way.", 2)
}

// ofProfile names the profile, if it has a name to show.
func (m *Model) ofProfile() string {
	if m.d.Profile == "" {
		return ""
	}
	return " of the profile " + safe(m.d.Profile)
}

func (p *page) asking() {
	m, th := p.m, p.m.d.Theme
	arrow := " " + th.Glyphs.Arrow + " "
	p.Add(component.RankMain, th.Title.Render("An API key"+m.ofProfile()))
	p.Say(component.RankUseful, "Make one in Dashtray: Settings"+arrow+"API keys.", 0)
	p.Say(component.RankUseful, "Its owner has to be an owner or editor of the project: viewers cannot export.", 0)
	p.Say(component.RankUseful, "The key is checked first; then you choose where it is kept.", 0)
	p.Blank()
	p.Add(component.RankAlways, p.choice(0, fieldLabel)+m.field())
	for i, w := range m.ways() {
		p.Add(component.RankAlways, p.choice(i+1, w.label))
	}
}

const fieldLabel = "Key: "

// field is what is shown of the key: how long it is.
func (m *Model) field() string {
	th := m.d.Theme
	n := utf8.RuneCountInString(trimmed(m.typed))
	if n == 0 {
		return th.Muted.Render("paste it here; it stays hidden")
	}
	return th.Strong.Render(m.counted(n)) + th.Muted.Render(", hidden")
}

func (m *Model) counted(n int) string { return component.Plural(int64(n), "character") }

// choice is a line with the cursor before it, if it is there.
func (p *page) choice(i int, label string) string {
	th := p.m.d.Theme
	if i == p.m.way {
		return th.Accent.Render(th.Glyphs.Cursor + " " + label)
	}
	return "  " + th.Text.Render(label)
}

// Cursor is where the field's cursor belongs.
func (m *Model) Cursor() *tea.Cursor {
	if !m.Typing() {
		return nil
	}
	at := len("  " + fieldLabel)
	if n := utf8.RuneCountInString(trimmed(m.typed)); n > 0 {
		at += len(m.counted(n))
	}
	// On a small screen lines above it are left out, so it is found where it is drawn.
	head := m.d.Theme.Glyphs.Cursor + " " + fieldLabel
	for y, l := range strings.Split(m.View(), "\n") {
		if strings.HasPrefix(ansi.Strip(l), head) {
			return tea.NewCursor(at, y)
		}
	}
	return nil
}

func (p *page) choosing() {
	m, th := p.m, p.m.d.Theme
	whose := "The key is good."
	if name := safe(m.project.Name.Safe()); name != "" {
		whose = "The key is good. Its project is " + name + "."
	}
	p.Add(component.RankAlways, component.Notice(th, theme.Good, whose, p.Width)...)
	p.Blank()
	p.Add(component.RankMain, th.Title.Render("Where should it be kept?"))
	for i, place := range m.places {
		switch {
		case place.Unavailable != "":
			p.Add(component.RankMain, component.Notice(th, theme.Faint, safe(place.Name)+", not here: "+safe(place.Unavailable), p.Width)...)
		case i == m.place:
			p.Add(component.RankAlways, th.Accent.Render(th.Glyphs.Cursor+" "+safe(place.Name)))
			p.Say(component.RankAlways, safe(place.What), 4)
		default:
			p.Add(component.RankAlways, "  "+th.Text.Render(safe(place.Name)))
			p.Say(component.RankUseful, safe(place.What), 4)
		}
	}
}
