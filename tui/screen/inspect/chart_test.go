package inspect_test

import (
	"testing"

	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/screen/inspect"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

func TestChart(t *testing.T) {
	t.Parallel()
	m := shown(t, export(), false, "tab", "enter")
	if !m.HoldsEsc() {
		t.Error("esc does not leave the chart")
	}
	need(t, m, "Monthly Recurring Revenue · USD · stripe", "18,283.84", "81 synced, 9 estimated")
	last := m.View()
	press(m, "right")
	if m.View() != last {
		t.Error("the cursor leaves the chart")
	}
	press(m, "home")
	need(t, m, "1 of 90", "15,000")
	press(m, "left", "right")
	need(t, m, "2 of 90", "2026-01-02 0")
	press(m, "down") // another metric, at the same time
	need(t, m, "Pageviews", "2 of 74", "20,900")
	press(m, "up", "esc")
	need(t, m, "▸ Monthly")
	press(m, "right")
	need(t, m, "[Connections")
}

// Points within a minute are told apart, and a moment is not told as a span.
func TestChartOfAMinute(t *testing.T) {
	t.Parallel()
	at := func(id, ms string) string {
		return `{"id":"` + id + `","metricId":"x","value":1,"timestamp":` + ms + `}`
	}
	m := shown(t, `{"metrics":[`+at("a", "1772323200000")+`,`+at("b", "1772323215000")+`,`+at("c", "1772323259000")+`]}`, false, "tab", "enter")
	need(t, m, "3 points, 2026-03-01 00:00:00 – 00:00:59", "2026-03-01 00:00:59  1")
	m = shown(t, `{"metrics":[`+at("a", "1772323200000")+`,`+at("b", "1772323200007")+`]}`, false, "tab", "enter")
	need(t, m, "2 points, 2026-03-01 00:00\n")
}

func BenchmarkChartView(b *testing.B) {
	m := inspect.New(inspect.Deps{
		Ctx: b.Context(), Reader: &file{content: export()}, Theme: theme.New(false), Keys: keymap.Default(false), Now: clock,
	}, path)
	m.Update(m.Init()())
	m.SetSize(200, 58)
	press(m, "tab", "enter")
	for b.Loop() {
		_ = m.View()
	}
}
