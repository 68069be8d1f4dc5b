package plain

import (
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui/component"
)

// When progress is told: never sooner than calm after the last time, and not
// before leap more is done. Where nobody knows how much there is to do, it is
// told each quiet.
const (
	calm  = 30 * time.Second
	leap  = 0.10
	quiet = time.Minute
)

// adviceAfter is the time after which support has to look, by the product's
// page on data export.
const adviceAfter = 30 * time.Minute

// teller tells of a job what is new in it.
type teller struct {
	c        *console
	steps    int // of Snapshot.Steps that were told
	warnings int
	last     time.Time // when progress was told, or a step
	fraction float64   // that was told last
	troubled bool      // that the transfer waits, or a look went wrong, was told
	trouble  time.Time // when
	resumed  bool      // what was here already was told
	slow     bool      // that it takes longer than usual was told
	advised  bool      // the advice after half an hour was told
}

// newTeller begins with a job as it stands: what is past is told in one sentence.
func newTeller(c *console, s job.Snapshot) *teller {
	t := &teller{c: c, last: c.d.Now(), resumed: s.Transfer.ResumedFrom > 0}
	if len(s.Steps) > 1 {
		t.steps, t.warnings = len(s.Steps), len(s.Warnings)
		for _, w := range status(c, s) {
			c.out.line(w)
		}
	}
	return t
}

// answered notes that the person asked how the job stands, so that it is not
// told again at once.
func (t *teller) answered(s job.Snapshot, l line) {
	if strings.TrimSpace(l.text) == "" {
		t.last, t.fraction = t.c.d.Now(), max(fraction(s), 0)
	}
}

// hear tells what is new.
func (t *teller) hear(s job.Snapshot) {
	now := t.c.d.Now()
	for ; t.steps < len(s.Steps); t.steps++ {
		if words := t.step(s, t.steps); words != "" {
			t.c.out.line(words)
			t.last, t.fraction = now, 0
		}
	}
	for ; t.warnings < len(s.Warnings); t.warnings++ {
		t.c.out.line("Warning: " + safeLong(s.Warnings[t.warnings]))
	}
	if s.Step.Over() {
		return
	}
	t.hearTrouble(s, now)
	t.hearProgress(s, now)
	t.hearTime(s, now)
}

// step is what a step is called when it begins; "" for the ends, which have
// their own words.
func (t *teller) step(s job.Snapshot, i int) string {
	switch s.Steps[i].Step {
	case job.StepPreparing:
		return "Checking the key and the folder."
	case job.StepBusy:
		return "Another export of the project is running, and there can be one at a time. Yours starts by itself when that one has ended."
	case job.StepCreating:
		return "Asking for the export."
	case job.StepQueued:
		return "Export " + exact(s.Export.ID.Raw()) + " is queued." + t.usually(s)
	case job.StepCollecting:
		return "The server is collecting the data."
	case job.StepGenerating:
		return "The server is generating the file."
	case job.StepProcessing:
		return "Export " + exact(s.Export.ID.Raw()) + " is being made." + t.usually(s)
	case job.StepTransferring:
		words := "Downloading"
		if s.File != "" {
			words += " to " + exact(s.File)
		}
		return serverTimes(s) + words + "."
	case job.StepVerifying:
		return "Checking the file."
	}
	return ""
}

func (t *teller) usually(s job.Snapshot) string {
	words, _ := typical(s)
	return " Usually it takes " + words + "."
}

