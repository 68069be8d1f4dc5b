package backup

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same on every machine

	"github.com/dashtray/dashtray-tui/client"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// plainly decides as Plan's documentation says, entry by entry and without any
// order: a backup stays for a rule if none of its period is newer, and fewer
// than N periods are.
func plainly(entries []Entry, p Policy, now time.Time, loc *time.Location) (keep map[string]bool) {
	keep = make(map[string]bool)
	alike := func(a, b Entry) bool {
		return a.Origin == b.Origin && a.ProjectID == b.ProjectID && a.Format == b.Format &&
			a.Range.Name == b.Range.Name && a.Include == b.Include
	}
	ahead := func(e Entry) bool { return e.At().After(now.Add(24 * time.Hour)) }
	periods := []struct {
		n  int
		of func(t time.Time) string
	}{
		{p.Last, nil},
		{p.Daily, func(t time.Time) string { return t.Format("2006-01-02") }},
		{p.Weekly, func(t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprint(y, "-", w) }},
		{p.Monthly, func(t time.Time) string { return t.Format("2006-01") }},
	}
	wanted := func(i int, counts func(Entry) bool) bool {
		for _, rule := range periods {
			mine, newer := "", map[string]bool{}
			for j, o := range entries {
				if !alike(o, entries[i]) || !counts(o) && j != i {
					continue
				}
				period := fmt.Sprint(j)
				if rule.of != nil {
					period = rule.of(o.At().In(loc))
				}
				if j == i {
					mine = period
				} else if o.At().After(entries[i].At()) || o.At().Equal(entries[i].At()) && j > i {
					newer[period] = true
				}
			}
			if !newer[mine] && len(newer) < rule.n {
				return true
			}
		}
		return false
	}
	for i, e := range entries {
		last := true
		for _, o := range entries[i+1:] {
			last = last && (!alike(o, e) || o.State != Present || ahead(o))
		}
		switch {
		case e.State == Changed, e.State == Unreadable, ahead(e), p.Empty():
			keep[e.File] = true
		case e.State == Missing:
			keep[e.File] = wanted(i, func(o Entry) bool { return o.State <= Missing && !ahead(o) })
		default:
			keep[e.File] = last || wanted(i, func(o Entry) bool { return o.State == Present && !ahead(o) })
		}
	}
	return keep
}

// check compares Plan with plainly and with what must always be true.
func check(t *testing.T, entries []Entry, p Policy, now time.Time, loc *time.Location) (keep []Kept, remove []Entry) {
	t.Helper()
	before := slices.Clone(entries)
	keep, remove = Plan(entries, p, now, loc)
	if fmt.Sprint(before) != fmt.Sprint(entries) {
		t.Fatal("Plan changed its entries")
	}
	want := plainly(entries, p, now, loc)
	stays, goes := map[string]bool{}, map[string]bool{}
	for _, k := range keep {
		stays[k.File] = true
		if len(k.Reasons) == 0 || k.Reason() == "" {
			t.Errorf("%s stays without a reason", k.File)
		}
	}
	for _, e := range remove {
		goes[e.File] = true
	}
	for _, e := range entries {
		if goes[e.File] == want[e.File] {
			t.Errorf("%+v in %s: %s (state %d): removed %v, want kept %v", p, loc, e.File, e.State, goes[e.File], want[e.File])
		}
		if stays[e.File] == (goes[e.File] || e.State == Missing) {
			t.Errorf("%s: kept %v, removed %v, state %d", e.File, stays[e.File], goes[e.File], e.State)
		}
	}
	if len(keep) != len(stays) || len(remove) != len(goes) {
		t.Error("an entry was named twice")
	}
	if !slices.IsSortedFunc(remove, func(a, b Entry) int { return a.At().Compare(b.At()) }) {
		t.Error("what goes is not in order, oldest first")
	}
	return keep, remove
}

