package theme_test

import (
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/theme"
)

// luminance and contrast are those of WCAG 2.2, 1.4.3.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	lin := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(r) + 0.7152*lin(g) + 0.0722*lin(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// drawn is a colour as a terminal of that profile shows it; of sixteen those
// that xterm has.
func drawn(c color.Color, p colorprofile.Profile) color.Color { return p.Convert(c) }

// texts are the tokens that text is drawn with.
func texts(th *theme.Theme) map[string]lipgloss.Style {
	return map[string]lipgloss.Style{
		"text": th.Text, "muted": th.Muted, "strong": th.Strong, "title": th.Title, "accent": th.Accent,
		"good": th.Good, "caution": th.Caution, "bad": th.Bad, "active": th.Active, "header": th.Header,
		"key": th.Key, "keytext": th.KeyText, "spark": th.Spark, "bar": th.BarFull,
	}
}

// Every text can be read in every theme, on the backgrounds that people have,
// with as many colours as their terminals draw.
func TestTextCanBeRead(t *testing.T) {
	t.Parallel()
	dark, light := []string{"#000000", "#1e1e1e", "#282a36"}, []string{"#ffffff", "#fdf6e3", "#f5f5f5"}
	for _, tt := range []struct {
		name   theme.Name
		dark   bool
		behind []string
		least  float64
	}{
		{theme.Auto, true, dark, 4.5},
		{theme.Auto, false, light, 4.5},
		{theme.Dark, false, dark, 4.5},
		{theme.Light, true, light, 4.5},
		{theme.HighContrast, true, dark, 7},
		{theme.HighContrast, false, light, 7},
		{theme.Mono, true, dark, 4.5},
	} {
		for _, profile := range []colorprofile.Profile{colorprofile.TrueColor, colorprofile.ANSI256, colorprofile.ANSI} {
			th := theme.New(false)
			th.Choose(tt.name)
			th.Set(tt.dark)
			behind := tt.behind
			if profile == colorprofile.ANSI {
				th.SetDepth(theme.SixteenColors)
				behind = behind[:1] // the palette's own black and white
			}
			where := fmt.Sprintf("%s, dark %v, %v", tt.name, tt.dark, profile)
			for name, s := range texts(th) {
				if _, own := s.GetForeground().(lipgloss.NoColor); own {
					continue // the terminal's own, whatever the person made it
				}
				for _, b := range behind {
					if c := contrast(drawn(s.GetForeground(), profile), lipgloss.Color(b)); c < tt.least {
						t.Errorf("%s: %s on %s has %.2f:1", where, name, b, c)
					}
				}
			}
			if _, own := th.Selected.GetBackground().(lipgloss.NoColor); own {
				if !th.Selected.GetReverse() {
					t.Errorf("%s: the selected line looks like any other", where)
				}
			} else if c := contrast(drawn(th.Selected.GetForeground(), profile), drawn(th.Selected.GetBackground(), profile)); c < tt.least {
				t.Errorf("%s: the selected line has %.2f:1", where, c)
			}
		}
	}
}

// Without colours there is not one in any token.
func TestMonoHasNoColours(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*theme.Theme){
		"chosen":   func(th *theme.Theme) { th.Choose(theme.Mono) },
		"terminal": func(th *theme.Theme) { th.SetDepth(theme.NoColors) },
	} {
		th := theme.New(false)
		prepare(th)
		v := reflect.ValueOf(th).Elem()
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			if s, ok := v.Field(i).Interface().(lipgloss.Style); ok {
				if out := s.Render("x"); strings.Contains(out, "38;") || strings.Contains(out, "48;") || regexp.MustCompile(`\[(\d+;)*[349]\dm`).MatchString(out) {
					t.Errorf("%s: %s is drawn as %q", name, v.Type().Field(i).Name, out)
				}
			}
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for _, n := range theme.Names() {
		for _, dark := range []bool{true, false} {
			th := theme.New(false)
			th.Choose(n)
			th.Set(dark)
			want := dark
			switch n {
			case theme.Dark:
				want = true
			case theme.Light:
				want = false
			}
			if th.Dark() != want {
				t.Errorf("%s on dark %v: dark is %v", n, dark, th.Dark())
			}
		}
	}
	th := theme.New(false)
	before := th.Look()
	th.Choose("pink")
	if th.Look() != before {
		t.Error("an unknown theme is not auto")
	}
	th.Set(false)
	if th.Look() == before {
		t.Error("a light terminal looks as a dark one")
	}
}

