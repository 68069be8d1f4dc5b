package sandbox

import (
	"math"
	"time"
)

// Stages of a job, in the words that the API sends.
const (
	stageQueued     = "queued"
	stageCollecting = "collecting"
	stageGenerating = "generating"
	stageCompleted  = "completed"
	stageFailed     = "failed"
)

// job is an export as the state file keeps it. What it produces depends on
// nothing but these fields, so that any process can make the file (again).
type job struct {
	ID        string   `json:"id"`
	CreatedAt int64    `json:"createdAt"` // ms
	Span      int64    `json:"span"`      // ms from createdAt to completed
	Format    string   `json:"format"`
	Range     msRange  `json:"range"` // what the file's dateRange says, ms, inclusive
	RangeWord string   `json:"rangeWord,omitempty"`
	Include   include  `json:"include"`
	Seed      uint64   `json:"seed"`
	PerYear   int64    `json:"perYear"` // metric records in a full export
	Records   int64    `json:"records"`
	File      *objFile `json:"file,omitempty"`

	// What faults have decided when the export was made.
	Fail   string `json:"fail,omitempty"`
	Stuck  bool   `json:"stuck,omitempty"`
	Leak   bool   `json:"leak,omitempty"`
	Escape bool   `json:"escape,omitempty"`
	Bare   bool   `json:"bare,omitempty"`
}

// msRange is two moments in epoch milliseconds, both inclusive.
type msRange struct {
	From int64 `json:"startDate"`
	To   int64 `json:"endDate"`
}

type include struct {
	Metrics     bool `json:"metrics"`
	Connections bool `json:"connections"`
	Dashboards  bool `json:"dashboards"`
	AuditLogs   bool `json:"auditLogs"`
}

// objFile is a whole file in the files folder.
type objFile struct {
	Name   string `json:"name"` // in Dir/files; another generation has another name
	Gen    int64  `json:"gen"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	At     int64  `json:"at"` // ms
}

// objectName is the name in links: it stays the same when the file changes.
func (j *job) objectName() string { return "dashtray-export-" + j.ID + "." + j.Format }

// typicalSpan is how long an export of so many records takes by the product's
// page ("Typical Times"): under 10k records 30–60 s, to 100k 2–5 min, above
// 5–15 min. Within a class it grows with the records.
func typicalSpan(records int64) time.Duration {
	n := float64(records)
	switch {
	case records < 10_000:
		return seconds(30 + 30*n/10_000)
	case records <= 100_000:
		return seconds(120 + 180*(n-10_000)/90_000)
	default:
		return seconds(300 + 600*math.Min(1, math.Log10(n/100_000)/3))
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Moments of a job in ms: a tenth of the span is the queue, four tenths are
// collecting, the rest is generating.
func (j *job) startsAt() int64    { return j.CreatedAt + j.Span/10 }
func (j *job) generatesAt() int64 { return j.CreatedAt + j.Span/2 }
func (j *job) failsAt() int64     { return j.CreatedAt + j.Span*3/4 }

// completesAt is when the time is over and the file is whole; only with a file.
func (j *job) completesAt() int64 { return max(j.CreatedAt+j.Span, j.File.At) }

// stage is where the job stands: a function of its creation, of now, and of
// whether its file is whole, so that no process has to keep it moving.
func (j *job) stage(now int64) string {
	switch {
	case j.Fail != "" && now >= j.failsAt():
		return stageFailed
	case now < j.startsAt():
		return stageQueued
	case now < j.generatesAt():
		return stageCollecting
	case j.File == nil || j.Stuck || now < j.completesAt():
		return stageGenerating
	}
	return stageCompleted
}

func (j *job) running(now int64) bool {
	st := j.stage(now)
	return st != stageCompleted && st != stageFailed
}

// needsFile reports whether a generator has work to do, now or later.
func (j *job) needsFile() bool { return j.File == nil && j.Fail == "" && !j.Stuck }

// progress in percent; 100 only when completed.
func (j *job) progress(now int64) int64 {
	if j.stage(now) == stageCompleted {
		return 100
	}
	end := j.CreatedAt + j.Span
	if j.Fail != "" {
		end = j.failsAt() + j.Span/4
		now = min(now, j.failsAt())
	}
	return max(0, min(99, (now-j.CreatedAt)*100/max(1, end-j.CreatedAt)))
}
