package text

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// attacks are what terminal libraries are known to let through, or to turn
// into something else than was meant.
func attacks() map[string]struct{ in, want string } {
	return map[string]struct{ in, want string }{
		"OSC 52 clipboard":        {"A\x1b]52;c;aGFja2Vk\x07B", "A␛]52;c;aGFja2Vk␇B"},
		"OSC 0 title":             {"A\x1b]0;PWNED\x07B", "A␛]0;PWNED␇B"},
		"CSI 2J clear":            {"A\x1b[2JB", "A␛[2JB"},
		"CSI cursor move":         {"A\x1b[1;1HB", "A␛[1;1HB"},
		"DCS DECRQSS":             {"A\x1bP$q\"p\x1b\\B", `A␛P$q"p␛\B`},
		"CSI 21t title report":    {"A\x1b[21tB", "A␛[21tB"},
		"CSI 6n position report":  {"A\x1b[6nB", "A␛[6nB"},
		"C1 CSI U+009B":           {"A\u009b2JB", `A\u{9b}2JB`},
		"C1 raw 0x9b":             {"A\x9b2JB", `A\x9b2JB`},
		"C1 OSC U+009D":           {"A\u009d52;c;aGk=\u009cB", `A\u{9d}52;c;aGk=\u{9c}B`},
		"OSC 8 hyperlink":         {"A\x1b]8;;https://evil.test\x07click\x1b]8;;\x07B", "A␛]8;;https://evil.test␇click␛]8;;␇B"},
		"OSC with 0x9c in UTF-8":  {"A\x1b]0;✳ LEAK\x1b]52;c;aGk=\x07\x07B", "A␛]0;✳ LEAK␛]52;c;aGk=␇␇B"},
		"unterminated OSC":        {"A\x1b]52;c;aGk=B", "A␛]52;c;aGk=B"},
		"CR overwrite":            {"good.csv\revil", "good.csv␍evil"},
		"backspaces":              {"good\b\b\b\bevil", "good␈␈␈␈evil"},
		"bidi override":           {"invoice\u202efdp.exe", `invoice\u{202e}fdp.exe`},
		"zero width, BOM":         {"pay\u200bpal\ufeff", `pay\u{200b}pal\u{feff}`},
		"newline in a name":       {"a\nb: 100% done", "a␊b: 100% done"},
		"tab":                     {"a\tb", "a b"},
		"SGR conceal":             {"A\x1b[8mhidden\x1b[0mB", "A␛[8mhidden␛[0mB"},
		"kitty graphics APC":      {"A\x1b_Gf=100;AAAA\x1b\\B", `A␛_Gf=100;AAAA␛\B`},
		"DECSET mouse":            {"A\x1b[?1003hB", "A␛[?1003hB"},
		"VT FF SO":                {"A\x0b\x0c\x0eB", "A␋␌␎B"},
		"ENQ":                     {"A\x05B", "A␅B"},
		"NUL, DEL":                {"A\x00\x7fB", "A␀␡B"},
		"200 combining marks":     {"A" + strings.Repeat("\u0301", 200) + "B", "A\u0301\u0301\u0301\u0301…B"},
		"marks on nothing":        {"\u0301\u0301x", "◌\u0301\u0301x"},
		"skin tones without end":  {"👍" + strings.Repeat("🏽", 9), "👍🏽🏽🏽🏽…"},
		"marks around an escape":  {"a\u0301\u200b\u0301", `a` + "\u0301" + `\u{200b}` + "\u0301"},
		"line separators":         {"a\u2028b\u2029c\u0085d", `a\u{2028}b\u{2029}c\u{85}d`},
		"zero-width joiner":       {"👩\u200d💻", `👩\u{200d}💻`},
		"tag characters":          {"a\U000e0041\U000e007f", `a\u{e0041}\u{e007f}`},
		"unassigned tag":          {"a\U000e0002", `a\u{e0002}`},
		"noncharacters":           {"a\ufffe\ufdd0\U0010ffff", `a\u{fffe}\u{fdd0}\u{10ffff}`},
		"private use":             {"a\ue0b0", `a\u{e0b0}`},
		"surrogate as bytes":      {"a\xed\xa0\x80b", `a\xed\xa0\x80b`},
		"cut and overlong UTF-8":  {"a\xc0\x9b\xe2\x80", `a\xc0\x9b\xe2\x80`},
		"invisible letters":       {"a\u3164\u115f\u034f", `a\u{3164}\u{115f}\u{34f}`},
		"hidden variant":          {"a\U000e0100\ufe00", `a\u{e0100}\u{fe00}`},
		"soft hyphen, invisible":  {"a\u00ad\u2062\u180e", `a\u{ad}\u{2062}\u{180e}`},
		"bidi marks and isolates": {"\u061c\u200e\u200f\u2066\u2069", `\u{61c}\u{200e}\u{200f}\u{2066}\u{2069}`},
	}
}

func TestSafeMakesAttacksVisible(t *testing.T) {
	t.Parallel()
	for name, c := range attacks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Untrusted(c.in).Safe(); got != c.want {
				t.Errorf("Safe(%+q)\n got %+q\nwant %+q", c.in, got, c.want)
			}
		})
	}
}

