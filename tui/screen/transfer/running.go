package transfer

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

const labelWidth = 13

// running is the screen of a job that is not over.
func (m *Model) running() []component.Line {
	p := newPage(m)
	name := "The file has no name yet"
	if f := m.snap.File; f != "" {
		name = filepath.Base(f)
	}
	p.Add(component.RankDetail, m.d.Theme.Title.Render(safe(name)))
	p.Blank()
	switch m.snap.Step {
	case job.StepTransferring:
		p.transferring()
	case job.StepVerifying:
		p.verifying()
	default:
		p.waiting()
	}
	for _, w := range m.snap.Warnings {
		p.Add(component.RankUseful, component.Notice(m.d.Theme, theme.Caution, safe(w), m.w)...)
	}
	return p.Lines
}

// page draws a screen.
type page struct {
	component.Page
	m *Model
}

func newPage(m *Model) *page {
	return &page{component.Page{Theme: m.d.Theme, Width: m.w, Label: labelWidth}, m}
}

// state adds the line that says what is happening.
func (p *page) state(tone theme.Tone, mark, words string) {
	style := p.m.d.Theme.Style(tone)
	p.Add(component.RankAlways, style.Render(mark)+" "+style.Render(words))
}

func (p *page) spinner() string { return p.m.d.Theme.Spinner(p.m.frame) }

// bar adds a bar of its own line; without a whole it only moves.
func (p *page) bar(done, whole int64) {
	p.Add(component.RankAlways, component.Bar(p.m.d.Theme, p.m.w, fraction(done, whole), p.m.frame))
	p.Blank()
}

// fraction is less than 0 if the whole is not known.
func fraction(done, whole int64) float64 {
	if whole <= 0 {
		return -1
	}
	return float64(done) / float64(whole)
}

// percent is the fraction with what parts it from the words before; nothing if
// the whole is not known.
func percent(done, whole int64) string {
	if whole <= 0 {
		return ""
	}
	return ", " + component.Percent(fraction(done, whole))
}

// waiting is the time before the first byte.
func (p *page) waiting() {
	words := "Getting ready"
	switch s := p.m.snap.Step; {
	case s == job.StepBusy:
		words = "Waiting until another export of the project has ended"
	case s == job.StepCreating:
		words = "Asking for the export"
	case s.OnServer():
		words = "Waiting for the server to finish the export"
	}
	p.state(theme.Active, p.spinner(), words)
	p.Blank()
	p.Fact(component.RankMain, "Elapsed", component.Duration(p.m.now.Sub(p.m.snap.Started)))
	if id := p.m.snap.Export.ID; id != "" {
		p.Fact(component.RankDetail, "Export", id.Safe())
	}
	if err := p.m.snap.LookErr; err != nil {
		what, do := p.m.d.Message(err)
		p.Add(component.RankMain, component.Notice(p.m.d.Theme, theme.Caution, safe(what)+" "+safe(do), p.m.w)...)
	}
}

func (p *page) transferring() {
	m, t := p.m, p.m.snap.Transfer
	p.phase()
	p.bar(t.Done, t.Size)
	if t.Size >= 0 {
		p.Fact(component.RankAlways, "Received", component.Size(t.Done)+" of "+component.Size(t.Size))
	} else {
		p.Fact(component.RankAlways, "Received", component.Size(t.Done)+", the whole size is not known")
	}
	now, average, left := m.d.Theme.Glyphs.Dash, m.d.Theme.Glyphs.Dash, m.d.Theme.Glyphs.Dash
	if m.moving() {
		now, left = component.Rate(t.Rate), m.left.text(m.now)
	}
	if t.Average > 0 {
		average = component.Rate(t.Average)
	}
	p.Fact(component.RankMain, "Speed now", now)
	p.Fact(component.RankUseful, "On average", average)
	if t.Size >= 0 {
		p.Fact(component.RankMain, "Time left", left)
	}
	p.Drawn(component.RankDetail, "Last minute", 60, func(width int) string {
		return component.Sparkline(m.d.Theme, t.Rates, width)
	})
	if t.Size > 0 && len(t.Parts) > 0 {
		p.Drawn(component.RankUseful, "Parts", 96, func(width int) string {
			return component.PartMap(m.d.Theme, t.Size, extents(t.Parts), width)
		})
	}
	if t.Unsure {
		p.Styled(component.RankUseful, "Caution", "this file system does not tell whether data is safe from a power cut", p.m.d.Theme.Caution)
	}
	if t.ResumedFrom > 0 {
		p.Fact(component.RankUseful, "Resumed", "from "+component.Size(t.ResumedFrom)+" that were here already")
	}
	p.Fact(component.RankUseful, "Requests", requests(t))
	p.link()
	if t.LastError != "" && t.Phase == transfer.PhaseWaiting {
		p.Add(component.RankMain, component.Notice(m.d.Theme, theme.Caution, "The last try ended: "+safe(t.LastError), m.w)...)
	}
}

