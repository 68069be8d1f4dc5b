package tui

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// newProfile asks for a profile's name, and for the address of its API.
type newProfile struct {
	th    *theme.Theme
	taken []Profile
	form  *component.Form
	name  string // "" until it is answered
	url   string
	wrong string // why the answer was not taken, until it changes
}

func addProfile(th *theme.Theme, taken []Profile) *newProfile {
	a := &newProfile{th: th, taken: taken}
	a.askName("")
	return a
}

func (a *newProfile) askName(name string) {
	a.name = ""
	a.form = component.NewInput(a.th, component.Question{
		Title: "A name for the profile?", Hint: "Letters, digits, - and _.",
	}, "", name, a.checkName)
}

func (a *newProfile) askURL() {
	a.form = component.NewInput(a.th, component.Question{
		Title: "The API's address?", Hint: "Leave it empty for Dashtray's own.",
	}, "https://", a.url, checkURL)
}

// checkName judges a name. It becomes part of file names and of the names of
// stored keys, hence so few signs.
func (a *newProfile) checkName(name string) error {
	name = strings.TrimSpace(name)
	fits := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	switch {
	case name == "":
		return errors.New("a name is needed")
	case !fits.MatchString(name):
		return errors.New("a name has letters, digits, - and _, up to 64, and begins with a letter or digit")
	case slices.ContainsFunc(a.taken, func(p Profile) bool { return p.Name == name }):
		return errors.New("there is a profile of that name")
	}
	return nil
}

func checkURL(raw string) error {
	if strings.TrimSpace(raw) == "" {
		return nil
	}
	if _, err := client.ParseBase(raw); err != nil {
		return errors.New("no key may be sent to that address: it begins with https://, or with http:// on this machine")
	}
	return nil
}

// addStep is what a key led to.
type addStep int

const (
	addAsking addStep = iota
	addGivenUp
	addAnswered
)

func (a *newProfile) update(k *keymap.Map, msg tea.KeyPressMsg) addStep {
	switch {
	case key.Matches(msg, k.Back) && a.name == "":
		return addGivenUp
	case key.Matches(msg, k.Back), key.Matches(msg, k.PrevField) && a.name != "":
		a.url, a.wrong = strings.TrimSpace(a.form.Text()), ""
		a.askName(a.name)
	case key.Matches(msg, k.Next, k.NextField):
		if err := a.form.Submit(); err != nil {
			a.wrong = strings.ToUpper(err.Error()[:1]) + err.Error()[1:] + "."
			return addAsking
		}
		if a.name == "" {
			a.name = strings.TrimSpace(a.form.Text())
			a.askURL()
			return addAsking
		}
		a.url = strings.TrimSpace(a.form.Text())
		return addAnswered
	default:
		a.wrong = ""
		a.form.Update(msg)
	}
	return addAsking
}

// does is what enter does now.
func (a *newProfile) does() string {
	if a.name == "" {
		return "next"
	}
	return "add it"
}

func (a *newProfile) view(w, h int) []string {
	a.form.SetSize(w, max(3, min(h, 5)))
	lines := strings.Split(a.form.View(), "\n")
	if a.wrong != "" {
		lines = append(lines, component.Notice(a.th, theme.Bad, a.wrong, w)...)
	}
	return lines
}
