package backup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
)

// Policy says how many backups stay. A rule of 0 is no rule; without any rule
// everything stays. A backup stays if one rule or more wants it.
type Policy struct {
	Last    int // the newest N
	Daily   int // the newest of each of the last N days that have one
	Weekly  int // … ISO weeks (ISO 8601: Monday to Sunday)
	Monthly int // … months
}

// Empty reports whether there is no rule: everything stays.
func (p Policy) Empty() bool { return max(p.Last, p.Daily, p.Weekly, p.Monthly) <= 0 }

// Check refuses a rule under 0.
func (p Policy) Check() error {
	if n := min(p.Last, p.Daily, p.Weekly, p.Monthly); n < 0 {
		return fmt.Errorf("keep %d backups: it is 1 or more", n)
	}
	return nil
}

// Reasons why a backup stays.
const (
	ReasonAll        = "all"        // there is no rule
	ReasonLast       = "last"       // one of the newest
	ReasonDaily      = "daily"      // the newest of its day
	ReasonWeekly     = "weekly"     // the newest of its week
	ReasonMonthly    = "monthly"    // the newest of its month
	ReasonNewest     = "newest"     // the one that was put there last, which always stays
	ReasonFuture     = "future"     // its time has not come: some clock was wrong
	ReasonChanged    = "changed"    // not the file that was put there
	ReasonUnreadable = "unreadable" // not to be read, so perhaps not the file that was put there
)

// Kept is a backup that stays, and why.
type Kept struct {
	File    string
	Reasons []string // never empty
}

// Reason is all reasons in one line.
func (k Kept) Reason() string { return strings.Join(k.Reasons, ", ") }

// skew is how far ahead of the clock a backup's time may be: it was told by
// the server, or by this machine before somebody set its clock.
const skew = 24 * time.Hour

// Plan decides which of the entries stay and which go, without touching
// anything. Entries are as [Folder.Entries] gives them: in the order in which
// they were put there, each with its state. Days, weeks and months are those
// of loc's calendar, so that no change of the clock makes one longer or
// shorter; N days are N days that have a backup, however long ago, so that a
// machine that was off for a month loses nothing.
//
// Backups of one project, format, range and set of types are one series, and
// every series is judged by itself: an export of the last month never takes
// the place of one of all time.
//
// What always stays: the backup of a series that was put there last, one that
// is not as it was put there, and one whose time lies more than a day ahead of
// now. The latter count for no rule, so that a clock that once was wrong costs
// no backup. Files that are missing count for no rule either; they are among
// those that go when the policy would have removed them by now.
//
// keep is newest first; remove is oldest first, so that who is stopped half
// way has the newer ones.
func Plan(entries []Entry, p Policy, now time.Time, loc *time.Location) (keep []Kept, remove []Entry) {
	type place struct {
		at time.Time
		i  int
	}
	var kept, gone []place
	reasons := make([][]string, len(entries))
	for _, s := range seriesOf(entries) {
		s.judge(entries, p, now, loc, reasons)
	}
	for i, e := range entries {
		switch {
		case len(reasons[i]) == 0:
			gone = append(gone, place{e.At(), i})
		case e.State != Missing:
			kept = append(kept, place{e.At(), i})
		}
	}
	older := func(a, b place) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.i, b.i)) }
	slices.SortFunc(kept, func(a, b place) int { return older(b, a) })
	slices.SortFunc(gone, older)
	for _, k := range kept {
		keep = append(keep, Kept{entries[k.i].File, reasons[k.i]})
	}
	for _, g := range gone {
		remove = append(remove, entries[g.i])
	}
	return keep, remove
}

// series are indices of entries that replace one another, in their order.
type series []int

// kind is what the backups of a series have in common.
type kind struct {
	origin, project text.Untrusted
	format          client.Format
	span            string
	include         client.Include
}

// seriesOf takes the entries apart.
func seriesOf(entries []Entry) map[kind]series {
	all := make(map[kind]series)
	for i, e := range entries {
		k := kind{e.Origin, e.ProjectID, e.Format, e.Range.Name, e.Include}
		all[k] = append(all[k], i)
	}
	return all
}

// judge finds the reasons of one series.
func (s series) judge(entries []Entry, p Policy, now time.Time, loc *time.Location, reasons [][]string) {
	var present, all series
	last := -1
	for _, i := range s {
		e := entries[i]
		switch {
		case e.State == Changed:
			reasons[i] = []string{ReasonChanged}
		case e.State == Unreadable:
			reasons[i] = []string{ReasonUnreadable}
		case p.Empty():
			reasons[i] = []string{ReasonAll}
		case e.At().Sub(now) > skew:
			reasons[i] = []string{ReasonFuture}
		case e.State == Missing:
			all = append(all, i)
		default:
			present, all = append(present, i), append(all, i)
			last = i
		}
	}
	missing := make([][]string, len(entries))
	all.apply(entries, p, loc, missing)
	for _, i := range all {
		if entries[i].State == Missing {
			reasons[i] = missing[i]
		}
	}
	present.apply(entries, p, loc, reasons)
	if last >= 0 && len(reasons[last]) == 0 {
		reasons[last] = []string{ReasonNewest}
	}
}

// apply adds the reasons of the rules.
func (s series) apply(entries []Entry, p Policy, loc *time.Location, reasons [][]string) {
	newest := slices.Clone(s)
	slices.SortFunc(newest, func(a, b int) int {
		return cmp.Or(entries[b].At().Compare(entries[a].At()), cmp.Compare(b, a))
	})
	for _, rule := range []struct {
		keep   int
		reason string
		period func(time.Time) [3]int
	}{
		{p.Last, ReasonLast, nil},
		{p.Daily, ReasonDaily, dayOf},
		{p.Weekly, ReasonWeekly, weekOf},
		{p.Monthly, ReasonMonthly, monthOf},
	} {
		// A set, since a clock that is put back shortly after midnight comes to
		// the same day twice.
		seen := make(map[[3]int]bool)
		for at, i := range newest {
			if len(seen) >= rule.keep {
				break
			}
			period := [3]int{at}
			if rule.period != nil {
				period = rule.period(entries[i].At().In(loc))
			}
			if !seen[period] {
				seen[period] = true
				reasons[i] = append(reasons[i], rule.reason)
			}
		}
	}
}

func dayOf(t time.Time) [3]int {
	y, m, d := t.Date()
	return [3]int{y, int(m), d}
}

func weekOf(t time.Time) [3]int {
	y, w := t.ISOWeek()
	return [3]int{y, w}
}

func monthOf(t time.Time) [3]int {
	y, m, _ := t.Date()
	return [3]int{y, int(m)}
}
