package sandbox

import "strconv"

// metric is one series of the company: its words, and the numbers that its
// values are computed from (integers, so that every machine computes the same).
type metric struct {
	id, name, unit, service string
	metadata                string // JSON
	base                    int64  // value at the start, in units of 10^-decimals
	decimals                int    // 0 to 2
	growth                  int64  // per mille a year
	week                    int64  // per mille that weekends are lower
	noise                   int64  // per mille up and down
	zeroed                  bool   // centred on zero: a net change, which may be negative
}

// metrics is what a SaaS company watches.
func metrics() []metric {
	const usd = `{"currency":"usd","interval":"month"}`
	const repo = `{"repository":"northwind/app","branch":"main"}`
	const site = `{"property":"northwind.example","channel":"all"}`
	return []metric{
		{"stripe_mrr", "Monthly Recurring Revenue", "USD", "stripe", usd, 4_200_000, 2, 640, 0, 6, false},
		{"stripe_arr", "Annual Recurring Revenue", "USD", "stripe", `{"currency":"usd","interval":"year"}`, 50_400_000, 2, 640, 0, 6, false},
		{"stripe_net_new_mrr", "Net New MRR", "USD", "stripe", usd, 180_000, 2, 300, 150, 900, true},
		{"stripe_active_subscriptions", "Active Subscriptions", "subscriptions", "stripe", `{"interval":"month"}`, 612, 0, 480, 0, 8, false},
		{"stripe_churn_rate", "Monthly Churn Rate", "percent", "stripe", `{"interval":"month"}`, 231, 2, -60, 0, 120, false},
		{"stripe_arpu", "Average Revenue per User", "USD", "stripe", usd, 6_862, 2, 110, 0, 12, false},
		{"stripe_failed_payments", "Failed Payments", "payments", "stripe", `{"reason":"card_declined"}`, 14, 0, 200, 300, 500, false},
		{"stripe_refunds", "Refunds", "USD", "stripe", `{"currency":"usd"}`, 31_900, 2, 150, 400, 600, false},
		{"github_stars", "Repository Stars", "stars", "github", repo, 1_840, 0, 900, 0, 2, false},
		{"github_commits", "Commits", "commits", "github", repo, 38, 0, 250, 780, 350, false},
		{"github_open_issues", "Open Issues", "issues", "github", repo, 97, 0, 180, 0, 60, false},
		{"github_open_pull_requests", "Open Pull Requests", "pull requests", "github", repo, 16, 0, 120, 200, 250, false},
		{"github_review_time", "Median Review Time", "hours", "github", repo, 910, 2, -150, 100, 280, false},
		{"ga_sessions", "Sessions", "sessions", "google_analytics", site, 5_400, 0, 700, 380, 140, false},
		{"ga_users", "Users", "users", "google_analytics", site, 3_900, 0, 690, 360, 140, false},
		{"ga_bounce_rate", "Bounce Rate", "percent", "google_analytics", site, 4_420, 2, -40, -60, 50, false},
		{"ga_conversion_rate", "Sign-up Conversion, Trial to Paid", "percent", "google_analytics", site, 318, 2, 90, 80, 160, false},
		{"plausible_visitors", "Unique Visitors", "visitors", "plausible", site, 2_750, 0, 650, 350, 130, false},
		{"plausible_pageviews", "Pageviews", "pageviews", "plausible", site, 9_800, 0, 660, 350, 150, false},
		{"intercom_conversations", "Conversations", "conversations", "intercom", `{"inbox":"support"}`, 84, 0, 420, 620, 220, false},
		{"intercom_first_response", "Median First Response", "minutes", "intercom", `{"inbox":"support"}`, 1_870, 2, -220, -300, 300, false},
		{"intercom_csat", "Customer Satisfaction \"CSAT\"", "percent", "intercom", `{"scale":"1-5"}`, 9_310, 2, 12, 0, 18, false},
		{"hubspot_leads", "New Leads", "leads", "hubspot", `{"pipeline":"default"}`, 46, 0, 510, 640, 260, false},
		{"hubspot_pipeline_value", "Pipeline Value", "USD", "hubspot", `{"currency":"usd","pipeline":"default"}`, 31_000_000, 2, 440, 0, 70, false},
		{"posthog_dau", "Daily Active Users", "users", "posthog", `{"event":"session_start"}`, 1_120, 0, 720, 440, 60, false},
		{"posthog_activation", "Activation Rate", "percent", "posthog", `{"event":"first_dashboard"}`, 3_890, 2, 140, 0, 90, false},
		{"sentry_errors", "Errors", "events", "sentry", `{"environment":"production"}`, 310, 0, 150, 200, 700, false},
		{"uptime_percent", "Uptime", "percent", "betterstack", `{"monitor":"api","region":"eu"}`, 9_995, 2, 0, 0, 1, false},
	}
}

