package theme

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

// Name is one of the themes that a person can choose.
type Name string

// The themes. Auto is light or dark as the terminal is; HighContrast follows
// the terminal, too.
const (
	Auto         Name = "auto"
	Light        Name = "light"
	Dark         Name = "dark"
	HighContrast Name = "high-contrast"
	Mono         Name = "mono"
)

// Names are all themes.
func Names() []Name { return []Name{Auto, Light, Dark, HighContrast, Mono} }

// Depth is how many colours a terminal draws.
type Depth int

// Depths. The renderer brings a colour to the nearest one of 256; of 16 the
// nearest one may be unreadable, so that these have palettes of their own.
const (
	AllColors Depth = iota // 2²⁴, or 256
	SixteenColors
	NoColors
)

// palette is the colours that the tokens are made of; nil is the terminal's own.
type palette struct {
	text, muted, accent, active, good, caution, bad, border, track color.Color
	// The line under the cursor. Without a background it is reversed.
	onSelected, selected color.Color
}

func (t *Theme) palette() palette {
	strong := t.name == HighContrast
	switch {
	case t.name == Mono || t.depth == NoColors:
		return palette{}
	case t.depth == SixteenColors && t.Dark():
		return sixteenDark(strong)
	case t.depth == SixteenColors:
		return sixteenLight(strong)
	case strong && t.Dark():
		return strongDark()
	case strong:
		return strongLight()
	case t.Dark():
		return dark()
	}
	return light()
}

// dark is for light text on a dark background. Every text colour has a
// contrast of at least 4.5:1 on black and on the usual dark greys.
func dark() palette {
	return palette{
		text: lipgloss.Color("#e4e4e7"), muted: lipgloss.Color("#a1a1aa"), accent: lipgloss.Color("#a5b4fc"),
		active: lipgloss.Color("#67e8f9"), good: lipgloss.Color("#86efac"), caution: lipgloss.Color("#fcd34d"),
		bad: lipgloss.Color("#fca5a5"), border: lipgloss.Color("#71717a"), track: lipgloss.Color("#52525b"),
		onSelected: lipgloss.Color("#ffffff"), selected: lipgloss.Color("#3f3f76"),
	}
}

// light is for dark text on a light background, with the same contrast on
// white and on the usual light greys.
func light() palette {
	return palette{
		text: lipgloss.Color("#18181b"), muted: lipgloss.Color("#52525b"), accent: lipgloss.Color("#4338ca"),
		active: lipgloss.Color("#0e6478"), good: lipgloss.Color("#166534"), caution: lipgloss.Color("#854d0e"),
		bad: lipgloss.Color("#b91c1c"), border: lipgloss.Color("#a1a1aa"), track: lipgloss.Color("#d4d4d8"),
		onSelected: lipgloss.Color("#1e1b4b"), selected: lipgloss.Color("#e0e7ff"),
	}
}

// strongDark has a contrast of at least 7:1, the rules and tracks included.
func strongDark() palette {
	return palette{
		text: lipgloss.Color("#ffffff"), muted: lipgloss.Color("#e4e4e7"), accent: lipgloss.Color("#c7d2fe"),
		active: lipgloss.Color("#a5f3fc"), good: lipgloss.Color("#bbf7d0"), caution: lipgloss.Color("#fde68a"),
		bad: lipgloss.Color("#fecaca"), border: lipgloss.Color("#ffffff"), track: lipgloss.Color("#e4e4e7"),
		onSelected: lipgloss.Color("#000000"), selected: lipgloss.Color("#ffffff"),
	}
}

// strongLight is the same for light backgrounds.
func strongLight() palette {
	return palette{
		text: lipgloss.Color("#000000"), muted: lipgloss.Color("#27272a"), accent: lipgloss.Color("#312e81"),
		active: lipgloss.Color("#00005f"), good: lipgloss.Color("#052e16"), caution: lipgloss.Color("#431407"),
		bad: lipgloss.Color("#7f1d1d"), border: lipgloss.Color("#000000"), track: lipgloss.Color("#27272a"),
		onSelected: lipgloss.Color("#ffffff"), selected: lipgloss.Color("#000000"),
	}
}

// sixteenDark leaves ordinary text as the terminal has it. Blue and, with high
// contrast, red are too dark on black.
func sixteenDark(strong bool) palette {
	p := palette{
		accent: lipgloss.BrightCyan, active: lipgloss.BrightCyan, good: lipgloss.BrightGreen,
		caution: lipgloss.BrightYellow, bad: lipgloss.BrightRed, border: lipgloss.White, track: lipgloss.BrightBlack,
	}
	if strong {
		p.text, p.muted = lipgloss.BrightWhite, lipgloss.BrightWhite
		p.bad, p.border, p.track = lipgloss.BrightYellow, lipgloss.BrightWhite, lipgloss.BrightWhite
	}
	return p
}

// sixteenLight does without yellow and the bright ones: they vanish on white.
func sixteenLight(strong bool) palette {
	p := palette{
		accent: lipgloss.Blue, active: lipgloss.Blue, good: lipgloss.Green,
		caution: lipgloss.Magenta, bad: lipgloss.Red, border: lipgloss.BrightBlack, track: lipgloss.White,
	}
	if strong {
		p.text, p.muted = lipgloss.Black, lipgloss.Black
		p.good, p.border, p.track = lipgloss.Black, lipgloss.Black, lipgloss.Black
	}
	return p
}

// style makes every token from a palette.
func (t *Theme) style(p palette) {
	in := func(c color.Color) lipgloss.Style {
		s := lipgloss.NewStyle()
		if c != nil {
			s = s.Foreground(c)
		}
		return s
	}
	t.Text = in(p.text)
	t.Muted = in(p.muted)
	t.Strong = in(p.text).Bold(true)
	t.Title = in(p.accent).Bold(true)
	t.Accent = in(p.accent)
	t.Good = in(p.good)
	t.Caution = in(p.caution)
	t.Bad = in(p.bad)
	t.Active = in(p.active)
	t.Header = in(p.muted).Bold(true)
	t.Border = in(p.border)
	t.Key = in(p.accent).Bold(true)
	t.KeyText = in(p.muted)
	t.BarFull = in(p.active)
	t.BarEmpty = in(p.track)
	t.Spark = in(p.active)
	t.Selected = in(p.onSelected).Bold(true)
	if p.selected != nil {
		t.Selected = t.Selected.Background(p.selected)
	} else {
		t.Selected = t.Selected.Reverse(true)
	}
}
