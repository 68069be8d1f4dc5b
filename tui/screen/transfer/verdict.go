package transfer

import (
	"errors"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/verdict"
)

// verdict is the screen of a job that is over, line by line; it may be higher
// than the screen.
func (m *Model) verdict() []string {
	p := newPage(m)
	switch m.snap.Step {
	case job.StepDone:
		p.done()
	case job.StepStopped:
		p.state(theme.Caution, m.d.Theme.Glyphs.Pause, "Stopped here")
		p.Blank()
		p.kept()
	default:
		p.failed()
	}
	p.warnings()
	lines := make([]string, len(p.Lines))
	for i, l := range p.Lines {
		lines[i] = l.Text
	}
	return lines
}

func (p *page) done() {
	s := p.m.snap
	if p.m.file() == "" || s.Result == nil {
		p.state(theme.Good, p.m.d.Theme.Mark(theme.Good), "The export is made; its file was not fetched")
		p.Blank()
		p.kept()
		return
	}
	words := "The file is whole and verified"
	if s.Result.Reused {
		words = "The verified file was here already"
	}
	if n := p.m.warned(); n > 0 {
		words += ", with " + component.Plural(int64(n), "warning")
	}
	p.state(theme.Good, p.m.d.Theme.Mark(theme.Good), words)
	if p.m.gone {
		p.Add(0, component.Notice(p.m.d.Theme, theme.Caution, "The file was deleted since.", p.m.w)...)
	}
	p.Blank()
	p.report(s.Result.Report, s.Result.Include)
	if s.Transfer.Attempts > 0 {
		p.Fact(0, "Received", received(s))
		p.Fact(0, "Compared", compared(s))
	}
	if fetch := p.m.fetch(); fetch != "" {
		p.Fact(0, "Fetch it", safe(fetch))
	}
}

func (p *page) failed() {
	s := p.m.snap
	what, do := p.m.d.Message(s.Err)
	p.Add(0, component.Notice(p.m.d.Theme, theme.Bad, safe(what), p.m.w)...)
	if do != "" {
		p.Add(0, component.Labelled(p.m.d.Theme, "", safe(do), p.m.d.Theme.Text, 2, p.m.w)...)
	}
	p.Blank()
	i := invalid(s.Err)
	if i == nil {
		p.kept()
		return
	}
	for _, f := range i.Report.Problems {
		p.finding(theme.Bad, f)
	}
	p.Blank()
	var asked client.Include
	if s.Result != nil {
		asked = s.Result.Include
	}
	p.report(i.Report, asked)
}

// kept says what of a transfer that did not end well is on the disk.
func (p *page) kept() {
	s := p.m.snap
	t := s.Transfer
	if t.Done > 0 {
		kept := component.Size(t.Done)
		if t.Size > 0 {
			kept += " of " + component.Size(t.Size)
		}
		p.Fact(0, "Kept", kept)
		p.Add(0, p.words().File(p.m.file())...)
	}
	if id := s.Export.ID; id != "" {
		p.Fact(0, "Export", id.Safe())
	}
	p.Blank()
	k := p.m.d.Keys
	if p.m.resumable() {
		does := "fetches the file"
		if t.Done > 0 {
			does = "goes on where it ended"
		}
		p.Offer(0, k.Download.Help().Key, does)
	}
	if s.Spec.Request.Format != "" {
		p.Offer(0, k.Again.Help().Key, "makes the export anew")
	}
}

// report is what the check found out about the file.
func (p *page) report(r archive.Report, asked client.Include) {
	p.Add(0, p.words().Report(p.m.file(), r, asked)...)
}

func (p *page) words() verdict.Words {
	return verdict.Words{Theme: p.m.d.Theme, Location: p.m.d.Location, LabelWidth: labelWidth, Width: p.m.w}
}

// warned is how many warnings there are, of the job and of the check.
func (m *Model) warned() int { return len(m.snap.Warnings) + len(m.report().Warnings) }

func (m *Model) report() archive.Report {
	if i := invalid(m.snap.Err); i != nil {
		return i.Report
	}
	if r := m.snap.Result; r != nil {
		return r.Report
	}
	return archive.Report{}
}

func (p *page) warnings() {
	if p.m.warned() == 0 {
		return
	}
	p.Blank()
	for _, w := range p.m.snap.Warnings {
		p.Add(0, component.Notice(p.m.d.Theme, theme.Caution, safe(w), p.m.w)...)
	}
	for _, f := range p.m.report().Warnings {
		p.finding(theme.Caution, f)
	}
}

func (p *page) finding(tone theme.Tone, f archive.Finding) {
	p.Add(0, p.words().Finding(tone, f)...)
}

// invalid is the error of a file that arrived and does not verify, or nil.
func invalid(err error) *job.InvalidError {
	var i *job.InvalidError
	if errors.As(err, &i) {
		return i
	}
	return nil
}