// connection is a service that the project is joined with. The credential is
// what the product stores to talk to it: no encoder reads it, save under the
// fault "credential".
type connection struct {
	id, service, name, category, auth, status string
	accountID, accountName                    string
	syncs, ageDays                            int64
	staleMinutes                              int64 // since the last sync; 0 is never synced
	credential                                credential
}

type credential struct{ field, value string }

// connections of the project, with credentials that are made from the seed.
func connections(seed uint64) []connection {
	list := []connection{
		{service: "stripe", name: "Stripe", category: "payment", auth: "oauth", status: "active", accountID: "acct_1N0rthw1nd", accountName: "Northwind, Inc.", syncs: 8_412, ageDays: 388, staleMinutes: 7},
		{service: "github", name: "GitHub", category: "development", auth: "oauth", status: "active", accountID: "northwind", accountName: "northwind", syncs: 8_390, ageDays: 387, staleMinutes: 12},
		{service: "google_analytics", name: "Google Analytics", category: "analytics", auth: "oauth", status: "active", accountID: "properties/318204417", accountName: "Northwind – Website", syncs: 8_101, ageDays: 380, staleMinutes: 31},
		{service: "plausible", name: "Plausible", category: "analytics", auth: "api_key", status: "active", accountID: "northwind.example", accountName: "northwind.example", syncs: 6_020, ageDays: 274, staleMinutes: 18},
		{service: "intercom", name: "Intercom", category: "support", auth: "oauth", status: "active", accountID: "k3wq81zx", accountName: "Northwind \"Support\"", syncs: 5_702, ageDays: 260, staleMinutes: 22},
		{service: "hubspot", name: "HubSpot", category: "crm", auth: "oauth", status: "syncing", accountID: "24410907", accountName: "Northwind", syncs: 4_911, ageDays: 231, staleMinutes: 64},
		{service: "posthog", name: "PostHog", category: "analytics", auth: "api_key", status: "active", accountID: "58213", accountName: "Northwind (Köln)", syncs: 4_377, ageDays: 204, staleMinutes: 9},
		{service: "sentry", name: "Sentry", category: "monitoring", auth: "oauth", status: "active", accountID: "northwind-eu", accountName: "northwind-eu", syncs: 3_650, ageDays: 170, staleMinutes: 15},
		{service: "betterstack", name: "Better Stack", category: "monitoring", auth: "api_key", status: "active", accountID: "team-8813", accountName: "Northwind", syncs: 3_102, ageDays: 151, staleMinutes: 4},
		{service: "mailchimp", name: "Mailchimp", category: "marketing", auth: "oauth", status: "error", accountID: "us21", accountName: "Northwind Newsletter", syncs: 811, ageDays: 140, staleMinutes: 60 * 24 * 9},
		{service: "slack", name: "Slack", category: "communication", auth: "oauth", status: "disconnected", accountID: "T02NWIND", accountName: "北風 Northwind", syncs: 120, ageDays: 97, staleMinutes: 60 * 24 * 41},
		{service: "linear", name: "Linear", category: "development", auth: "api_key", status: "pending", accountID: "northwind", accountName: "Northwind", ageDays: 2},
	}
	for i := range list {
		c := &list[i]
		c.id = "conn_" + shortID(seed, 0xc0, int64(i))
		c.credential = credentialOf(seed, int64(i), c.service, c.auth)
	}
	return list
}

// credentialOf looks like the real thing, so that a scanner for leaks has
// something to find.
func credentialOf(seed uint64, i int64, service, auth string) credential {
	secret := shortID(seed, 0x5ec, i) + shortID(seed, 0x5ed, i) + shortID(seed, 0x5ee, i)
	switch {
	case service == "stripe":
		return credential{"accessToken", "sk_live_" + secret}
	case service == "github":
		return credential{"accessToken", "gho_" + secret + secret[:6]}
	case service == "slack":
		return credential{"accessToken", "xoxb-" + secret}
	case auth == "oauth":
		return credential{"refreshToken", "1//0" + secret}
	default:
		return credential{"apiKey", "phx_" + secret}
	}
}

type dashboard struct {
	id, name, slug, kind, category string
	isDefault                      bool
	ageDays, updatedDays           int64
	widgets                        []widget
}

type widget struct {
	id, kind, title, metric, aggregation string
	x, y, w, h                           int64
	visible                              bool
}

