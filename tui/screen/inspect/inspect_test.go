package inspect_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/screen/inspect"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func TestMain(m *testing.M) {
	tuitest.DefineUpdate()
	os.Exit(m.Run())
}

const path = "/home/u/exports/dashtray-my-saas-app-last_90_days-20260401T000000Z.json"

// export is a file with something of everything.
func export() string {
	begin := time.Date(2026, 1, 1, 9, 30, 0, 0, time.UTC)
	var metrics, logs []string
	metric := func(id, name, unit, service string, day int, value string) {
		at := begin.AddDate(0, 0, day).UnixMilli()
		quality := "synced"
		if day%10 == 0 {
			quality = "estimated"
		}
		metrics = append(metrics, fmt.Sprintf(`{"id":"m_%d","metricId":%q,"metricName":%q,"value":%s,"unit":%q,"timestamp":%d,`+
			`"service":%q,"metadata":{},"dataQuality":%q,"createdAt":%d}`, len(metrics), id, name, value, unit, at, service, quality, at))
	}
	for day := range 90 {
		metric("stripe_mrr", "Monthly Recurring Revenue", "USD", "stripe", day, fmt.Sprintf("%.2f", 15_000+float64(day)*30+800*math.Sin(float64(day)/6)))
		if day < 40 || day > 55 {
			metric("plausible_pageviews", "Pageviews", "pageviews", "plausible", day, fmt.Sprint(20_000+(day%7)*900))
		}
		if day%3 == 0 {
			metric("uptime", "Uptime 漢字", "percent", "betterstack", day, "99.95")
		}
	}
	metric("empty", "Nothing yet", "", "stripe", 3, "null")
	for i := range 40 {
		action, user := "dashboard_created", "user_123"
		if i%4 == 1 {
			action, user = "member_invited", "user_c0ffee"
		}
		logs = append(logs, fmt.Sprintf(`{"id":"log_%d","userId":%q,"action":%q,"resource":"dashboards","resourceId":"dash_%d",`+
			`"metadata":{},"ipAddress":"192.0.2.1","userAgent":"x","createdAt":%d}`, i, user, action, i, begin.Add(time.Duration(i)*37*time.Hour).UnixMilli()))
	}
	connection := func(id, service, name, auth, status string, sync string) string {
		return fmt.Sprintf(`{"id":%q,"service":%q,"serviceName":%q,"category":"payment","authType":%q,"status":%q,"accountInfo":{},`+
			`"lastSyncedAt":%s,"totalSyncsCompleted":42,"createdAt":1670000000000}`, id, service, name, auth, status, sync)
	}
	dashboard := func(id, name string, widgets ...string) string {
		var list []string
		for i, w := range widgets {
			list = append(list, fmt.Sprintf(`{"id":"widget_%s_%d","type":"metric-card","title":%q,"position":{"x":0,"y":0,"w":4,"h":2},`+
				`"visible":true,"config":{},"createdAt":1670000000000}`, id, i, w))
		}
		return fmt.Sprintf(`{"id":%q,"name":%q,"slug":"x","type":"custom","category":"payment","isDefault":false,"createdAt":1670000000000,`+
			`"updatedAt":1678901234000,"widgets":[%s]}`, id, name, strings.Join(list, ","))
	}
	return `{"exportedAt":1775001600000,"dateRange":{"startDate":1767225600000,"endDate":1775001599999},` +
		`"project":{"id":"j57abc123","name":"My SaaS App","slug":"my-saas-app","createdAt":1670000000000},` +
		`"metrics":[` + strings.Join(metrics, ",") + `],"connections":[` +
		connection("conn_1", "stripe", "Stripe", "oauth", "active", "1775001000000") + "," +
		connection("conn_2", "linear", "Linear", "api_key", "pending", "null") + "," +
		connection("conn_3", "slack", "Slack", "oauth", "error", "1774001000000") +
		`],"dashboards":[` + dashboard("dash_1", "Revenue Dashboard", "MRR", "Churn") + "," + dashboard("dash_2", "Empty one") +
		`],"auditLogs":[` + strings.Join(logs, ",") + `]}`
}

// file is a Reader of one file.
type file struct {
	content string
	err     error
	reads   int
}

func (f *file) Inspect(ctx context.Context, _ string, progress func(done, total int64)) (archive.Report, error) {
	f.reads++
	if f.err != nil {
		return archive.Report{}, f.err
	}
	size := int64(len(f.content))
	return archive.Check(ctx, strings.NewReader(f.content), archive.Expect{}, func(done int64) { progress(done, size) })
}

func clock() time.Time { return time.Date(2026, 4, 2, 12, 0, 0, 0, time.UTC) }

