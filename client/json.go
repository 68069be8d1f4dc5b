package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
)

// object is a JSON object whose fields are read one by one, each as what it
// turns out to be: a field of a wrong type is absent, and never fails the whole.
type object map[string]json.RawMessage

// parseObject reads a body that must be one JSON object.
func parseObject(body []byte) (object, error) {
	var o object
	if err := parse(body, &o); err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errors.New("the answer is no JSON object")
	}
	return o, nil
}

// parse reads JSON from outside. Its errors say what came, not where it broke:
// encoding/json's own repeat parts of the body.
func parse(body []byte, v any) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	switch {
	case len(body) == 0:
		return errors.New("the answer is empty")
	case body[0] == '<':
		return errors.New("a web page came instead of JSON")
	case !json.Valid(body):
		return errors.New("the answer is no JSON")
	}
	if err := json.Unmarshal(body, v); err != nil {
		return errors.New("the answer has another shape")
	}
	return nil
}

// read decodes the field into v; false if it is absent or of another type.
func (o object) read(name string, v any) bool {
	raw, ok := o[name]
	return ok && json.Unmarshal(raw, v) == nil
}

// sub is the object under the first of the names that holds one.
func (o object) sub(names ...string) object {
	for _, name := range names {
		var sub object
		if o.read(name, &sub) && sub != nil {
			return sub
		}
	}
	return nil
}

// unwrap goes down the envelopes until an object has one of the fields in
// known: bare, {"data":{…}}, {"export":{…}}, and one in the other.
func (o object) unwrap(known []string, envelopes ...string) object {
	for range 3 {
		if o == nil || o.hasAny(known) {
			return o
		}
		o = o.sub(envelopes...)
	}
	return nil
}

func (o object) hasAny(names []string) bool {
	for _, name := range names {
		if _, ok := o[name]; ok {
			return true
		}
	}
	return false
}

// text is the first of the names that holds a string that is not empty.
func (o object) text(names ...string) text.Untrusted {
	for _, name := range names {
		var s string
		if o.read(name, &s) && s != "" {
			return text.Untrusted(s)
		}
	}
	return ""
}

// maxID bounds ids: they become parts of URLs and keys of maps.
const maxID = 512

// id is a string, or a number with the digits that it came with.
func (o object) id(names ...string) ID {
	for _, name := range names {
		id := o.text(name)
		if id == "" {
			if _, ok := o.number(name); ok {
				id = text.Untrusted(o[name])
			}
		}
		if id != "" && len(id) <= maxID {
			return id
		}
	}
	return ""
}

// literal is the text of a number, also of one in quotes.
func (o object) literal(name string) string {
	raw := string(o[name])
	if strings.HasPrefix(raw, `"`) {
		return strings.TrimSpace(o.text(name).Raw())
	}
	return raw
}

// number is a finite number, not one in quotes.
func (o object) number(name string) (float64, bool) {
	var f *float64
	if !o.read(name, &f) || f == nil {
		return 0, false
	}
	return *f, true
}

// float is a finite number, also as a string.
func (o object) float(names ...string) (float64, bool) {
	for _, name := range names {
		f, err := strconv.ParseFloat(o.literal(name), 64)
		if err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f, true
		}
	}
	return 0, false
}

// count is a whole number from 0 on, nil if there is none. What is beyond
// 2^53 is no count of anything here.
func (o object) count(names ...string) *int64 {
	for _, name := range names {
		f, ok := o.float(name)
		if ok && f >= 0 && f <= 1<<53 && f == math.Trunc(f) {
			n := int64(f)
			return &n
		}
	}
	return nil
}

// flag is a boolean; ok is false if there is none.
func (o object) flag(name string) (value, ok bool) {
	var b *bool
	if !o.read(name, &b) || b == nil {
		return false, false
	}
	return *b, true
}

// lastMoment bounds times: the end of the year 9999, in milliseconds.
const lastMoment = 253402300799999

// time is epoch milliseconds, as a number or a string, or an RFC 3339 string.
// Zero, a negative number and anything else is "not told".
func (o object) time(names ...string) time.Time {
	for _, name := range names {
		if ms, ok := o.float(name); ok {
			if ms > 0 && ms <= lastMoment {
				return time.UnixMilli(int64(ms)).UTC()
			}
			continue
		}
		if t, err := time.Parse(time.RFC3339Nano, o.text(name).Raw()); err == nil && t.UnixMilli() > 0 {
			return t.UTC()
		}
	}
	return time.Time{}
}
