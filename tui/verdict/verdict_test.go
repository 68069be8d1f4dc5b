package verdict_test

import (
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/verdict"
)

// Rows of types that the page does not show are told of where there are some.
func TestRecordsOfOtherTypes(t *testing.T) {
	t.Parallel()
	words := verdict.Words{Theme: theme.New(false), LabelWidth: 10, Width: 80}
	for others, want := range map[int64]bool{0: false, 1200: true} {
		lines := strings.Join(words.Report("x.csv", archive.Report{OtherRecords: others}, client.Include{Metrics: true}), "\n")
		if got := strings.Contains(strings.ReplaceAll(lines, "\u00a0", " "), "1,200 of other types"); got != want {
			t.Errorf("%d others: %q", others, lines)
		}
	}
}
