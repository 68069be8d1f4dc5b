package inspect_test

import (
	"context"
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
	expect  archive.Expect // what it was asked to hold the file against
}

func (f *file) Inspect(ctx context.Context, _ string, expect archive.Expect, progress func(done, total int64)) (archive.Report, error) {
	f.expect = expect
	if f.err != nil {
		return archive.Report{}, f.err
	}
	size := int64(len(f.content))
	return archive.Check(ctx, strings.NewReader(f.content), expect, func(done int64) { progress(done, size) })
}

func clock() time.Time { return time.Date(2026, 4, 2, 12, 0, 0, 0, time.UTC) }

func deps(t *testing.T, r inspect.Reader, ascii bool) inspect.Deps {
	return inspect.Deps{
		Ctx: t.Context(), Reader: r, Theme: theme.New(ascii), Keys: keymap.Default(ascii), Now: clock,
		ShellCommand: func(file string) string { return "dashtray-tui inspect " + file },
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
