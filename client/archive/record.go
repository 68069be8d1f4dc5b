package archive

import "time"

// textOf is a text of a record that the profile wants.
type textOf uint8

const (
	textNone textOf = iota
	textID
	textKey
	textName
	textUnit
	textService
	textQuality
	textType
	textCategory
	textStatus
	textUser
	textAction
	textResource
	textTarget
	textCount
)

// timeOf is a time of a record that the profile wants. The zero is that which
// the date range governs.
type timeOf uint8

const (
	timeMoment timeOf = iota
	timeCreated
	timeUpdated
	timeSync
	timeStart // of the file's own dateRange
	timeEnd
	timeCount
)

// record is what the profile wants of one record, in either format. The texts
// are slices of the file or of own: good until the next record.
type record struct {
	text     [textCount][]byte
	own      []byte
	time     [timeCount]int64
	times    uint8 // a bit for each time that is set
	value    float64
	hasValue bool
}

func (r *record) reset() {
	r.text = [textCount][]byte{}
	r.own, r.times, r.hasValue, r.value = r.own[:0], 0, false, 0
}

// keep copies the beginning of a text: the file moves on before the record is
// complete. Of a field that stands there twice the first one counts.
func (r *record) keep(t textOf, b []byte) {
	if t == textNone || r.text[t] != nil {
		return
	}
	start := len(r.own)
	r.own = append(r.own, b[:min(len(b), MaxText)]...)
	r.text[t] = r.own[start:len(r.own):len(r.own)]
}

func (r *record) setTime(t timeOf, ms int64) {
	r.time[t] = ms
	r.times |= 1 << t
}

func (r *record) hasTime(t timeOf) bool { return r.times&(1<<t) != 0 }

// at is a time of the record; zero if it has none.
func (r *record) at(t timeOf) time.Time {
	if !r.hasTime(t) {
		return time.Time{}
	}
	return time.UnixMilli(r.time[t]).UTC()
}