func TestPlanAgainstPlainReading(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{
		time.UTC, zone(t, "Europe/Berlin"), zone(t, "America/St_Johns"), zone(t, "Pacific/Apia"),
		zone(t, "Australia/Lord_Howe"), zone(t, "America/New_York"),
	}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		loc := zones[r.IntN(len(zones))]
		begin := time.Date(2010+r.IntN(3), time.Month(1+r.IntN(12)), 1, 0, 0, 0, 0, time.UTC)
		var entries []Entry
		for i := range r.IntN(40) {
			e := entryAt(begin.Add(time.Duration(r.IntN(24*120))*30*time.Minute), "x")
			e.File = fmt.Sprintf("dashtray-%d.json", i)
			if r.IntN(4) == 0 {
				e.State = State(r.IntN(4))
			}
			if r.IntN(5) == 0 {
				e.ProjectID = "prj_2"
			}
			if r.IntN(9) == 0 {
				e.Format = client.CSV
			}
			if r.IntN(9) == 0 {
				e.CreatedAt = time.Time{}
			}
			entries = append(entries, e)
		}
		p := Policy{Last: r.IntN(5) - 1, Daily: r.IntN(8) - 1, Weekly: r.IntN(6) - 1, Monthly: r.IntN(5) - 1}
		now := begin.AddDate(0, 0, 20+r.IntN(60))
		keep, _ := check(t, entries, p, now, loc)

		// What stays, stays: the same again removes nothing.
		left := slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool {
			return !slices.ContainsFunc(keep, func(k Kept) bool { return k.File == e.File })
		})
		if _, again := Plan(left, p, now, loc); len(again) > 0 {
			t.Errorf("seed %d: the second time %v go", seed, files(again))
		}
		// A rule more never removes more.
		more := p
		more.Daily = max(more.Daily, 0) + 1
		if !p.Empty() {
			_, fewer := Plan(entries, more, now, loc)
			_, remove := Plan(entries, p, now, loc)
			for _, e := range fewer {
				if !slices.Contains(files(remove), e.File) {
					t.Errorf("seed %d: %s goes because more is kept", seed, e.File)
				}
			}
		}
	}
}

// A year of nights, each with its own retention, leaves what the policy says of
// the year as a whole, in zones whose clocks change: at night, a minute past
// midnight, and in Havana so that a day in spring has no midnight. It is a leap
// year, and ends in a week 53.
func TestPlanNightByNight(t *testing.T) {
	t.Parallel()
	for _, night := range []struct {
		zone         string
		year         int
		hour, minute int
	}{{"Europe/Berlin", 2020, 2, 30}, {"America/St_Johns", 2010, 0, 1}, {"America/Havana", 2020, 0, 0}} {
		t.Run(night.zone, func(t *testing.T) {
			t.Parallel()
			loc := zone(t, night.zone)
			for _, p := range []Policy{
				{Daily: 7, Weekly: 5, Monthly: 12}, {Last: 3}, {Daily: 1}, {Weekly: 60}, {Monthly: 3, Last: 10}, {},
			} {
				var all, left []Entry
				for d := range 370 {
					at := time.Date(night.year, 1, 1+d, night.hour, night.minute, 0, 0, loc)
					all, left = append(all, entryAt(at, "x")), append(left, entryAt(at, "x"))
					_, remove := Plan(left, p, at.Add(time.Hour), loc)
					gone := files(remove)
					left = slices.DeleteFunc(left, func(e Entry) bool { return slices.Contains(gone, e.File) })
				}
				want := plainly(all, p, all[len(all)-1].At(), loc)
				all = slices.DeleteFunc(all, func(e Entry) bool { return !want[e.File] })
				same(t, fmt.Sprintf("%+v", p), files(left), files(all))
			}
		})
	}
}

// planned shows a plan, newest first: "+" stays, "-" goes.
func planned(entries []Entry, p Policy, now time.Time, loc *time.Location) string {
	keep, remove := Plan(entries, p, now, loc)
	why := map[string]string{}
	for _, k := range keep {
		why[k.File] = k.Reason()
	}
	for _, e := range remove {
		why[e.File] = "-"
	}
	all := slices.Clone(entries)
	slices.SortStableFunc(all, func(a, b Entry) int { return cmp.Or(b.At().Compare(a.At()), 0) })
	var out []string
	for _, e := range all {
		out = append(out, cmp.Or(why[e.File], "?"))
	}
	return strings.Join(out, "; ")
}

