package component

import (
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Form asks one question, with a field of huh. The way through several
// questions is the caller's: a huh form of more than one group or field can
// leave a person in a field that takes no keys.
//
// Only the drawing and editing of the field is huh's. Enter is judged here, so
// that an answer is taken in the moment its key arrives: huh would go on by a
// message, and keys typed meanwhile would go to the wrong question. No command
// of huh's is run: they are the blinking of a cursor, and a question for the
// window's size that is never answered over SSH.
type Form struct {
	th     *theme.Theme
	build  func() huh.Field
	form   *huh.Form
	text   string
	values []string
	check  func() error
	err    error

	choices []Choice
	at      string // the choice under the cursor
	single  bool   // it is the answer
	typing  bool

	w, h int
	look string
}

// Choice is one answer to choose from. Labels are unique in a form.
type Choice struct{ Label, Value string }

// Question is what a Form shows above its field.
type Question struct {
	Title, Hint string // one line and a sentence or two; safe to show
}

// NewSelect asks for one of some choices. A value that is none of them is the first.
func NewSelect(th *theme.Theme, q Question, choices []Choice, value string) *Form {
	f := &Form{th: th, text: value, at: value, choices: choices, single: true, check: func() error { return nil }}
	f.build = func() huh.Field {
		hint, height := f.room(q, len(choices))
		return huh.NewSelect[string]().Title(q.Title).Description(hint).
			Options(options(choices)...).Height(height).Value(&f.text)
	}
	f.rebuild()
	f.at = f.hovered()
	return f
}

// NewChecks asks for any number of some choices that check finds enough.
func NewChecks(th *theme.Theme, q Question, choices []Choice, values []string, check func([]string) error) *Form {
	f := &Form{th: th, values: values, choices: choices}
	f.check = func() error { return check(f.values) }
	f.build = func() huh.Field {
		hint, height := f.room(q, len(choices))
		// With a filter huh's MultiSelect can panic, and can be talked past its limit.
		return huh.NewMultiSelect[string]().Title(q.Title).Description(hint).Filterable(false).
			Options(options(choices)...).Height(height).Value(&f.values)
	}
	f.rebuild()
	return f
}

// NewInput asks for a line of text that check finds right. It is checked at
// every key, and shown in [Form.Err].
func NewInput(th *theme.Theme, q Question, placeholder, value string, check func(string) error) *Form {
	f := &Form{th: th, text: value, typing: true}
	f.check = func() error { return check(f.text) }
	f.build = func() huh.Field {
		return huh.NewInput().Title(q.Title).Description(q.Hint).Placeholder(placeholder).
			CharLimit(4096).Value(&f.text)
	}
	f.rebuild()
	f.err = f.check()
	return f
}

func options(choices []Choice) []huh.Option[string] {
	o := make([]huh.Option[string], len(choices))
	for i, c := range choices {
		o[i] = huh.NewOption(c.Label, c.Value)
	}
	return o
}

// room is the height of a field with so many lines under its question, and
// the question's hint: it is left out where the lines would have to scroll.
func (f *Form) room(q Question, lines int) (hint string, height int) {
	tall := func(s string) int {
		if s == "" {
			return 0
		}
		return lipgloss.Height(lipgloss.Wrap(s, max(1, f.w-2), ""))
	}
	if h := lines + tall(q.Title) + tall(q.Hint); h <= f.h {
		return q.Hint, h
	}
	return "", max(1, min(f.h, lines+tall(q.Title)))
}

// rebuild makes the huh form anew with the answer so far. It is what resizing
// takes: fields that were drawn small once never grow again.
func (f *Form) rebuild() {
	f.look = f.th.Look()
	styles := f.styles()
	f.form = huh.NewForm(huh.NewGroup(f.build())).
		WithTheme(huh.ThemeFunc(func(bool) *huh.Styles { return styles })).
		WithKeyMap(formKeys()).WithShowHelp(false).WithShowErrors(false).
		WithWidth(max(1, f.w)).WithHeight(max(1, f.h))
	_ = f.form.Init() // focuses the field; its command is not wanted, see Form
	f.hover()
	if f.typing {
		// A field that is made with its text scrolls to its cursor only when a key comes.
		f.edit(tea.KeyPressMsg{Code: tea.KeyEnd})
	}
}

// hoverer is what huh's select and multi-select tell of their cursors.
type hoverer interface{ Hovered() (string, bool) }

// hovered is the choice under the cursor, "" if there is none.
func (f *Form) hovered() string {
	if h, ok := f.form.GetFocusedField().(hoverer); ok {
		if v, ok := h.Hovered(); ok {
			return v
		}
	}
	return ""
}

// hover brings the cursor of a new field to where it was in the last one.
func (f *Form) hover() {
	down := tea.KeyPressMsg{Code: tea.KeyDown}
	for range len(f.choices) {
		if f.at == "" || f.hovered() == f.at {
			return
		}
		f.edit(down)
	}
}

// formKeys is huh's way to move and choose, without filters and without going
// on by itself.
func formKeys() *huh.KeyMap {
	k := huh.NewDefaultKeyMap()
	for _, b := range []*key.Binding{
		&k.Quit, &k.Select.Filter, &k.MultiSelect.Filter, &k.Select.Prev, &k.Select.Next, &k.Select.Submit,
		&k.MultiSelect.Prev, &k.MultiSelect.Next, &k.MultiSelect.Submit,
		&k.Input.Prev, &k.Input.Next, &k.Input.Submit, &k.Input.AcceptSuggestion,
	} {
		*b = key.NewBinding(key.WithDisabled())
	}
	return k
}

// SetSize gives the form w×h cells.
func (f *Form) SetSize(w, h int) {
	if f.w == w && f.h == h {
		return
	}
	f.w, f.h = w, h
	f.rebuild()
}

// Update takes keys and pasted text, and nothing else. Whether the answer is
// there is the caller's question: see Submit.
func (f *Form) Update(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if s := msg.String(); s == "enter" || s == "tab" || s == "shift+tab" || s == "esc" {
			return
		}
	case tea.PasteMsg:
	default:
		return
	}
	f.edit(msg)
	f.at = f.hovered()
	if f.single {
		f.text = f.at // huh's own value does not follow every key
	}
	f.err = f.check()
}