// dashboards of the project; a widget's place follows from its number.
func dashboards(seed uint64) []dashboard {
	list := []dashboard{
		{
			name: "Overview", slug: "overview", kind: "default", category: "overview", isDefault: true, ageDays: 395, updatedDays: 3,
			widgets: cards("stripe_mrr", "stripe_active_subscriptions", "ga_sessions", "posthog_dau", "intercom_csat", "uptime_percent"),
		},
		{
			name: "Revenue Dashboard", slug: "revenue", kind: "custom", category: "payment", ageDays: 380, updatedDays: 12,
			widgets: cards("stripe_mrr", "stripe_arr", "stripe_net_new_mrr", "stripe_churn_rate", "stripe_arpu"),
		},
		{
			name: "Engineering", slug: "engineering", kind: "custom", category: "development", ageDays: 301, updatedDays: 40,
			widgets: cards("github_commits", "github_open_pull_requests", "github_review_time", "sentry_errors"),
		},
		{
			name: "Growth, \"North Star\"", slug: "growth", kind: "custom", category: "analytics", ageDays: 222, updatedDays: 8,
			widgets: cards("plausible_visitors", "ga_conversion_rate", "posthog_activation", "hubspot_leads"),
		},
		{
			name: "Soporte – atención al cliente", slug: "soporte", kind: "custom", category: "support", ageDays: 118, updatedDays: 118,
			widgets: cards("intercom_conversations", "intercom_first_response", "intercom_csat"),
		},
		{name: "Stripe Starter", slug: "stripe-starter", kind: "template", category: "payment", ageDays: 60, updatedDays: 60},
	}
	n := int64(0)
	for i := range list {
		list[i].id = "dash_" + shortID(seed, 0xda, int64(i))
		for k := range list[i].widgets {
			list[i].widgets[k].id = "widget_" + shortID(seed, 0x1d, n)
			n++
		}
	}
	return list
}

// cards makes a row of two number cards, then charts below.
func cards(ids ...string) []widget {
	names := map[string]string{}
	for _, m := range metrics() {
		names[m.id] = m.name
	}
	out := make([]widget, 0, len(ids))
	for i, id := range ids {
		w := widget{kind: "metric-card", title: names[id], metric: id, aggregation: "latest", w: 4, h: 2, visible: true}
		if i >= 2 {
			w.kind, w.aggregation, w.w, w.h = "line-chart", "sum", 6, 4
		}
		w.x, w.y, w.visible = int64(i%2)*w.w, int64(i/2)*w.h, i != 5
		out = append(out, w)
	}
	return out
}

// shortID is ten characters that no two numbers of one kind share.
func shortID(seed uint64, kind uint64, n int64) string {
	return string(appendID(nil, mix(seed^kind<<32), uint64(n)))
}

// mix is the finaliser of SplitMix64: a cheap hash of 64 bits.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's base 32

// appendID writes n as ten characters. Each step below is reversible within
// 50 bits, so that two different n never share an id.
func appendID(b []byte, salt, n uint64) []byte {
	const mask = 1<<50 - 1
	x := (n ^ salt) & mask
	x = x * 0x9e3779b97f4a7c15 & mask
	x ^= x >> 25
	x = x * 0xbf58476d1ce4e5b9 & mask
	x ^= x >> 25
	return append(b,
		idAlphabet[x>>45&31], idAlphabet[x>>40&31], idAlphabet[x>>35&31], idAlphabet[x>>30&31], idAlphabet[x>>25&31],
		idAlphabet[x>>20&31], idAlphabet[x>>15&31], idAlphabet[x>>10&31], idAlphabet[x>>5&31], idAlphabet[x&31])
}

// projectInfo is what the API and the files say of a project.
type projectInfo struct {
	id, name, slug string
	createdAt      int64
}

const hostileText = "Evil\x1b]0;pwned\x07 \x1b[31mred\x1b[2J \u202eppa\u202c\u0085\r\nend"

// paidProject has the Scale plan; hostile gives it a name that tries to take
// over a terminal.
func paidProject(born int64, hostile bool) projectInfo {
	p := projectInfo{id: "j57nw7c0kd8v2q4xh1s9", name: "Northwind Analytics", slug: "northwind-analytics", createdAt: daysBefore(born, 400)}
	if hostile {
		p.name, p.slug = hostileText, "../\x1b[31m"+strconv.Itoa(1)
	}
	return p
}

func freeProject(born int64) projectInfo {
	return projectInfo{id: "j57fr33p1an0t3st9x2b", name: "Side Project", slug: "side-project", createdAt: daysBefore(born, 30)}
}

func daysBefore(ms, days int64) int64 { return ms - days*24*3600*1000 }