func deps(t *testing.T, r inspect.Reader, ascii bool) inspect.Deps {
	return inspect.Deps{
		Ctx: t.Context(), Reader: r, Theme: theme.New(ascii), Keys: keymap.Default(ascii), Now: clock,
		Message: func(err error) (string, string) {
			return "The file cannot be read: " + err.Error() + ".", "Check who may read it."
		},
	}
}

// reading is a screen that has begun to read; done gives it the end.
func reading(t *testing.T, r inspect.Reader, ascii bool) (m *inspect.Model, done func()) {
	t.Helper()
	m = inspect.New(deps(t, r, ascii), path)
	cmd := m.Init()
	return m, func() { m.Update(cmd()) }
}

// shown is a screen whose file is read.
func shown(t *testing.T, content string, ascii bool, keys ...string) *inspect.Model {
	t.Helper()
	m, done := reading(t, &file{content: content}, ascii)
	m.SetSize(80, 20)
	done()
	press(m, keys...)
	return m
}

// press types keys: names as key bindings have them, or text.
func press(m *inspect.Model, keys ...string) (out []tea.Msg) {
	codes := map[string]tea.Key{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift},
		"left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown},
		"pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd},
	}
	for _, k := range keys {
		msgs := []tea.Key{codes[k]}
		if _, ok := codes[k]; !ok {
			msgs = nil
			for _, r := range k {
				msgs = append(msgs, tea.Key{Code: r, Text: string(r)})
			}
		}
		for _, msg := range msgs {
			if cmd := m.Update(tea.KeyPressMsg(msg)); cmd != nil {
				out = append(out, cmd())
			}
		}
	}
	return out
}

// bodies are what terminals of several sizes leave to a screen.
var bodies = []struct {
	name string
	w, h int
}{{"80x24", 80, 20}, {"120x36", 120, 32}, {"60x16", 60, 13}}

// views are ways to look at a file.
func views() map[string][]string {
	return map[string][]string{
		"summary":     nil,
		"metrics":     {"tab"},
		"by-name":     {"tab", "s"},
		"chart":       {"tab", "enter", "pgup", "pgup", "left"},
		"chart-gap":   {"tab", "down", "enter"},
		"chart-empty": {"tab", "end", "enter"},
		"connections": {"right", "right"},
		"dashboards":  {"right", "right", "right"},
		"widgets":     {"right", "right", "right", "enter", "down"},
		"audit":       {"left"},
		"filter":      {"left", "/", "invited"},
		"no-fit":      {"left", "/", "nobody", "enter"},
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, keys := range views() {
		for _, size := range bodies {
			t.Run(name+"-"+size.name, func(t *testing.T) {
				t.Parallel()
				m := shown(t, export(), false, keys...)
				m.SetSize(size.w, size.h)
				needInside(t, m.View(), size.w, size.h)
				tuitest.Golden(t, name+"-"+size.name, ansi.Strip(m.View()))
			})
		}
	}
}

func TestGoldenASCII(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"metrics", "chart", "widgets"} {
		m := shown(t, strings.ReplaceAll(export(), "漢字", "x"), true, views()[name]...)
		m.SetSize(80, 20)
		tuitest.Golden(t, name+"-ascii", ansi.Strip(m.View()))
		for _, r := range m.View() {
			if r > 0x7e {
				t.Errorf("%s: %q is drawn", name, r)
				break
			}
		}
	}
}

// others are files that are not as they should be.
func others() map[string]string {
	whole := export()
	return map[string]string{
		"cut":   whole[:len(whole)/3],
		"empty": "", "html": "<html>", "nothing": "{}",
		"csv": "Type,ID,Name,Value,Unit,Timestamp,Service,Status,Created At\n" +
			"Metric,m_1,=Revenue,15000,USD,2024-03-15T10:30:00Z,stripe,,2024-03-15T10:30:00Z\n" +
			"Connection,conn_1,Stripe,,,,,active,2023-12-01T00:00:00Z\n" +
			"Dashboard,dash_1,Revenue Dashboard,5,widgets,,,custom,2023-12-01T00:00:00Z\n",
	}
}

func TestOtherFiles(t *testing.T) {
	t.Parallel()
	for name, content := range others() {
		m := shown(t, content, false)
		tuitest.Golden(t, "file-"+name, ansi.Strip(m.View()))
	}
}