func TestSafeLeavesWritingAlone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "My SaaS App", `C:\exports\"q1" 100%`, "Müller & Söhne", "日本語の名前", "مشروع", "हिन्दी", "ภาษาไทยที่นี่",
		"Việt Nam", "❤\ufe0f ☕", "👍🏽", "🇩🇪", "a\u00a0b\u3000c", "\ufffd", "␛[2J", `\u{202e}`,
	} {
		if got := Untrusted(s).Safe(); got != s {
			t.Errorf("Safe(%+q) = %+q, want it unchanged", s, got)
		}
	}
}

func TestSafeIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", MaxRunes)
	cases := []struct {
		name string
		in   string
		n    int
		want string
	}{
		{"just fits", long, MaxRunes, long},
		{"one more", long + "y", MaxRunes, long[1:] + "…"},
		{"an escape is never split", "abc\u202e", 6, "abc…"},
		{"an escape that fits", "abc\u202e", 11, `abc\u{202e}`},
		{"wide characters count as runes", "日本語", 2, "日…"},
		{"one", "ab", 1, "…"},
		{"nothing fits in nothing", "ab", -3, "…"},
		{"empty", "", 0, ""},
	}
	for _, c := range cases {
		if got := Untrusted(c.in).SafeN(c.n); got != c.want {
			t.Errorf("%s: SafeN(%d) = %+q, want %+q", c.name, c.n, got, c.want)
		}
	}
	if got := Untrusted(strings.Repeat("\x1b", 8<<20)).Safe(); utf8.RuneCountInString(got) != MaxRunes {
		t.Errorf("8 MiB of ESC give %d runes, want %d", utf8.RuneCountInString(got), MaxRunes)
	}
}

func TestStraysArePrintedSafe(t *testing.T) {
	t.Parallel()
	const evil = Untrusted("a\x1b[2J\u009b\u202e")
	const want = `a␛[2J\u{9b}\u{202e}`
	var text, jsonLog strings.Builder
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", evil)
	slog.New(slog.NewJSONHandler(&jsonLog, nil)).Info("m", "v", evil)
	for how, got := range map[string]string{
		"%s": fmt.Sprintf("name %s", evil), "%v": fmt.Sprintf("name %v", evil),
		"in a struct": fmt.Sprintf("%+v", struct{ V Untrusted }{evil}),
		"in an error": fmt.Errorf("read: %v", evil).Error(),
	} {
		if !strings.Contains(got, want) || strings.ContainsAny(got, "\x1b\u009b\u202e") {
			t.Errorf("%s gives %+q", how, got)
		}
	}
	for how, got := range map[string]string{"text log": text.String(), "JSON log": jsonLog.String()} {
		if !strings.Contains(got, "␛[2J") || strings.ContainsAny(got, "\x1b\u009b\u202e") {
			t.Errorf("%s gives %+q", how, got)
		}
	}
}

func TestJSONKeepsRaw(t *testing.T) {
	t.Parallel()
	var u Untrusted
	if err := json.Unmarshal([]byte(`"a\u001b[2J\u202e"`), &u); err != nil {
		t.Fatal(err)
	}
	if u.Raw() != "a\x1b[2J\u202e" {
		t.Errorf("raw is %+q", u.Raw())
	}
}

// unsafeRune names what no display may get. It is written down apart from
// the code under test, from the lists of Unicode's controls.
func unsafeRune(r rune) string {
	switch {
	case r < 0x20:
		return "C0"
	case r >= 0x7f && r <= 0x9f:
		return "DEL or C1"
	case r == 0x61c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return "bidi control"
	case r >= 0x200b && r <= 0x200d, r == 0xfeff, r == 0x2060:
		return "zero width"
	case r == 0x2028, r == 0x2029:
		return "line separator"
	case r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe:
		return "noncharacter"
	case r >= 0xe0000 && r <= 0xe0fff:
		return "tag or selector"
	case unicode.Is(unicode.Cf, r):
		return "format character"
	}
	return ""
}

func TestEveryRuneIsSafe(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		checkSafe(t, string(r))
	}
}

func FuzzSafe(f *testing.F) {
	for _, c := range attacks() {
		f.Add(c.in, 40)
	}
	f.Add(strings.Repeat("a\u0301", MaxRunes), MaxRunes)
	f.Add("\u0301\u202e\u0301\x80"+strings.Repeat("🏽", 20), 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		checkSafe(t, s)
		short := Untrusted(s).SafeN(n)
		if got := utf8.RuneCountInString(short); got > max(n, 1) {
			t.Errorf("SafeN(%+q, %d) has %d runes", s, n, got)
		}
		if again := Untrusted(short).SafeN(n); again != short {
			t.Errorf("SafeN(%+q, %d) = %+q, and again %+q", s, n, short, again)
		}
	})
}

// checkSafe holds Safe to its promises.
func checkSafe(t *testing.T, s string) {
	t.Helper()
	got := Untrusted(s).Safe()
	if !utf8.ValidString(got) {
		t.Errorf("Safe(%+q) = %+q is no UTF-8", s, got)
	}
	if n := utf8.RuneCountInString(got); n > MaxRunes {
		t.Errorf("Safe(%+q) has %d runes", s, n)
	}
	marks := 0
	for _, r := range got {
		if what := unsafeRune(r); what != "" {
			t.Errorf("Safe(%+q) = %+q holds a %s, %U", s, got, what, r)
		}
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		if marks > MaxMarks {
			t.Errorf("Safe(%+q) = %+q stacks marks", s, got)
		}
	}
	if again := Untrusted(got).Safe(); again != got {
		t.Errorf("Safe(%+q) = %+q, and again %+q", s, got, again)
	}
}
