package tui

import (
	"fmt"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// tenThousand is a listing of as many exports.
func tenThousand() job.Listing {
	l := job.Listing{Entries: make([]history.Entry, 10_000)}
	now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	for i := range l.Entries {
		size := int64(i) * 7919 % 1_000_003
		l.Entries[i] = history.Entry{
			Export: client.Export{
				ID: client.ID(fmt.Sprintf("exp_%06d", i)), Status: "completed", Stage: client.StageCompleted, Format: client.JSON,
				Range: client.WireRange{Name: "last_30_days"}, Bytes: &size,
				CreatedAt: now.Add(-time.Duration(i) * time.Minute), CompletedAt: now,
			},
			LocalState: history.LocalVerified, LocalFile: fmt.Sprintf("/home/u/exports/dashtray-my-saas-app-last_30_days-%d.json", i),
		}
	}
	return l
}

// manyExports is a console of 120×36 cells, and what brings it ten thousand exports.
func manyExports(b *testing.B) (*Model, tea.Msg) {
	b.Helper()
	m := New(Deps{Jobs: tuitest.NewJobs(time.Now), Location: time.UTC})
	b.Cleanup(m.Close)
	m.Init()
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
	return m, signed{m.stack[0], nav.Listed{Gen: 1, Listing: tenThousand()}}
}

// BenchmarkFilter10k is a key in the filter, to the frame that shows its effect.
func BenchmarkFilter10k(b *testing.B) {
	m, listed := manyExports(b)
	m.Update(listed)
	m.Update(tea.KeyPressMsg{Code: '/', Text: "/"})
	keys := []rune("exp_00999")
	n := 0
	for b.Loop() {
		m.ahead.until = time.Time{}
		if n == len(keys) {
			m.Update(tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl})
			n = 0
		}
		m.Update(tea.KeyPressMsg{Code: keys[n], Text: string(keys[n])})
		n++
		_ = m.View()
	}
}

// BenchmarkOpen10k is a listing, to the frame that shows it.
func BenchmarkOpen10k(b *testing.B) {
	m, listed := manyExports(b)
	for b.Loop() {
		m.Update(listed)
		_ = m.View()
	}
}

// BenchmarkSort10k is the key that sorts, to the frame that shows the order.
func BenchmarkSort10k(b *testing.B) {
	m, listed := manyExports(b)
	m.Update(listed)
	for b.Loop() {
		m.ahead.until = time.Time{}
		m.Update(tea.KeyPressMsg{Code: 's', Text: "s"})
		_ = m.View()
	}
}

// BenchmarkKey10k is a key among ten thousand exports, to the frame that shows
// its effect; p99-ms is what all but the slowest hundredth of them take.
func BenchmarkKey10k(b *testing.B) {
	m, listed := manyExports(b)
	m.Update(listed)
	keys := []string{"down", "pgdown", "G", "up", "tab", "tab", "s", "/", "e", "x", "backspace", "backspace", "esc", ":", "c", "esc", "?", "esc", "g"}
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		begun := time.Now()
		m.ahead.until = time.Time{} // nobody runs the Cmd of the last one
		m.Update(keymap.Press(keys[i%len(keys)]))
		_ = m.View()
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