func TestInsideAnySize(t *testing.T) {
	t.Parallel()
	files := others()
	files["whole"] = export()
	for name, content := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, keys := range views() {
				m := shown(t, content, false, keys...)
				for _, w := range []int{1, 2, 9, 30, 59, 60, 61, 79, 100, 119, 200} {
					for _, h := range []int{0, 1, 2, 3, 5, 12, 13, 14, 20, 58} {
						m.SetSize(w, h)
						if view := m.View(); h > 0 {
							needInside(t, view, w, h)
						}
					}
				}
			}
		})
	}
}

func needInside(t *testing.T, view string, w, h int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) > h {
		t.Errorf("%d×%d: %d lines", w, h, len(lines))
	}
	for _, l := range lines {
		if got := ansi.StringWidth(l); got > w {
			t.Errorf("%d×%d: a line of %d cells: %q", w, h, got, ansi.Strip(l))
		}
	}
}

func need(t *testing.T, m *inspect.Model, want ...string) {
	t.Helper()
	view := ansi.Strip(m.View())
	for _, w := range want {
		if !strings.Contains(view, w) {
			t.Fatalf("no %q in\n%s", w, view)
		}
	}
}

func needNot(t *testing.T, m *inspect.Model, unwanted ...string) {
	t.Helper()
	view := ansi.Strip(m.View())
	for _, u := range unwanted {
		if strings.Contains(view, u) {
			t.Fatalf("%q in\n%s", u, view)
		}
	}
}

