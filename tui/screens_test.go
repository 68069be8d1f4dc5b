package tui_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// screens are all screens and overlays, and how to come there.
func screens() map[string]scene {
	const en = tuitest.Enter
	return map[string]scene{
		"key":       {keys: []string{"p", "K"}, shows: "→ Key"},
		"exports":   {shows: "1 of 4"},
		"details":   {keys: []string{en}, shows: "last 7 days"},
		"form":      {keys: []string{"n", en}, shows: "Which date range?"},
		"summary":   {keys: []string{"r"}, shows: "● Summary"},
		"export":    {prepare: collecting, keys: []string{"t", en}, shows: "Collecting"},
		"failed":    {prepare: tooLarge, keys: []string{"t", en}, shows: "out of memory"},
		"transfer":  {prepare: receiving, keys: []string{"t", en}, shows: "Receiving"},
		"transfers": {prepare: receiving, keys: []string{"t"}, shows: "→ Transfers"},
		"inspect":   {keys: []string{"i"}, shows: "→ Inspect"},
		"sessions":  {keys: []string{":", "sessions", en}, shows: "Ada (you)"},
		"filter":    {keys: []string{"/", "exp"}, shows: "/ exp"},
		"help":      {keys: []string{"?"}, shows: "─ Help "},
		"palette":   {keys: []string{":"}, shows: "─ Actions "},
		"profiles":  {keys: []string{"p"}, shows: "─ Profiles "},
		"log":       {keys: []string{"y", "L"}, shows: "─ Messages "},
		"quit":      {prepare: collecting, keys: []string{"g", "q"}, shows: "An export is running."},
		"delete":    {keys: []string{"x"}, shows: "Delete this file from the disk?"},
	}
}

// Every screen looks as it should, in colour and without, on each terminal
// that people have.
func TestScreens(t *testing.T) {
	t.Parallel()
	for name, sc := range screens() {
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 36}} {
			for kind, colors := range map[string]colorprofile.Profile{"color": colorprofile.TrueColor, "mono": colorprofile.ASCII} {
				file := fmt.Sprintf("screens/%s-%dx%d-%s", name, size[0], size[1], kind)
				t.Run(strings.TrimPrefix(file, "screens/"), func(t *testing.T) {
					playOn(t, size[0], size[1], colors, sc.prepare, func(t *testing.T, s *stage) {
						s.Keys(sc.keys...)
						s.Need(t, sc.shows)
						tuitest.Golden(t, file, s.Drawn())
					})
				})
			}
		}
	}
}
