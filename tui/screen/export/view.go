package export

import (
	"errors"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

const labelWidth = 13

// page draws the screen.
type page struct {
	component.Page
	m *Model
}

func newPage(m *Model) *page {
	return &page{component.Page{Theme: m.d.Theme, Width: m.w, Label: labelWidth}, m}
}

func (p *page) spinner() string { return p.m.d.Theme.Spinner(p.m.frame) }

// job draws a job of this session.
func (p *page) job() {
	m, s := p.m, p.m.snap
	if of := m.asked(); of != "" {
		p.Add(component.RankDetail, m.d.Theme.Title.Render(of))
		p.Blank()
	}
	p.before()
	p.Add(component.RankAlways, component.Checklist(m.d.Theme, checklist(s, m.now), m.w, p.spinner())...)
	p.Blank()
	switch s.Step {
	case job.StepFailed:
		p.failed()
	case job.StepStopped:
		p.stopped()
	case job.StepDone:
		p.made()
	default:
		p.running()
	}
	for _, w := range s.Warnings {
		p.Notice(component.RankUseful, theme.Caution, safe(w))
	}
}

// before is what happens before the server has the job.
func (p *page) before() {
	words := ""
	switch p.m.snap.Step {
	case job.StepPreparing:
		words = "Getting ready: the key, the project, the folder"
	case job.StepBusy:
		words = "Waiting for its turn"
	case job.StepCreating:
		words = "Asking for the export"
	default:
		return
	}
	style := p.m.d.Theme.Active
	p.Add(component.RankAlways, style.Render(p.spinner())+" "+style.Render(words))
	p.Blank()
}

func (p *page) running() {
	m, s := p.m, p.m.snap
	if fileComes(s) {
		p.Offer(component.RankAlways, m.d.Keys.Open.Help().Key, "shows the file on its way")
		return
	}
	if s.Step.OnServer() {
		p.progress()
	}
	if since := begun(s); !since.IsZero() {
		p.elapsed(m.now.Sub(since))
	} else {
		p.Fact(component.RankMain, "Elapsed", component.Duration(m.now.Sub(s.Started)))
	}
	if s.Step == job.StepBusy {
		p.busy()
	}
	if word := unusual(s); word != "" {
		p.Fact(component.RankUseful, "Server says", word)
	}
	if !s.NextLook.IsZero() && s.LookErr == nil {
		label := "Next look"
		if s.Step == job.StepBusy {
			label = "Next try"
		}
		p.Fact(component.RankUseful, label, in(s.NextLook, m.now))
	}
	if id := s.Export.ID; id != "" {
		p.Fact(component.RankDetail, "Export", id.Safe())
	}
	if s.Adopted {
		p.Fact(component.RankDetail, "", "found at the server, not made by this job")
	}
	if s.LookErr != nil {
		p.lookFailed()
	}
}

// progress draws what the server tells of its progress, if it does. Words and
// bar have a line each, see component.Bar.
func (p *page) progress() {
	pr := p.m.snap.Export.Progress
	if pr == nil {
		return
	}
	told := component.Percent(pr.Fraction)
	if pr.Total > 0 {
		told += ", " + component.Count(pr.Processed) + " of " + component.Plural(pr.Total, "record")
	}
	p.Fact(component.RankMain, "Progress", told)
	p.Add(component.RankMain, component.Bar(p.m.d.Theme, p.m.w, pr.Fraction, p.m.frame))
	p.Blank()
}

func (p *page) elapsed(took time.Duration) {
	th := p.m.d.Theme
	p.Fact(component.RankMain, "Elapsed", component.Duration(took))
	usual, most := component.Typical(recordsOf(p.m.snap), th.Glyphs.Dash)
	p.Fact(component.RankMain, "Usually", usual)
	switch {
	case took >= adviceAfter:
		p.Notice(component.RankAlways, theme.Caution, "The export has been running for over 30 minutes.")
		p.Say(component.RankAlways, "Contact Dashtray's support and name the id, "+p.m.d.Keys.CopyID.Help().Key+
			" copies it. Only support can end a stuck export. This job keeps looking.", 2)
	case took > most:
		p.Notice(component.RankUseful, theme.Faint, "This takes longer than usual.")
	}
}

func (p *page) busy() {
	other := "Another export of the project"
	if id := p.m.snap.Export.ID; id != "" {
		other += " (" + id.Safe() + ")"
	}
	p.Notice(component.RankMain, theme.Caution, other+" is running, and there can be one at a time.")
	p.Say(component.RankMain, "Yours starts by itself when that one has ended.", 2)
}

// lookFailed tells of a look that went wrong; it is tried again.
func (p *page) lookFailed() {
	what, do := p.m.d.Message(p.m.snap.LookErr)
	if p.m.snap.Export.ID == "" { // it is not there yet, and the job waits to ask for it
		p.Notice(component.RankAlways, theme.Caution, safe(what))
		p.Say(component.RankAlways, "Next try "+in(p.m.snap.NextLook, p.m.now)+", by itself.", 2)
		return
	}
	p.Notice(component.RankAlways, theme.Caution, "The last look at the export went wrong. "+safe(what))
	p.Say(component.RankUseful, safe(do), 2)
	next := "Now trying again."
	if at := p.m.snap.NextLook; !at.IsZero() {
		next = "Next try " + in(at, p.m.now) + "."
	}
	p.Say(component.RankAlways, next+" The export goes on meanwhile.", 2)
}

func (p *page) failed() {
	m, s := p.m, p.m.snap
	what, do := m.d.Message(s.Err)
	what, do = safe(what), safe(do)
	p.Notice(component.RankAlways, theme.Bad, what)
	var failed *job.ExportFailedError
	if errors.As(s.Err, &failed) {
		if reason := failed.Reason.Safe(); reason != "" && !strings.Contains(what, reason) {
			p.Fact(component.RankAlways, "Server says", reason)
		}
	}
	p.Say(component.RankMain, do, 2)
	if id := s.Export.ID; id != "" {
		p.Blank()
		p.Fact(component.RankUseful, "Export", id.Safe())
	}
	p.Blank()
	p.offers()
}

func (p *page) stopped() {
	if id := p.m.snap.Export.ID; id != "" {
		p.Notice(component.RankAlways, theme.Caution, "Stopped here. The export goes on at the server.")
		p.Fact(component.RankUseful, "Export", id.Safe())
	} else {
		p.Notice(component.RankAlways, theme.Caution, "Stopped before an export was made.")
	}
	p.Blank()
	p.offers()
}

// made is a job that has ended well.
func (p *page) made() {
	p.Notice(component.RankAlways, theme.Good, "The export is made.")
	p.Fact(component.RankMain, "Export", p.m.snap.Export.ID.Safe())
	p.Blank()
	if fileComes(p.m.snap) {
		p.Offer(component.RankAlways, p.m.d.Keys.Open.Help().Key, "shows the file")
	}
	p.offers()
}

// offers are what can be done with a job that is over.
func (p *page) offers() {
	k := p.m.d.Keys
	if p.m.canPickUp() {
		p.Offer(component.RankMain, k.Download.Help().Key, "picks the export up again")
	}
	p.Offer(component.RankMain, k.Again.Help().Key, "the same again")
	if p.m.tooLarge() {
		p.Offer(component.RankMain, k.Shorter.Help().Key, "with a shorter range")
		p.Offer(component.RankMain, k.Fewer.Help().Key, "with fewer data types")
	}
	if p.m.snap.Step == job.StepFailed && p.m.snap.Export.ID != "" {
		p.Offer(component.RankMain, k.CopyID.Help().Key, "copies the id, for Dashtray's support")
	}
}

// unusual is the server's word for the status if it is none that this program
// has a stage for.
func unusual(s job.Snapshot) string {
	word := s.Export.Status
	known := s.Export.Stage == client.StageProcessing && strings.EqualFold(word.Raw(), "processing")
	vague := s.Export.Stage == client.StageProcessing || s.Export.Stage == client.StageUnknown
	if word == "" || known || !vague {
		return ""
	}
	return word.Safe()
}

// in is the time to a moment, in whole seconds, rounded up.
func in(at, now time.Time) string {
	left := at.Sub(now)
	if left <= 0 {
		return "now"
	}
	return "in " + component.Duration(left+time.Second-1)
}