// Click puts the cursor on the choice that is drawn on line y of the view, and
// reports whether there is one.
func (f *Form) Click(y int) bool {
	lines := strings.Split(ansi.Strip(f.View()), "\n")
	if y < 0 || y >= len(lines) {
		return false
	}
	for _, c := range f.choices {
		if strings.HasSuffix(lines[y], " "+c.Label) {
			f.at = c.Value
			if f.single {
				f.text = c.Value
			}
			f.rebuild()
			f.err = f.check()
			return true
		}
	}
	return false
}

func (f *Form) edit(msg tea.Msg) {
	m, _ := f.form.Update(msg)
	if form, ok := m.(*huh.Form); ok {
		f.form = form
	}
}

// Submit judges the answer: nil takes it.
func (f *Form) Submit() error {
	f.err = f.check()
	return f.err
}

// Err is what is wrong with the answer so far, nil if nothing is.
func (f *Form) Err() error { return f.err }

// Text is the answer of a select or an input.
func (f *Form) Text() string { return f.text }

// Values are the answers of checks, in the order of the choices.
func (f *Form) Values() []string { return f.values }

// SetText replaces the text of an input.
func (f *Form) SetText(s string) {
	f.text = s
	f.rebuild()
	f.err = f.check()
}

// At is the choice under the cursor, "" if there is none.
func (f *Form) At() string { return f.at }

// Pasted is pasted text as a field takes it: on one line, and without what acts
// on a terminal or turns the direction of its text.
func Pasted(msg tea.PasteMsg) tea.PasteMsg {
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, msg.Content)
	return tea.PasteMsg{Content: strings.Join(strings.Fields(plain), " ")}
}

// Typing reports whether the field takes text.
func (f *Form) Typing() bool { return f.typing }

// View draws the question and its field.
func (f *Form) View() string {
	if f.w <= 0 || f.h <= 0 {
		return ""
	}
	if f.look != f.th.Look() {
		f.rebuild()
	}
	lines := strings.Split(f.form.View(), "\n")
	for i := range lines {
		lines[i] = Cut(f.th, strings.TrimRight(undirected(lines[i]), " "), f.w)
	}
	return strings.TrimRight(strings.Join(lines[:min(len(lines), f.h)], "\n"), "\n")
}

// undirected is a line without what turns the direction of its text: a folder
// on the disk may have it in its name.
func undirected(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}

// styles are the tokens of the theme in huh's words.
func (f *Form) styles() *huh.Styles {
	t, g := f.th, f.th.Glyphs
	s := huh.ThemeBase(f.th.Dark())
	mark := lipgloss.ThickBorder()
	if g.ASCII {
		mark = lipgloss.ASCIIBorder()
	}
	x := &s.Focused
	x.Base = lipgloss.NewStyle().PaddingLeft(1).BorderStyle(mark).BorderLeft(true).
		BorderForeground(t.Border.GetForeground())
	x.Title, x.Description = t.Title, t.Muted
	x.ErrorIndicator = lipgloss.NewStyle()
	x.SelectSelector = t.Accent.SetString(g.Cursor + " ")
	x.MultiSelectSelector = x.SelectSelector
	x.Option, x.UnselectedOption = t.Text, t.Text
	x.SelectedOption = t.Strong
	x.SelectedPrefix = t.Good.SetString("[" + g.Check + "] ")
	x.UnselectedPrefix = t.Muted.SetString("[ ] ")
	x.TextInput.Prompt = t.Accent
	x.TextInput.Text = t.Text
	x.TextInput.Placeholder = t.Muted
	x.TextInput.Cursor = t.Accent
	s.Blurred = s.Focused
	return s
}
