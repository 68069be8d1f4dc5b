package theme_test

import (
	"image/color"
	"math"
	"reflect"
	"testing"

	"charm.land/lipgloss/v2"
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

func TestTextCanBeRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		dark   bool
		behind []string
	}{
		{true, []string{"#000000", "#1e1e1e", "#282a36"}},
		{false, []string{"#ffffff", "#fdf6e3", "#f5f5f5"}},
	} {
		th := theme.New(false)
		th.Set(tt.dark)
		if th.Dark() != tt.dark {
			t.Errorf("Dark is %v", th.Dark())
		}
		texts := map[string]lipgloss.Style{
			"text": th.Text, "muted": th.Muted, "strong": th.Strong, "title": th.Title, "accent": th.Accent,
			"good": th.Good, "caution": th.Caution, "bad": th.Bad, "active": th.Active, "header": th.Header,
			"key": th.Key, "keytext": th.KeyText, "spark": th.Spark, "bar": th.BarFull,
		}
		for name, s := range texts {
			for _, b := range tt.behind {
				if c := contrast(s.GetForeground(), lipgloss.Color(b)); c < 4.5 {
					t.Errorf("dark %v: %s on %s has %.2f:1", tt.dark, name, b, c)
				}
			}
		}
		if c := contrast(th.Selected.GetForeground(), th.Selected.GetBackground()); c < 4.5 {
			t.Errorf("dark %v: the selected line has %.2f:1", tt.dark, c)
		}
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