// serverTimes is how long the server took, stage by stage.
func serverTimes(s job.Snapshot) string {
	var parts []string
	var whole time.Duration
	for i, st := range s.Steps[:max(0, len(s.Steps)-1)] {
		if st.Step.OnServer() {
			took := s.Steps[i+1].At.Sub(st.At)
			whole += took
			parts = append(parts, string(st.Step)+" "+lasted(took))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "The export is ready after " + lasted(whole) + ": " + strings.Join(parts, ", ") + ". "
}

// hearTrouble tells once that something goes wrong, again when it lasts, and
// that it is over.
func (t *teller) hearTrouble(s job.Snapshot, now time.Time) {
	words := ""
	switch waits := s.Step == job.StepTransferring && s.Transfer.Phase == transfer.PhaseWaiting; {
	case waits:
		words = interrupted(s.Transfer, now)
	case s.LookErr != nil && s.Export.ID == "":
		what, _ := t.c.d.Message(s.LookErr)
		words = safeLong(what) + " It is tried again in " + lasted(s.NextLook.Sub(now)) + "."
	case s.LookErr != nil:
		what, _ := t.c.d.Message(s.LookErr)
		words = "The last look at the export went wrong. " + safeLong(what) + " It is tried again; the export goes on meanwhile."
	}
	switch {
	case words == "" && t.troubled && (s.Step != job.StepTransferring || s.Transfer.Phase == transfer.PhaseReceiving):
		t.troubled = false
		t.c.out.line("It goes on.")
	case words != "" && (t.trouble.IsZero() || now.Sub(t.trouble) >= calm):
		t.troubled, t.trouble, t.last = true, now, now
		t.c.out.line(words)
	}
}

// interrupted says why a transfer waits and until when.
func interrupted(t transfer.Snapshot, now time.Time) string {
	words := "The download was interrupted"
	if t.LastError != "" {
		words += ": " + strings.TrimRight(safe(t.LastError), ".")
	}
	if in := t.RetryAt.Sub(now); !t.RetryAt.IsZero() && in > 0 {
		return words + ". The next try is in " + lasted(in+time.Second-1) + "."
	}
	return words + ". It is tried again."
}

// hearProgress tells how much is done, at moments that leave time to listen.
func (t *teller) hearProgress(s job.Snapshot, now time.Time) {
	if s.Transfer.ResumedFrom > 0 && !t.resumed {
		t.resumed = true
		t.c.out.line(component.Size(s.Transfer.ResumedFrom) + " are here already from an earlier run.")
	}
	if s.Paused {
		t.last = now
		return
	}
	since, f := now.Sub(t.last), fraction(s)
	due := since >= quiet
	if f >= 0 {
		due = since >= calm && f-t.fraction >= leap
	}
	if !due {
		return
	}
	t.last, t.fraction = now, max(f, 0)
	t.c.out.line(progress(s, now))
}

// fraction is how much of the present step is done; less than 0 if nobody knows.
func fraction(s job.Snapshot) float64 {
	switch {
	case s.Step == job.StepTransferring && s.Transfer.Size > 0:
		return float64(s.Transfer.Done) / float64(s.Transfer.Size)
	case s.Step == job.StepVerifying && s.Transfer.Size > 0:
		return float64(s.Verified) / float64(s.Transfer.Size)
	case s.Step.OnServer() && s.Export.Progress != nil:
		return s.Export.Progress.Fraction
	}
	return -1
}

// progress is how much is done, in one sentence.
func progress(s job.Snapshot, now time.Time) string {
	f := ""
	if v := fraction(s); v >= 0 {
		f = percent(v) + ", "
	}
	switch s.Step {
	case job.StepTransferring:
		words := "Downloaded: " + f + ofWhole(s.Transfer.Done, s.Transfer.Size)
		if s.Transfer.Left >= 0 && s.Transfer.Phase == transfer.PhaseReceiving {
			words += ", about " + lasted(roughly(s.Transfer.Left)) + " left"
		}
		return words + "."
	case job.StepVerifying:
		return "Checked: " + f + ofWhole(s.Verified, s.Transfer.Size) + "."
	}
	elapsed := lasted(now.Sub(s.Started)) + " so far"
	if p := s.Export.Progress; p != nil && p.Total > 0 {
		f += component.Count(p.Processed) + " of " + plural(p.Total, "record") + ", "
	}
	return capital(stepName(s)) + ": " + f + elapsed + "."
}

// roughly is a time left in steps that grow with it, rounded up.
func roughly(left time.Duration) time.Duration {
	step := time.Minute
	switch {
	case left <= time.Minute:
		step = 5 * time.Second
	case left <= 10*time.Minute:
		step = 10 * time.Second
	}
	return (max(left, 1) + step - 1).Truncate(step)
}

// hearTime tells once that the server takes long.
func (t *teller) hearTime(s job.Snapshot, now time.Time) {
	if !s.Step.OnServer() {
		return
	}
	took := now.Sub(s.Started)
	if begun := s.Export.CreatedAt; !begun.IsZero() && begun.Before(s.Started) {
		took = now.Sub(begun)
	}
	_, most := typical(s)
	switch {
	case took >= adviceAfter && !t.advised:
		t.advised, t.slow = true, true
		t.c.out.line("The export has been running for over 30 minutes. Contact Dashtray's support and name its id: " + exact(s.Export.ID.Raw()) + ". Only support can end a stuck export.")
	case took > most && !t.slow:
		t.slow = true
		t.c.out.line("This takes longer than usual.")
	}
}

// status is all that is known of a job that runs, for who asks.
func status(c *console, s job.Snapshot) []string {
	now := c.d.Now()
	said := []string{capital(subject(s)) + "."}
	switch t := s.Transfer; {
	case s.Step == job.StepTransferring && s.Paused:
		said = append(said, "Paused at "+ofWhole(t.Done, t.Size)+". Type r to go on.")
	case s.Step == job.StepTransferring && t.Phase == transfer.PhaseWaiting:
		said = append(said, progress(s, now), interrupted(t, now))
	case s.Step == job.StepTransferring:
		said = append(said, progress(s, now), speed(t))
	default:
		said = append(said, progress(s, now))
	}
	if !s.NextLook.IsZero() && s.NextLook.After(now) {
		said = append(said, "The next look is in "+lasted(s.NextLook.Sub(now)+time.Second-1)+".")
	}
	if end := s.Export.ExpiresAt; end.After(now) {
		said = append(said, "The link works for "+about(end.Sub(now))+".")
	}
	return said
}

// speed is how fast a transfer is.
func speed(t transfer.Snapshot) string {
	words := "Speed: " + component.Rate(t.Rate) + " now"
	if t.Average > 0 {
		words += ", " + component.Rate(t.Average) + " on average"
	}
	if t.Connections > 0 {
		words += ", " + plural(int64(t.Connections), "connection")
	}
	return words + "."
}