func TestReading(t *testing.T) {
	t.Parallel()
	for _, size := range bodies {
		m, done := reading(t, &file{}, false)
		m.SetSize(size.w, size.h)
		if !m.Waiting() {
			t.Error("it does not ask for ticks while it reads")
		}
		m.Update(nav.Tick{Now: clock(), Frame: 3})
		need(t, m, "Reading dashtray-my-saas-app-last_90_days", "0 B")
		done()
		if m.Waiting() {
			t.Error("it asks for ticks when nothing moves")
		}
		need(t, m, "The file does not verify")
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	r := &slow{at: make(chan struct{}), goOn: make(chan struct{})}
	m, _ := reading(t, r, false)
	m.SetSize(80, 20)
	cmd := m.Init() // the answer to the question before this one is late
	end := make(chan tea.Msg, 1)
	go func() { end <- cmd() }()
	<-r.at
	need(t, m, "0 B") // drawn is what a tick has told, and nothing else
	m.Update(nav.Tick{Now: clock()})
	need(t, m, "12.0 MiB of 48.0 MiB  25 %", "██████")
	close(r.goOn)
	m.Update(<-end)
	need(t, m, "Summary", "does not verify")
}

// slow halts after a quarter of its 48 MiB.
type slow struct{ at, goOn chan struct{} }

func (s *slow) Inspect(_ context.Context, _ string, progress func(done, total int64)) (archive.Report, error) {
	progress(12<<20, 48<<20)
	close(s.at)
	<-s.goOn
	return archive.Report{}, nil
}

func TestTitle(t *testing.T) {
	t.Parallel()
	m := inspect.New(deps(t, &file{}, false), "/tmp/a\x1b[2J.json")
	if got := m.Title(); got != "Inspect a␛[2J.json" {
		t.Errorf("%q", got)
	}
}

func TestReadsAgain(t *testing.T) {
	t.Parallel()
	f := &file{err: errors.New("permission\ndenied")}
	m, done := reading(t, f, false)
	m.SetSize(80, 20)
	done()
	need(t, m, "The file cannot be read: permission denied.", "Check who may read it. R tries again.")
	f.err, f.content = nil, export()
	late := m.Init()
	out := press(m, "R")
	if len(out) > 0 {
		t.Error("it began to read twice at the same time")
	}
	m.Update(late())
	need(t, m, "The file is whole")
	again := press(m, "R")
	need(t, m, "Reading")
	m.Update(late()) // of the question before
	need(t, m, "Reading")
	m.Update(again[0])
	need(t, m, "The file is whole")
	m.Update(nav.Changed{File: path, Gone: true})
	need(t, m, "was deleted since")
}

func TestTabs(t *testing.T) {
	t.Parallel()
	m := shown(t, export(), false)
	for _, step := range []struct{ key, tab string }{
		{"right", "[Metrics 4]"},
		{"tab", "[Connections 3]"},
		{"right", "[Dashboards 2]"},
		{"right", "[Audit log 40]"},
		{"right", "[Summary]"},
		{"shift+tab", "[Audit log 40]"},
		{"left", "[Dashboards 2]"},
	} {
		press(m, step.key)
		need(t, m, step.tab)
	}
}

func TestSort(t *testing.T) {
	t.Parallel()
	m := shown(t, export(), false, "tab")
	first := func() string {
		lines := strings.Split(ansi.Strip(m.View()), "\n")
		return strings.TrimSpace(strings.TrimLeft(lines[3], "▸ "))
	}
	need(t, m, "▸ Monthly")
	for _, want := range []string{"Monthly", "Uptime", "Monthly", "Monthly", "Monthly"} {
		press(m, "s")
		if !strings.HasPrefix(first(), want) {
			t.Errorf("first is %q, want %s", first(), want)
		}
		need(t, m, "▸ Monthly") // the cursor stays on its metric
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	m := shown(t, export(), false, "left", "/")
	if !m.Typing() || m.Cursor() == nil || m.Cursor().Y != 19 {
		t.Error("it takes no text")
	}
	press(m, "q INVITED") // letters are text
	need(t, m, "/ q INVITED", "Nothing fits")
	press(m, "esc")
	if m.Typing() || m.HoldsEsc() {
		t.Error("esc does not leave the filter")
	}
	press(m, "/", "INVITED", "down", "enter")
	need(t, m, "2 of 10", `that fit "invited"`)
	needNot(t, m, "dashboard_created")
	if m.Typing() || !m.HoldsEsc() {
		t.Error("esc does not clear the filter")
	}
	press(m, "left") // the filter is that of a tab
	need(t, m, "[Dashboards 2]", "Revenue")
	press(m, "/")
	m.Update(tea.PasteMsg{Content: "churn"}) // one of its widgets
	need(t, m, "Revenue Dashboard", "/ churn")
	needNot(t, m, "Empty one")
	press(m, "enter", "right")
	need(t, m, `that fit "invited"`)
	press(m, "esc")
	need(t, m, "1 of 40", "dashboard_created")
}

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

func TestCopies(t *testing.T) {
	t.Parallel()
	m := shown(t, export(), false)
	for _, c := range []struct {
		keys []string
		want nav.Copy
	}{
		{[]string{"y"}, nav.Copy{What: "path", Text: path}},
		{[]string{"tab", "c"}, nav.Copy{What: "id", Text: "stripe_mrr"}},
		{[]string{"tab", "c"}, nav.Copy{What: "id", Text: "conn_1"}},
		{[]string{"tab", "enter", "down", "down", "c"}, nav.Copy{What: "id", Text: "widget_dash_1_1"}},
		{[]string{"tab", "c"}, nav.Copy{What: "id", Text: "dash_39"}},
	} {
		if got := press(m, c.keys...); len(got) != 1 || got[0] != c.want {
			t.Errorf("%v: %v, want %v", c.keys, got, c.want)
		}
	}
}

func TestMouse(t *testing.T) {
	t.Parallel()
	m := shown(t, export(), false, "tab")
	click := tea.MouseClickMsg{X: 5, Y: 4, Button: tea.MouseLeft}
	m.Update(click)
	need(t, m, "▸ Pageviews")
	m.Update(click)
	need(t, m, "of 74", "└")
	m.Update(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	need(t, m, "71 of 74")
	press(m, "esc")
	m.Update(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	need(t, m, "▸ Nothing yet")
}

// TestKeysDoSomething: what the help tells can be done, and is told once.
func TestKeysDoSomething(t *testing.T) {
	t.Parallel()
	for name, keys := range views() {
		m := shown(t, export(), false, keys...)
		seen := map[string]bool{}
		for _, g := range m.Keys() {
			for _, b := range g.Bindings {
				for _, k := range b.Keys() {
					if seen[k] {
						t.Errorf("%s: %q has two meanings", name, k)
					}
					seen[k] = true
				}
			}
		}
	}
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	const evil = `a\u001b]52;c;aGk=\u0007\u001b[2J\u009b31m\u202eRTL \r\nnext`
	content := export()
	for _, s := range []string{"stripe", "Revenue", "oauth", "active", "user_123", "dashboards", "metric-card", "USD", "synced"} {
		content = strings.ReplaceAll(content, `"`+s+`"`, `"`+evil+`"`)
	}
	content = strings.ReplaceAll(content, "Monthly", evil)
	for name, keys := range views() {
		m := shown(t, content, false, keys...)
		m.SetSize(200, 58)
		for _, bad := range []string{"\x1b]52", "\x1b[2J", "\x1b\x1b", "\u009b", "\u202e", "\a", "\r"} {
			if strings.Contains(m.View(), bad) {
				t.Errorf("%s: %q reaches the screen", name, bad)
			}
		}
		needInside(t, m.View(), 200, 58)
	}
}

func TestViewIsPure(t *testing.T) {
	t.Parallel()
	for name, keys := range views() {
		m := shown(t, export(), false, keys...)
		if a, b := m.View(), m.View(); a != b {
			t.Errorf("%s: two views differ", name)
		}
	}
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