// A path cannot break out of the link that it is in.
func TestFileLink(t *testing.T) {
	t.Parallel()
	th := theme.New(false)
	path := filepath.Join(t.TempDir(), "a b\x1b\\\x1b]0;owned\a\u202e.json")
	if got := th.FileLink(th.Text, path).Render("x"); strings.Contains(got, "\x1b]8") {
		t.Errorf("a link without being asked for: %q", got)
	}
	th.SetLinks(true)
	got := th.FileLink(th.Text, path).Render("x")
	if !strings.Contains(got, "\x1b]8;;file:///") || strings.Contains(got, "]0;") && !strings.Contains(got, "%1B") {
		t.Errorf("the link is %q", got)
	}
	for _, bad := range []string{"\x1b]0;owned", "\u202e", " b"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is in the link %q", bad, got)
		}
	}
	if got := th.FileLink(th.Text, "relative").Render("x"); strings.Contains(got, "\x1b]8") {
		t.Errorf("a link to nowhere: %q", got)
	}
}

// Without colour the tones still differ: each has its own mark.
func TestTonesDifferWithoutColour(t *testing.T) {
	t.Parallel()
	for _, ascii := range []bool{false, true} {
		th := theme.New(ascii)
		seen := map[string]theme.Tone{}
		for _, tone := range []theme.Tone{theme.Active, theme.Good, theme.Caution, theme.Bad, theme.Faint} {
			if other, ok := seen[th.Mark(tone)]; ok {
				t.Errorf("ascii %v: tones %d and %d have the mark %q", ascii, tone, other, th.Mark(tone))
			}
			seen[th.Mark(tone)] = tone
		}
	}
}

func TestStylesFollowTheTones(t *testing.T) {
	t.Parallel()
	th := theme.New(false)
	for tone, want := range map[theme.Tone]lipgloss.Style{
		theme.Plain: th.Text, theme.Faint: th.Muted, theme.Active: th.Active, theme.Good: th.Good,
		theme.Caution: th.Caution, theme.Bad: th.Bad, theme.Accent: th.Accent,
	} {
		if got := th.Style(tone); got.GetForeground() != want.GetForeground() {
			t.Errorf("tone %d has another colour", tone)
		}
	}
}

func TestGlyphs(t *testing.T) {
	t.Parallel()
	for _, ascii := range []bool{false, true} {
		th := theme.New(ascii)
		v := reflect.ValueOf(th.Glyphs)
		var all []string
		for i := range v.NumField() {
			switch f := v.Field(i).Interface().(type) {
			case string:
				all = append(all, f)
				name := v.Type().Field(i).Name
				mayBeWide := ascii && (name == "Ellipsis" || name == "Arrow")
				if ansi.StringWidth(f) != 1 && !mayBeWide {
					t.Errorf("ascii %v: %s %q is %d cells", ascii, name, f, ansi.StringWidth(f))
				}
			case []string:
				all = append(all, f...)
				for _, s := range f {
					if ansi.StringWidth(s) != 1 {
						t.Errorf("ascii %v: %q is %d cells", ascii, s, ansi.StringWidth(s))
					}
				}
			}
		}
		for _, s := range all {
			for _, r := range s {
				if ascii && r > 126 {
					t.Errorf("%q is not ASCII", s)
				}
			}
		}
		for _, frame := range []int{-1, 0, 1, 7, 8, 1 << 30} {
			if th.Spinner(frame) == "" {
				t.Errorf("frame %d is empty", frame)
			}
		}
	}
}

func TestASCIILocale(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		env  []string
		want bool
	}{
		{nil, false},
		{[]string{"LANG=en_US.UTF-8"}, false},
		{[]string{"LANG=de_DE.utf8"}, false},
		{[]string{"LANG=C"}, true},
		{[]string{"LANG=en_US.UTF-8", "LC_ALL=C"}, true},
		{[]string{"LANG=C", "LC_CTYPE=C.UTF-8"}, false},
		{[]string{"LANG=C", "LC_ALL="}, true},
		{[]string{"LANG=C", "LANG=C.UTF-8"}, false},
		{[]string{"LANG=en_US.UTF-8", "TERM=linux"}, true},
		{[]string{"LANG"}, false},
	} {
		if got := theme.ASCIILocale(tt.env); got != tt.want {
			t.Errorf("%v: %v", tt.env, got)
		}
	}
}
