package archive

import (
	"cmp"
	"slices"

	"github.com/dashtray/dashtray-tui/client/text"
)

// auditTail keeps the newest rows of the audit log: a heap with the oldest on
// top, whose rows are overwritten in place, so that a long log makes no
// garbage.
type auditTail struct {
	rows []auditRow
	seq  int64
}

type auditRow struct {
	ms, seq int64 // of two rows of one moment, the later in the file is newer
	texts   []byte
	ends    [4]uint16 // of user, action, resource, target in texts
}

func (a auditRow) older(b auditRow) bool {
	return cmp.Or(cmp.Compare(a.ms, b.ms), cmp.Compare(a.seq, b.seq)) < 0
}

// add takes a row with a time.
func (t *auditTail) add(r *record) {
	if !r.hasTime(timeMoment) {
		return
	}
	t.seq++
	row := auditRow{ms: r.time[timeMoment], seq: t.seq}
	if len(t.rows) < MaxAuditRows {
		row.fill(r)
		t.rows = append(t.rows, row)
		t.up(len(t.rows) - 1)
		return
	}
	if !t.rows[0].older(row) {
		return
	}
	row.texts = t.rows[0].texts
	row.fill(r)
	t.rows[0] = row
	t.down(0)
}

func (a *auditRow) fill(r *record) {
	b := a.texts[:0]
	for i, t := range [...]textOf{textUser, textAction, textResource, textTarget} {
		s := r.text[t]
		b = append(b, s[:min(len(s), MaxText)]...)
		a.ends[i] = uint16(len(b))
	}
	a.texts = b
}

func (t *auditTail) up(i int) {
	for i > 0 && t.rows[i].older(t.rows[(i-1)/2]) {
		t.rows[i], t.rows[(i-1)/2] = t.rows[(i-1)/2], t.rows[i]
		i = (i - 1) / 2
	}
}

func (t *auditTail) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.rows) {
			return
		}
		if child+1 < len(t.rows) && t.rows[child+1].older(t.rows[child]) {
			child++
		}
		if !t.rows[child].older(t.rows[i]) {
			return
		}
		t.rows[i], t.rows[child] = t.rows[child], t.rows[i]
		i = child
	}
}

// list gives the rows, newest first.
func (t *auditTail) list() []AuditRow {
	slices.SortFunc(t.rows, func(a, b auditRow) int {
		return cmp.Or(cmp.Compare(b.ms, a.ms), cmp.Compare(b.seq, a.seq))
	})
	out := make([]AuditRow, 0, len(t.rows))
	for i := range t.rows {
		r := &t.rows[i]
		part := func(i int) text.Untrusted {
			start := 0
			if i > 0 {
				start = int(r.ends[i-1])
			}
			return text.Untrusted(r.texts[start:r.ends[i]])
		}
		out = append(out, AuditRow{At: point{ms: r.ms}.export().At, User: part(0), Action: part(1), Resource: part(2), Target: part(3)})
	}
	return out
}
