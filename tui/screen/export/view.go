package export

import (
	"errors"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

const labelWidth = 13

// Ranks of lines, from what stays longest to what goes first.
const (
	rankAlways = iota
	rankMain
	rankUseful
	rankDetail
	rankBlank
)

// page collects the lines of a view.
type page struct {
	m     *Model
	lines []component.Line
}

func (p *page) add(rank int, lines ...string) {
	p.lines = append(p.lines, component.Lines(rank, lines...)...)
}

func (p *page) blank() { p.add(rankBlank, "") }

// fact adds a label and what is to be said of it.
func (p *page) fact(rank int, label, value string) {
	p.styled(rank, label, value, p.m.d.Theme.Text)
}

func (p *page) styled(rank int, label, value string, style lipgloss.Style) {
	p.add(rank, component.Labelled(p.m.d.Theme, label, value, style, labelWidth, p.m.w)...)
}

func (p *page) notice(rank int, tone theme.Tone, words string) {
	p.add(rank, component.Notice(p.m.d.Theme, tone, words, p.m.w)...)
}

// hint adds text under a notice.
func (p *page) hint(rank int, words string) {
	if words != "" {
		p.add(rank, component.Labelled(p.m.d.Theme, "", words, p.m.d.Theme.Text, 2, p.m.w)...)
	}
}

// offer is a key and what it does.
func (p *page) offer(rank int, key, does string) {
	th := p.m.d.Theme
	p.add(rank, "  "+th.Key.Render(component.Pad(key, labelWidth-2))+th.KeyText.Render(does))
}

func (p *page) spinner() string { return p.m.d.Theme.Spinner(p.m.frame) }

// job draws a job of this session.
func (p *page) job() {
	m, s := p.m, p.m.snap
	if of, known := m.request(); asked(of, known, "") != "" {
		p.add(rankDetail, m.d.Theme.Title.Render(asked(of, known, m.d.Theme.Glyphs.Sep)))
		p.blank()
	}
	p.before()
	p.add(rankAlways, component.Checklist(m.d.Theme, checklist(s, m.now), m.w, p.spinner())...)
	p.blank()
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
		p.notice(rankUseful, theme.Caution, safe(w))
	}
}

// before is what happens before the server has the job.
func (p *page) before() {
	words := ""
	switch p.m.snap.Step {
	case job.StepPreparing:
		words = "Getting ready: the key, the project, the folder"
	case job.StepBusy:
		words = "Waiting for our turn"
	case job.StepCreating:
		words = "Asking for the export"
	default:
		return
	}
	style := p.m.d.Theme.Active
	p.add(rankAlways, style.Render(p.spinner())+" "+style.Render(words))
	p.blank()
}

func (p *page) running() {
	m, s := p.m, p.m.snap
	if fileComes(s) {
		p.offer(rankAlways, m.d.Keys.Open.Help().Key, "shows the file on its way")
		return
	}
	if s.Step.OnServer() {
		p.progress()
	}
	if since := begun(s); !since.IsZero() {
		p.elapsed(m.now.Sub(since))
	} else {
		p.fact(rankMain, "Elapsed", component.Duration(m.now.Sub(s.Started)))
	}
	if s.Step == job.StepBusy {
		p.busy()
	}
	if word := unusual(s); word != "" {
		p.fact(rankUseful, "Server says", word)
	}
	if !s.NextLook.IsZero() && s.LookErr == nil {
		label := "Next look"
		if s.Step == job.StepBusy {
			label = "Next try"
		}
		p.fact(rankUseful, label, in(s.NextLook, m.now))
	}
	if id := s.Export.ID; id != "" {
		p.fact(rankDetail, "Export", id.Safe())
	}
	if s.Adopted {
		p.fact(rankDetail, "", "found at the server, not made by this job")
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
	p.fact(rankMain, "Progress", told)
	p.add(rankMain, component.Bar(p.m.d.Theme, p.m.w, pr.Fraction, p.m.frame))
	p.blank()
}

func (p *page) elapsed(took time.Duration) {
	th := p.m.d.Theme
	p.fact(rankMain, "Elapsed", component.Duration(took))
	usual, most := component.Typical(recordsOf(p.m.snap), th.Glyphs.Dash)
	p.fact(rankMain, "Usually", usual)
	switch {
	case took >= adviceAfter:
		p.notice(rankAlways, theme.Caution, "The export has been running for over 30 minutes.")
		p.hint(rankAlways, "Contact Dashtray's support and name the id, "+p.m.d.Keys.CopyID.Help().Key+
			" copies it. Only support can end a stuck export. This job keeps looking.")
	case took > most:
		p.notice(rankUseful, theme.Faint, "This takes longer than usual.")
	}
}

func (p *page) busy() {
	other := "Another export of the project"
	if id := p.m.snap.Export.ID; id != "" {
		other += " (" + id.Safe() + ")"
	}
	p.notice(rankMain, theme.Caution, other+" is running, and there can be one at a time.")
	p.hint(rankMain, "Ours starts by itself when that one has ended.")
}

// lookFailed tells of a look that went wrong; it is tried again.
func (p *page) lookFailed() {
	what, do := p.m.d.Message(p.m.snap.LookErr)
	p.notice(rankAlways, theme.Caution, "The last look at the export went wrong. "+safe(what))
	p.hint(rankUseful, safe(do))
	next := "Now trying again."
	if at := p.m.snap.NextLook; !at.IsZero() {
		next = "Next try " + in(at, p.m.now) + "."
	}
	p.hint(rankAlways, next+" The export goes on meanwhile.")
}

func (p *page) failed() {
	m, s := p.m, p.m.snap
	what, do := m.d.Message(s.Err)
	what, do = safe(what), safe(do)
	p.notice(rankAlways, theme.Bad, what)
	var failed *job.ExportFailedError
	if errors.As(s.Err, &failed) {
		if reason := failed.Reason.Safe(); reason != "" && !strings.Contains(what, reason) {
			p.fact(rankAlways, "Server says", reason)
		}
	}
	p.hint(rankMain, do)
	if id := s.Export.ID; id != "" {
		p.blank()
		p.fact(rankUseful, "Export", id.Safe())
	}
	p.blank()
	p.offers()
}

func (p *page) stopped() {
	if id := p.m.snap.Export.ID; id != "" {
		p.notice(rankAlways, theme.Caution, "Stopped here. The export goes on at the server.")
		p.fact(rankUseful, "Export", id.Safe())
	} else {
		p.notice(rankAlways, theme.Caution, "Stopped before an export was made.")
	}
	p.blank()
	p.offers()
}

// made is a job that has ended well.
func (p *page) made() {
	p.notice(rankAlways, theme.Good, "The export is made.")
	p.fact(rankMain, "Export", p.m.snap.Export.ID.Safe())
	p.blank()
	if fileComes(p.m.snap) {
		p.offer(rankAlways, p.m.d.Keys.Open.Help().Key, "shows the file")
	}
	p.offers()
}

// offers are what can be done with a job that is over.
func (p *page) offers() {
	k := p.m.d.Keys
	if p.m.canPickUp() {
		p.offer(rankMain, k.Download.Help().Key, "picks the export up again")
	}
	p.offer(rankMain, k.Again.Help().Key, "the same again")
	if p.m.tooLarge() {
		p.offer(rankMain, k.Shorter.Help().Key, "with a shorter range")
		p.offer(rankMain, k.Fewer.Help().Key, "with fewer data types")
	}
	if p.m.snap.Step == job.StepFailed && p.m.snap.Export.ID != "" {
		p.offer(rankMain, k.CopyID.Help().Key, "copies the id, for Dashtray's support")
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
