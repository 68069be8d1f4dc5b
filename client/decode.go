package client

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dashtray/dashtray-tui/client/text"
)

// The decoders take every form that the API page shows and those that it
// leaves open: bare answers and {"data":…}, times as milliseconds or RFC 3339,
// ids as strings or numbers. Only what a call is for must be there.

func exportFields() []string {
	return []string{"id", "exportJobId", "status", "downloadUrl"}
}

// decodeExport reads the answer to a question about one job.
func decodeExport(body []byte, base Base) (Export, error) {
	o, err := parseObject(body)
	if err != nil {
		return Export{}, err
	}
	if o = o.unwrap(exportFields(), "data", "export"); o == nil {
		return Export{}, errors.New("the answer is no export")
	}
	return o.export(base), nil
}

// decodeList reads a page of exports: an array, bare or under "data" or
// "exports". What in it is no export with an id is left out; rows is the
// number of elements before that, of which no more than maxListed are read.
func decodeList(body []byte, base Base) (list []Export, rows int, err error) {
	var all json.RawMessage
	if err := parse(body, &all); err != nil {
		return nil, 0, err
	}
	elements, ok := array(all)
	if !ok {
		return nil, 0, errors.New("the answer is no list of exports")
	}
	for _, raw := range elements {
		var o object
		if json.Unmarshal(raw, &o) != nil {
			continue
		}
		if exp := o.export(base); exp.ID != "" {
			list = append(list, exp)
		}
	}
	return list, len(elements), nil
}

// array finds the array in its envelopes. A null in one is an empty list.
func array(raw json.RawMessage) ([]json.RawMessage, bool) {
	for depth := range 3 {
		if depth > 0 && string(raw) == "null" {
			return nil, true
		}
		if raw[0] == '[' {
			return elements(raw), true
		}
		var o object
		if json.Unmarshal(raw, &o) != nil {
			return nil, false
		}
		switch {
		case o["data"] != nil:
			raw = o["data"]
		case o["exports"] != nil:
			raw = o["exports"]
		default:
			return nil, false
		}
	}
	return nil, false
}

// elements are the first ones of an array, which is valid JSON. They are taken
// one by one: an answer of a few megabytes can have millions, and each of them
// would cost a hundred times the bytes that it came in.
func elements(array json.RawMessage) []json.RawMessage {
	dec := json.NewDecoder(bytes.NewReader(array))
	if _, err := dec.Token(); err != nil {
		return nil
	}
	var rows []json.RawMessage
	for len(rows) < maxListed && dec.More() {
		var row json.RawMessage
		if dec.Decode(&row) != nil {
			break
		}
		rows = append(rows, row)
	}
	return rows
}

// export reads one job.
func (o object) export(base Base) Export {
	e := Export{
		ID:          o.id("exportJobId", "id"),
		Status:      o.text("status"),
		Range:       o.wireRange("dateRange"),
		Include:     o.include(),
		Progress:    o.progress("progress"),
		Records:     o.count("recordCount"),
		Bytes:       o.count("fileSize"),
		CreatedAt:   o.time("createdAt"),
		StartedAt:   o.time("startedAt"),
		CompletedAt: o.time("completedAt"),
		ExpiresAt:   o.time("expiresAt"),
		Link:        base.resolve(o.text("downloadUrl").Raw()),
		SHA256:      digest(o.text("checksum").Raw()),
		Error:       o.errorText(),
	}
	e.Stage = stageOf(e.Status.Raw())
	switch f := Format(strings.ToLower(o.text("format").Raw())); f {
	case JSON, CSV:
		e.Format = f
	}
	return e
}

// stageOf knows the page's words (completed, failed, processing) and those
// that an API of this kind may use beside them.
func stageOf(word string) Stage {
	word = strings.ToLower(strings.TrimSpace(word))
	switch strings.NewReplacer("-", "_", " ", "_").Replace(word) {
	case "queued", "pending", "created", "scheduled", "waiting":
		return StageQueued
	case "processing", "running", "in_progress", "started", "active":
		return StageProcessing
	case "collecting":
		return StageCollecting
	case "generating":
		return StageGenerating
	case "completed", "complete", "done", "succeeded", "success", "finished":
		return StageCompleted
	case "failed", "failure", "error", "cancelled", "canceled":
		return StageFailed
	case "expired":
		return StageExpired
	}
	return StageUnknown
}

// wireRange is a word or {"startDate","endDate"}.
func (o object) wireRange(name string) WireRange {
	if word := o.text(name); word != "" {
		return WireRange{Name: word}
	}
	r := o.sub(name)
	return WireRange{Name: r.text("preset", "name"), From: r.time("startDate", "from"), To: r.time("endDate", "to")}
}

// include is nil unless all four types are told of.
func (o object) include() *Include {
	if all, _ := o.flag("includeAll"); all {
		return &Include{Metrics: true, Connections: true, Dashboards: true, AuditLogs: true}
	}
	var in Include
	for name, to := range map[string]*bool{
		"includeMetrics": &in.Metrics, "includeConnections": &in.Connections,
		"includeDashboards": &in.Dashboards, "includeAuditLogs": &in.AuditLogs,
	} {
		value, ok := o.flag(name)
		if !ok {
			return nil
		}
		*to = value
	}
	return &in
}