func TestPlanReasons(t *testing.T) {
	t.Parallel()
	days := func(n int) []Entry {
		var all []Entry
		for d := range n {
			all = append(all, entryAt(night.AddDate(0, 0, d), "x"))
		}
		return all
	}
	with := func(all []Entry, i int, change func(*Entry)) []Entry {
		change(&all[i])
		return all
	}
	now := night.AddDate(0, 0, 10)
	for name, c := range map[string]struct {
		entries []Entry
		policy  Policy
		now     time.Time
		want    string
	}{
		"nothing there": {nil, Policy{Last: 1}, now, ""},
		"no rule":       {days(3), Policy{}, now, "all; all; all"},
		"last":          {days(4), Policy{Last: 2}, now, "last; last; -; -"},
		"rules united":  {days(4), Policy{Last: 1, Daily: 2, Monthly: 1}, now, "last, daily, monthly; daily; -; -"},
		"weeks":         {days(9), Policy{Weekly: 2}, now, "weekly; -; -; -; -; weekly; -; -; -"}, // Thursday to Friday
		"more than are": {days(2), Policy{Daily: 9}, now, "daily; daily"},
		"long switched off": {
			append(days(2), entryAt(night.AddDate(0, 5, 0), "x")),
			Policy{Daily: 3},
			night.AddDate(3, 0, 0), "daily; daily; daily",
		},
		"changed counts for no rule": {
			with(days(3), 2, func(e *Entry) { e.State = Changed }), Policy{Last: 1}, now, "changed; last; -",
		},
		"unreadable": {
			with(days(3), 1, func(e *Entry) { e.State = Unreadable }), Policy{Last: 1}, now, "last; unreadable; -",
		},
		"missing one takes no place": {
			with(days(3), 2, func(e *Entry) { e.State = Missing }), Policy{Last: 1}, now, "?; last; -",
		},
		"missing one is forgotten in its time": {
			with(days(3), 0, func(e *Entry) { e.State = Missing }), Policy{Last: 1}, now, "last; -; -",
		},
		"a clock that was ahead": {
			with(days(3), 0, func(e *Entry) { e.CreatedAt = night.AddDate(70, 0, 0) }), Policy{Last: 1}, now, "future; last; -",
		},
		"a clock that was set back": {days(3), Policy{Last: 1}, time.Unix(0, 0), "future; future; future"},
		"a clock hours behind":      {days(2), Policy{Last: 1}, night.AddDate(0, 0, 1).Add(-3 * time.Hour), "last; -"},
		"made last, with an older time": {
			with(days(3), 2, func(e *Entry) { e.CreatedAt = night.AddDate(0, 0, -1) }), Policy{Last: 1}, now, "last; -; newest",
		},
		"another project": {
			with(days(3), 0, func(e *Entry) { e.ProjectID = "prj_2" }), Policy{Last: 1}, now, "last; -; last",
		},
		"another server": {
			with(days(3), 0, func(e *Entry) { e.Origin = "http://127.0.0.1:1" }), Policy{Last: 1}, now, "last; -; last",
		},
		"another range": {
			with(days(3), 0, func(e *Entry) { e.Range.Name = "last_month" }), Policy{Last: 1}, now, "last; -; last",
		},
		"fewer types": {
			with(days(3), 2, func(e *Entry) { e.Include.AuditLogs = false }), Policy{Last: 1}, now, "last; last; -",
		},
		"encrypted ones replace plain ones": {
			with(days(2), 1, func(e *Entry) { e.Encrypted = true }), Policy{Last: 1}, now, "last; -",
		},
	} {
		if got := planned(c.entries, c.policy, c.now, time.UTC); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		check(t, c.entries, c.policy, c.now, time.UTC)
	}
}

// In Newfoundland the clocks went back at one minute past midnight: a day that
// had begun was over, and came again an hour later.
func TestDayThatComesTwice(t *testing.T) {
	t.Parallel()
	loc := zone(t, "America/St_Johns")
	change := time.Date(2010, 11, 7, 2, 31, 0, 0, time.UTC) // 00:01 on the 7th is 23:01 on the 6th
	var entries []Entry
	for _, m := range []int{-600, -1, 30, 90} { // the 6th, the 7th, the 6th, the 7th
		entries = append(entries, entryAt(change.Add(time.Duration(m)*time.Minute), "x"))
	}
	if a, b := entries[1].At().In(loc).Day(), entries[2].At().In(loc).Day(); a != 7 || b != 6 {
		t.Fatalf("the zone is not what the test thinks: %d, %d", a, b)
	}
	if got := planned(entries, Policy{Daily: 2}, change, loc); got != "daily; daily; -; -" {
		t.Error(got)
	}
	check(t, entries, Policy{Daily: 2}, change, loc)
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	if err := (Policy{Daily: -1}).Check(); err == nil {
		t.Error("a rule under 0 is accepted")
	}
	if err := (Policy{Last: 1}).Check(); err != nil {
		t.Error(err)
	}
	if !(Policy{}).Empty() || (Policy{Monthly: 1}).Empty() {
		t.Error("Empty is wrong")
	}
}
