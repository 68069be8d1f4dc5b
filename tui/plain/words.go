package plain

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
)

func plural(n int64, noun string) string { return component.Plural(n, noun) }

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[size:]
}

// lasted is a span in its two largest units, as it is read aloud.
func lasted(d time.Duration) string {
	s := int64(max(0, d) / time.Second)
	two := func(a int64, unitA string, b int64, unitB string) string {
		if b == 0 {
			return plural(a, unitA)
		}
		return plural(a, unitA) + " " + plural(b, unitB)
	}
	switch {
	case s < 60:
		return plural(s, "second")
	case s < 3600:
		return two(s/60, "minute", s%60, "second")
	case s < 86400:
		return two(s/3600, "hour", s%3600/60, "minute")
	}
	return two(s/86400, "day", s%86400/3600, "hour")
}

// about is a span in its largest unit.
func about(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < time.Hour:
		return plural(int64(d/time.Minute), "minute")
	case d < 48*time.Hour:
		return plural(int64(d/time.Hour), "hour")
	}
	return plural(int64(d/(24*time.Hour)), "day")
}

// usually is how long an export of so many records takes, and at most; records
// less than 0 are not known.
func usually(records int64) (words string, most time.Duration) {
	small, medium, large := "30 to 60 seconds", "2 to 5 minutes", "5 to 15 minutes"
	_, most = component.Typical(records, "")
	switch {
	case records < 0:
		words = small + " under 10,000 records, " + medium + " up to 100,000, " + large + " above"
	case most <= time.Minute:
		words = small + " for " + plural(records, "record")
	case most <= 5*time.Minute:
		words = medium + " for " + plural(records, "record")
	default:
		words = large + " for " + plural(records, "record")
	}
	return words, most
}

// ago is a moment in the past.
func ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return "at an unknown time"
	case d < time.Minute:
		return "just now"
	default:
		return about(d) + " ago"
	}
}

// percent is a fraction, cut and never rounded up.
func percent(fraction float64) string {
	return strings.TrimSuffix(component.Percent(fraction), "%") + " percent"
}

// ofWhole is "1.0 MiB of 5.0 MiB", or the first half where the whole is not known.
func ofWhole(done, whole int64) string {
	if whole <= 0 {
		return component.Size(done)
	}
	return component.Size(done) + " of " + component.Size(whole)
}

// moment is a time with the name of its zone.
func moment(t time.Time, loc *time.Location) string {
	return t.In(loc).Format("2006-01-02 15:04:05 MST")
}

// zone is the time zone's name and what it is ahead of UTC now.
func (c *console) zone() string {
	now := c.d.Now().In(c.d.Location)
	name := c.d.Location.String()
	if name == "Local" {
		name, _ = now.Zone()
	}
	if name == "UTC" {
		return name
	}
	return fmt.Sprintf("%s (UTC%s)", safe(name), now.Format("-07:00"))
}

// days are the first and the last day of a range.
func days(from, to time.Time, loc *time.Location) string {
	first, last := from.In(loc).Format(time.DateOnly), to.In(loc).Format(time.DateOnly)
	if first == last {
		return first
	}
	return first + " to " + last
}

// rangeName is a range's name as it is read aloud: "last 30 days".
func rangeName(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(safe(name), "_", " "), "..", " to ")
}

// wireRange is a range as a server told it; "" if it did not.
func wireRange(w client.WireRange, loc *time.Location) string {
	switch {
	case w.Name != "":
		return rangeName(w.Name.Raw())
	case w.From.IsZero() || w.To.IsZero():
		return ""
	}
	return days(w.From, w.To, loc)
}

// types are the data types of an export.
func types(in client.Include) string {
	var names []string
	for _, t := range dataTypes() {
		if has(in, t.value) {
			names = append(names, strings.ToLower(t.label))
		}
	}
	switch len(names) {
	case 0:
		return "no data types"
	case len(dataTypes()):
		return "all data types"
	}
	return strings.Join(names, ", ")
}

// asked says in one line what an export is of.
func asked(r client.ExportRequest) string {
	var parts []string
	if r.Format != "" {
		parts = append(parts, strings.ToUpper(safe(string(r.Format))))
	}
	if r.Range.Name != "" {
		parts = append(parts, rangeName(r.Range.Name))
	}
	return strings.Join(append(parts, types(r.Include)), ", ")
}

// stage is how an export stands at the server. A word that the server alone
// knows is said as it came.
func stage(e *client.Export, now time.Time) string {
	switch e.Stage {
	case client.StageCompleted:
		if end, ok := e.LinkEnd(); ok && !now.Before(end) {
			return "ready, but its link has expired"
		}
		return "ready"
	case client.StageFailed:
		return "failed"
	case client.StageExpired:
		return "expired"
	}
	if w := safe(e.Status.Raw()); w != "" {
		return "running: " + w
	}
	return "state unknown"
}

// local is the state of an entry's file on this machine.
func local(e *history.Entry) string {
	switch e.LocalState {
	case history.LocalVerified:
		return "file verified"
	case history.LocalInvalid:
		return "file does not verify"
	case history.LocalMissing:
		return "file was here and is missing now"
	case history.LocalPartial:
		if e.LocalSize > 0 {
			return "file partly here, " + percent(float64(e.LocalDone)/float64(e.LocalSize))
		}
		return "file partly here"
	}
	return "no file here"
}

// stepName is a step of a job in a few words.
func stepName(s job.Snapshot) string {
	switch s.Step {
	case job.StepPreparing:
		return "getting ready"
	case job.StepBusy:
		return "waiting for its turn"
	case job.StepCreating:
		return "asking for the export"
	case job.StepTransferring:
		if s.Paused {
			return "paused at " + ofWhole(s.Transfer.Done, s.Transfer.Size)
		}
		return "downloading, " + ofWhole(s.Transfer.Done, s.Transfer.Size)
	case job.StepVerifying:
		return "checking the file"
	}
	return string(s.Step)
}

// subject names the job: its export, or what it is to be of.
func subject(s job.Snapshot) string {
	if s.Spec.Request.Format != "" {
		return asked(s.Spec.Request)
	}
	if id := s.Export.ID; id != "" {
		return "export " + safe(id.Raw())
	}
	return "job " + strconv.Itoa(int(s.Ref))
}
