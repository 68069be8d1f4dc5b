package component_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

func TestCutMiddle(t *testing.T) {
	t.Parallel()
	utf, asc := theme.New(false), theme.New(true)
	for _, c := range []struct {
		th    *theme.Theme
		s     string
		width int
		want  string
	}{
		{utf, "dashtray-acme-all_time-1.json", 40, "dashtray-acme-all_time-1.json"},
		{utf, "dashtray-acme-all_time-1.json", 17, "dash…_time-1.json"},
		{asc, "dashtray-acme-all_time-1.json", 17, "das...time-1.json"},
		{utf, "dashtray-acme", 4, "das…"},
		{utf, "データ漢字ファイル.json", 12, "デ…イル.json"},
	} {
		got := component.CutMiddle(c.th, c.s, c.width)
		if got != c.want || ansi.StringWidth(got) > c.width {
			t.Errorf("CutMiddle(%q, %d) = %q, want %q", c.s, c.width, got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	uni, asc := theme.New(false), theme.New(true)
	for _, c := range []struct {
		th    *theme.Theme
		s     string
		width int
		want  string
	}{
		{uni, "export", 6, "export"},
		{uni, "export", 5, "expo…"},
		{uni, "export", 1, "…"},
		{uni, "export", 0, ""},
		{uni, "export", -1, ""},
		{uni, "輸出する", 8, "輸出する"},
		{uni, "輸出する", 7, "輸出す…"},
		{uni, "輸出する", 6, "輸出…"}, // 輸出す… would be 7
		{uni, "輸出する", 2, "…"},
		{uni, "\x1b[31mexport\x1b[m", 4, "\x1b[31mexp…\x1b[m"},
		{asc, "export", 5, "ex..."},
		{asc, "export", 2, ".."},
		{asc, "export", 1, "."},
	} {
		if got := component.Cut(c.th, c.s, c.width); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.s, c.width, got, c.want)
		}
	}
}

func TestPad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s     string
		width int
		want  string
	}{{"ab", 4, "ab  "}, {"輸出", 5, "輸出 "}, {"abc", 2, "abc"}, {"", -1, ""}} {
		if got := component.Pad(c.s, c.width); got != c.want {
			t.Errorf("Pad(%q, %d) = %q, want %q", c.s, c.width, got, c.want)
		}
	}
}

func TestLabelled(t *testing.T) {
	t.Parallel()
	th := theme.New(false)
	got := plain(component.Labelled(th, "Records", "12,000 metrics and 8 connections", th.Text, 9, 27))
	want := "Records  12,000 metrics and\n         8 connections"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A line does not end in the midst of a date; in a name of a file it may.
func TestDatesStayWhole(t *testing.T) {
	t.Parallel()
	th := theme.New(false)
	for text, want := range map[string]string{
		"from 2026-01-31 on": "from\n2026-01-31\non",
		"my-saas-app-2026":   "my-saas-app-\n2026",
	} {
		if got := plain(component.Labelled(th, "", text, th.Text, 0, 12)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestNotice(t *testing.T) {
	t.Parallel()
	got := plain(component.Notice(theme.New(false), theme.Bad, "The disk is full.", 12))
	if want := "✗ The disk\n  is full."; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestWrappedStaysInside holds wrapped text to its width, wide characters too.
// In one cell a wide character has no place, so two are the least.
func TestWrappedStaysInside(t *testing.T) {
	t.Parallel()
	text := "/home/輸出/dashtray-my-saas-app-last_30_days-20260131T120000Z.json 👩👩👧 done"
	both(t, func(t *testing.T, th *theme.Theme) {
		for width := 4; width <= 100; width++ {
			lines := component.Notice(th, theme.Caution, text, width)
			lines = append(lines, component.Labelled(th, "A label 輸出", text, th.Text, 13, max(width, 15))...)
			for i, l := range lines {
				if w := ansi.StringWidth(l); w > max(width, 15) {
					t.Errorf("width %d: line %d has %d cells: %q", width, i, w, ansi.Strip(l))
				}
			}
		}
	})
}

func TestFitLeavesOutWhatMattersLeast(t *testing.T) {
	t.Parallel()
	lines := []component.Line{{"title", 3}, {"", 9}, {"bar", 0}, {"", 9}, {"speed", 1}, {"tries", 3}, {"error", 0}}
	for height, want := range map[int]string{
		0: "",
		1: "↓ 2 more below",
		2: "bar|error",
		3: "bar|speed|error",
		4: "title|bar|speed|error",
		5: "title|bar|speed|tries|error",
		6: "title||bar|speed|tries|error",
		7: "title||bar||speed|tries|error",
		9: "title||bar||speed|tries|error",
	} {
		got := ansi.Strip(component.Fit(theme.New(false), lines, 40, height))
		if got = strings.ReplaceAll(got, "\n", "|"); got != want {
			t.Errorf("height %d: %q, want %q", height, got, want)
		}
	}
	if lines[0].Text != "title" || len(lines) != 7 {
		t.Error("Fit changed what it was given")
	}
}

func TestFitStaysInside(t *testing.T) {
	t.Parallel()
	var lines []component.Line
	for i := range 30 {
		lines = append(lines, component.Line{Text: strings.Repeat(fmt.Sprintf("輸%d ", i), 9), Rank: i % 4})
	}
	both(t, func(t *testing.T, th *theme.Theme) {
		for width := 1; width <= 60; width++ {
			for height := 1; height <= 32; height++ {
				got := strings.Split(component.Fit(th, lines, width, height), "\n")
				if len(got) > height {
					t.Fatalf("%d×%d: %d lines", width, height, len(got))
				}
				for _, l := range got {
					if w := ansi.StringWidth(l); w > width {
						t.Fatalf("%d×%d: a line of %d cells", width, height, w)
					}
				}
			}
		}
	})
}

func plain(lines []string) string { return ansi.Strip(strings.Join(lines, "\n")) }
