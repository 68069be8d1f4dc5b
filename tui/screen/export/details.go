package export

import (
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// details draws an export that is no job of this session.
func (p *page) details() {
	m, e := p.m, p.m.entry.Export
	tone, words := status(e, m.now)
	style := m.d.Theme.Style(tone)
	p.Add(component.RankAlways, style.Render(m.d.Theme.Mark(tone))+" "+style.Render(words))
	p.Blank()
	p.Fact(component.RankMain, "Export", e.ID.Safe())
	if of := m.asked(); of != "" {
		p.Fact(component.RankMain, "Data", of)
	}
	if e.Records != nil {
		p.Fact(component.RankUseful, "Records", component.Count(*e.Records))
	}
	if e.Bytes != nil {
		p.Fact(component.RankUseful, "Size", component.Size(*e.Bytes))
	}
	p.moment("Created", e.CreatedAt)
	p.moment("Completed", e.CompletedAt)
	p.link()
	p.local()
	if e.Error != "" {
		p.Styled(component.RankMain, "Server says", e.Error.Safe(), m.d.Theme.Bad)
	}
	p.Blank()
	k := m.d.Keys
	if m.canPickUp() {
		p.Offer(component.RankMain, k.Download.Help().Key, "downloads and verifies the file")
	}
	p.Offer(component.RankMain, k.Again.Help().Key, "makes the same export again")
}

// status is how an export stands, in words.
func status(e client.Export, now time.Time) (theme.Tone, string) {
	expired := !e.ExpiresAt.IsZero() && !now.Before(e.ExpiresAt)
	switch e.Stage {
	case client.StageCompleted:
		if expired {
			return theme.Faint, "Completed; its link has expired"
		}
		return theme.Good, "Completed"
	case client.StageFailed:
		return theme.Bad, "Failed"
	case client.StageExpired:
		return theme.Faint, "Expired"
	case client.StageQueued:
		return theme.Active, "Queued"
	case client.StageCollecting:
		return theme.Active, "Collecting"
	case client.StageGenerating:
		return theme.Active, "Generating"
	}
	if e.Status == "" {
		return theme.Faint, "The server does not tell how it stands"
	}
	return theme.Active, "Running (" + e.Status.Safe() + ")"
}

// moment adds a time, relative and absolute.
func (p *page) moment(label string, t time.Time) {
	if t.IsZero() {
		return
	}
	loc := location(p.m.d.Location)
	p.Fact(component.RankUseful, label, component.Relative(t, p.m.now)+", "+component.Moment(t, loc)+" "+t.In(loc).Format("MST"))
}

func (p *page) link() {
	expires := p.m.entry.Export.ExpiresAt
	if expires.IsZero() {
		return
	}
	if left := expires.Sub(p.m.now); left > 0 {
		p.Fact(component.RankUseful, "Link", "works for "+component.Coarse(left))
		return
	}
	p.Styled(component.RankUseful, "Link", "has expired", p.m.d.Theme.Caution)
}

// local is what this machine has of the file.
func (p *page) local() {
	e := p.m.entry
	th := p.m.d.Theme
	switch e.LocalState {
	case history.LocalVerified:
		p.Styled(component.RankMain, "File", th.Mark(theme.Good)+" verified", th.Good)
	case history.LocalInvalid:
		p.Styled(component.RankMain, "File", th.Mark(theme.Bad)+" does not verify", th.Bad)
	case history.LocalMissing:
		p.Styled(component.RankMain, "File", th.Mark(theme.Caution)+" was here and is missing now", th.Caution)
	case history.LocalPartial:
		here := component.Size(e.LocalDone)
		if e.LocalSize > 0 {
			here += " of " + component.Size(e.LocalSize)
		}
		p.Styled(component.RankMain, "File", th.Mark(theme.Active)+" "+here+" are here", th.Active)
	default:
		p.Fact(component.RankMain, "File", "none on this machine")
	}
	if e.LocalFile != "" {
		p.Styled(component.RankUseful, "", safe(e.LocalFile), th.FileLink(th.Text, e.LocalFile))
	}
}