// phase says what the transfer is doing now.
func (p *page) phase() {
	t := p.m.snap.Transfer
	switch {
	case p.m.snap.Paused:
		k := p.m.d.Keys.Pause.Help().Key
		p.state(theme.Caution, p.m.d.Theme.Glyphs.Pause, "Paused"+percent(t.Done, t.Size)+"; "+k+" goes on")
	case t.Phase == transfer.PhaseRechecking:
		p.state(theme.Active, p.spinner(), "Reading what is on the disk already")
	case t.Phase == transfer.PhaseWaiting:
		words := "Interrupted, waiting before the next try"
		if in := t.RetryAt.Sub(p.m.now); !t.RetryAt.IsZero() {
			words = fmt.Sprintf("Interrupted, try %d in %s", t.Retry+1, component.Duration(in+time.Second-1))
		}
		p.state(theme.Caution, p.m.d.Theme.Mark(theme.Caution), words)
	case stalled(p.m.snap):
		p.state(theme.Caution, p.m.d.Theme.Mark(theme.Caution), "Stalled"+percent(t.Done, t.Size)+": it connects anew if nothing comes")
	case t.Phase == transfer.PhaseReceiving:
		p.state(theme.Active, p.spinner(), "Receiving"+percent(t.Done, t.Size))
	case t.Phase == transfer.PhaseDone:
		p.state(theme.Active, p.spinner(), "Received, writing it down")
	default:
		p.state(theme.Active, p.spinner(), "Connecting")
	}
}

func (p *page) verifying() {
	s := p.m.snap
	whole := s.Transfer.Size
	if whole < 0 {
		whole = s.Transfer.Done
	}
	p.state(theme.Active, p.spinner(), "Checking the file"+percent(s.Verified, whole))
	p.bar(s.Verified, whole)
	p.Fact(component.RankAlways, "Checked", component.Size(s.Verified)+" of "+component.Size(whole))
	p.Fact(component.RankUseful, "Received", received(s))
}

// link says how long the download link works.
func (p *page) link() {
	expires := p.m.snap.Export.ExpiresAt
	if expires.IsZero() {
		return
	}
	left := expires.Sub(p.m.now)
	if left <= 0 {
		p.Styled(component.RankUseful, "Link", "has expired; a new one is asked for when it is needed", p.m.d.Theme.Caution)
		return
	}
	p.Fact(component.RankDetail, "Link", "works for "+component.Coarse(left))
}

// moving reports whether bytes come in now, or are meant to.
func (m *Model) moving() bool {
	return !m.snap.Paused && m.snap.Transfer.Phase == transfer.PhaseReceiving
}

// stalled reports whether nothing comes in any more over connections that are
// open: the rate is 0 after some silent seconds, and before the first byte.
func stalled(s job.Snapshot) bool {
	t := s.Transfer
	return !s.Paused && t.Phase == transfer.PhaseReceiving && t.Rate == 0 && t.ThisRun > 0
}

func requests(t transfer.Snapshot) string {
	return fmt.Sprintf("%s so far, %s open",
		component.Count(int64(t.Attempts)), component.Plural(int64(t.Connections), "connection"))
}

func extents(parts []transfer.PartState) []component.Extent {
	out := make([]component.Extent, len(parts))
	for i, p := range parts {
		out[i] = component.Extent(p)
	}
	return out
}

// received tells of a transfer that is over.
func received(s job.Snapshot) string {
	t := s.Transfer
	said := []string{component.Size(t.Done)}
	if t.ResumedFrom > 0 {
		said = append(said, component.Size(t.ResumedFrom)+" of it from an earlier run")
	}
	if t.Average > 0 {
		said = append(said, "at "+component.Rate(t.Average))
	}
	if t.Attempts > 0 {
		said = append(said, component.Plural(int64(t.Attempts), "request"))
	}
	for i := range said {
		said[i] = component.Together(said[i])
	}
	return strings.Join(said, ", ")
}

// compared tells what vouches for a whole file beside the check of its content.
func compared(s job.Snapshot) string {
	if d := s.Transfer.Digest; d != "" {
		return "with the " + d + " and size that the server told"
	}
	return "with the size alone, no checksum was told"
}