// progress is a percentage, a fraction, or {"processed","total"}. A number
// up to 1 is a fraction, but a plain 1 is one percent: a bar that starts full
// would say more than is known.
func (o object) progress(name string) *Progress {
	if p := o.sub(name); p != nil {
		return p.processed()
	}
	f, ok := o.float(name)
	switch {
	case !ok || f < 0:
		return nil
	case f > 1 || o.literal(name) == "1":
		f /= 100
	}
	return &Progress{Fraction: min(f, 1)}
}

func (o object) processed() *Progress {
	done, total := o.count("processed"), o.count("total")
	if done == nil {
		return nil
	}
	p := &Progress{Processed: *done}
	if total != nil && *total > 0 {
		p.Total = *total
		p.Fraction = min(float64(*done)/float64(*total), 1)
	}
	return p
}

// digest is the hex of "sha256:…", or of the bare 64 digits.
func digest(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "sha256:")
	if b, err := hex.DecodeString(s); err != nil || len(b) != 32 {
		return ""
	}
	return s
}

// errorText is an error as a string, or as {message} or {code}.
func (o object) errorText() text.Untrusted {
	if s := o.text("error"); s != "" {
		return s
	}
	if s := o.sub("error").text("message", "code"); s != "" {
		return s
	}
	return o.text("errorMessage")
}

// decodeProject reads the one project of a key.
func decodeProject(body []byte) (Project, error) {
	o, err := parseObject(body)
	if err != nil {
		return Project{}, err
	}
	if o = o.unwrap([]string{"id", "name", "slug"}, "data", "project"); o == nil {
		return Project{}, errors.New("the answer is no project")
	}
	return Project{
		ID: o.id("id"), Name: o.text("name"), Slug: o.text("slug"), CreatedAt: o.time("createdAt"),
	}, nil
}

// decodeCreated reads the id of a new export.
func decodeCreated(body []byte) (ID, error) {
	o, err := parseObject(body)
	if err != nil {
		return "", err
	}
	fields := []string{"exportJobId", "id"}
	id := o.unwrap(fields, "data", "export").id(fields...)
	if id == "" {
		return "", errors.New("the answer names no export")
	}
	return id, nil
}

// maxSentence is how many bytes a refusal that is no JSON may have to be looked
// at. A proxy's own pages are longer, or about other things.
const maxSentence = 4 << 10

// refusal is the body of a refusal. All of it may be absent.
type refusal struct {
	api           bool // it is the API's own manner of refusing
	code, message text.Untrusted
	page          string // HTML, which is never shown
	running       ID
	retryAfter    *float64 // seconds
}

// decodeRefusal reads {"error","message","retryAfter"}, with "error" as a word
// or as {"code","message"}. Of a body that is none, a sentence is the message,
// and a page is asked for one thing alone.
func decodeRefusal(body []byte) refusal {
	o, err := parseObject(body)
	if err != nil {
		said := strings.TrimSpace(string(body))
		switch {
		case len(said) > maxSentence || !utf8.ValidString(said):
			return refusal{}
		case strings.HasPrefix(said, "<"):
			return refusal{page: said}
		}
		return refusal{message: text.Untrusted(strings.Trim(said, `"`))}
	}
	inner := o.sub("error")
	no := refusal{
		code:    firstText(o.text("error"), inner.text("code", "type"), o.text("code")),
		message: firstText(o.text("message"), inner.text("message")),
	}
	no.api = no.code != "" || no.message != ""
	for _, part := range []object{o, inner, o.sub("data")} {
		if no.running == "" {
			no.running = part.id("exportJobId", "runningExportId", "currentExportId", "activeExportId", "exportId", "jobId", "id")
		}
		if n, ok := part.float("retryAfter"); ok && no.retryAfter == nil {
			no.retryAfter = &n
		}
	}
	return no
}

func firstText(all ...text.Untrusted) text.Untrusted {
	for _, u := range all {
		if u != "" {
			return u
		}
	}
	return ""
}

// decodeBudget reads the X-RateLimit headers; ok is false without a Remaining.
// The reset is Unix seconds; a small number is seconds from now, as other APIs
// have it, and a very large one milliseconds.
func decodeBudget(h http.Header, now time.Time) (b Budget, ok bool) {
	number := func(name string) (int64, bool) {
		n, err := strconv.ParseInt(strings.TrimSpace(h.Get(name)), 10, 64)
		return n, err == nil && n >= 0
	}
	left, ok := number("X-RateLimit-Remaining")
	if !ok || left > 1<<31-1 {
		return Budget{}, false
	}
	b = Budget{Remaining: int(left), Known: true}
	if limit, ok := number("X-RateLimit-Limit"); ok && limit <= 1<<31-1 {
		b.Limit = int(limit)
	}
	reset, ok := number("X-RateLimit-Reset")
	switch {
	case !ok || reset > lastMoment:
	case reset > 1e11:
		b.Reset = time.UnixMilli(reset).UTC()
	case reset > 1e8:
		b.Reset = time.Unix(reset, 0).UTC()
	default:
		b.Reset = now.Add(time.Duration(min(reset, 1e6)) * time.Second).UTC()
	}
	return b, true
}
