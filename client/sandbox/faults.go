package sandbox

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Fault is one thing that goes wrong, as --fault and the control call write
// it: NAME[=ARG][*COUNT]. COUNT says how often; without it the fault stays
// until it is cleared. Faults add up: "cut=1MiB" and "slow=100K" do both.
//
// Answers of the API (each answer counts once):
//
//	api-status=CODE    every API call answers CODE; 429 and 503 with Retry-After: 1
//	post-status=CODE   the same for POST exports alone
//	html-api           API calls answer 200 with an HTML page, as a proxy's login does
//	budget=N           the hourly rate budget is N calls instead of 1,000
//	no-list            GET exports answers 404, as if there were no such call
//	escape             terminal escape sequences in project names and error texts,
//	                   and in the files of exports made meanwhile
//	processing-only    a running export's status is always "processing"
//	bare               documented fields and calls alone: no list, no health, no
//	                   ids in refusals; files of exports made meanwhile hold no
//	                   audit-log rows in CSV
//	relative-link      downloadUrl is a path without a host
//	bad-checksum       the job tells another checksum than the file has
//	expired-job[=CODE] a completed job says "expired" and has no link; with CODE
//	                   (404, 410) it answers that
//
// POST exports (each POST counts once):
//
//	lose-post          the export is made, the connection cut before the answer
//	drop-post          the connection is cut and no export is made
//	busy[=CODE]        refused as "Another export is in progress" without an id;
//	                   CODE is 409 if not told
//	fail[=TEXT]        the export fails half-way, with TEXT as its error
//	stuck              the export never gets past "generating", until faults are cleared
//	credential         the connections in the file hold their stored credentials
//
// Answers of a signed link (each GET counts once; those marked R count and
// apply only when the request has a Range, I only with an If-Range):
//
//	cut=BYTES          the connection is cut after so many bytes of the body
//	stall=BYTES        nothing more comes after so many bytes, until the client goes
//	slow=RATE          bytes a second for this connection (instead of Config.Rate)
//	file-status=CODE   answers CODE; 429 and 503 with Retry-After: 1
//	expire-link[=CODE] "Request has expired" with CODE, 403 if not told
//	redirect[=ORIGIN]  302 to the same file, on ORIGIN ([scheme://]host[:port]) if told
//	html               200 with an HTML page, as a captive portal does
//	change-file        the file is made anew with other data: size, ETag and the
//	                   job's checksum change
//	truncate           the object is half as long, with headers that fit it
//	no-etag            no ETag (Last-Modified stays)
//	no-validators      neither ETag nor Last-Modified
//	no-ranges          Accept-Ranges: none; a Range is answered 200
//	ignore-range     R a Range is answered 200 with the whole file
//	ignore-if-range  I the Range is served though the validator does not match
//	wrong-range      R 206 that starts elsewhere, and says so
//	no-content-range R 206 without Content-Range
//	gzip-206         R 206 with Content-Encoding: gzip
//	spurious-416     R 416 for a range that exists
//
// BYTES and RATE take K, M and G, with or without iB after them (1024ⁿ).
type Fault struct {
	name  string
	arg   string
	n     int64 // arg as a number, where it is one
	count int64 // times left; 0 is for ever
}

const (
	maxFaultLen   = 512
	maxFaultCount = 1_000_000
	maxFaults     = 64
	maxFaultBytes = 1 << 50
)

type argKind int

const (
	argNone argKind = iota
	argBytes
	argRate
	argNumber
	argStatus
	argOptStatus
	argOptText
	argOptOrigin
)

// argOf tells what argument a fault takes; false for an unknown name.
func argOf(name string) (argKind, bool) {
	switch name {
	case "cut", "stall":
		return argBytes, true
	case "slow":
		return argRate, true
	case "budget":
		return argNumber, true
	case "api-status", "post-status", "file-status":
		return argStatus, true
	case "expire-link", "busy", "expired-job":
		return argOptStatus, true
	case "fail":
		return argOptText, true
	case "redirect":
		return argOptOrigin, true
	case "change-file", "ignore-range", "ignore-if-range", "no-etag", "no-validators", "no-ranges",
		"wrong-range", "no-content-range", "gzip-206", "html", "spurious-416", "truncate",
		"lose-post", "drop-post", "no-list", "stuck", "relative-link", "credential",
		"bad-checksum", "escape", "html-api", "processing-only", "bare":
		return argNone, true
	}
	return argNone, false
}

// ParseFault reads NAME[=ARG][*COUNT]; see [Fault] for the names. The error
// says what was wrong in words for the one who typed it.
func ParseFault(s string) (Fault, error) {
	if len(s) > maxFaultLen {
		return Fault{}, fmt.Errorf("fault: longer than %d bytes", maxFaultLen)
	}
	f := Fault{}
	rest := strings.TrimSpace(s)
	if i := strings.LastIndexByte(rest, '*'); i >= 0 && allDigits(rest[i+1:]) {
		n, err := strconv.ParseInt(rest[i+1:], 10, 64)
		if err != nil || n < 1 || n > maxFaultCount {
			return Fault{}, fmt.Errorf("fault %q: the count after * must be 1 to %d", s, maxFaultCount)
		}
		f.count, rest = n, rest[:i]
	}
	name, arg, has := strings.Cut(rest, "=")
	f.name, f.arg = name, arg
	kind, ok := argOf(name)
	if !ok {
		return Fault{}, fmt.Errorf("fault %q: no fault has that name", s)
	}
	if err := f.readArg(kind, has); err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", s, err)
	}
	return f, nil
}

func (f *Fault) readArg(kind argKind, has bool) (err error) {
	switch kind {
	case argNone:
		if has {
			return errors.New("it takes no argument")
		}
	case argBytes:
		f.n, err = parseBytes(f.arg)
	case argRate:
		if f.n, err = parseBytes(f.arg); err == nil && f.n == 0 {
			err = errors.New("the rate must be at least 1 byte a second")
		}
	case argNumber:
		if f.n, err = strconv.ParseInt(f.arg, 10, 32); err != nil || f.n < 1 {
			err = errors.New("it needs a number of at least 1 after =")
		}
	case argStatus:
		f.n, err = parseStatus(f.arg)
	case argOptStatus:
		if has {
			f.n, err = parseStatus(f.arg)
		}
	case argOptText:
		if has && f.arg == "" {
			return errors.New("the text after = is empty")
		}
	case argOptOrigin:
		if has {
			return checkOrigin(f.arg)
		}
	}
	return err
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func parseStatus(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 400 || n > 599 {
		return 0, errors.New("it needs a status from 400 to 599 after =")
	}
	return n, nil
}

// parseBytes reads 1048576, 1024K, 1M, 1MiB.
func parseBytes(s string) (int64, error) {
	digits := strings.TrimRight(s, "KMGiB")
	shift, ok := 0, true
	switch s[len(digits):] {
	case "", "B":
	case "K", "KiB":
		shift = 10
	case "M", "MiB":
		shift = 20
	case "G", "GiB":
		shift = 30
	default:
		ok = false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 0 || n > maxFaultBytes>>shift {
		return 0, errors.New("it needs a number of bytes after =, such as 4096, 512K or 1MiB")
	}
	return n << shift, nil
}

// checkOrigin allows [scheme://]host[:port] and nothing that could smuggle a
// path or a line break into a Location header.
func checkOrigin(s string) error {
	raw := s
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") ||
		u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("it needs [scheme://]host[:port] after =")
	}
	return nil
}

// String is the fault as ParseFault reads it, with the count that is left.
func (f Fault) String() string {
	s := f.name
	if f.arg != "" {
		s += "=" + f.arg
	}
	if f.count > 0 {
		s += "*" + strconv.FormatInt(f.count, 10)
	}
	return s
}

// status is the fault's status code, or def if none was told.
func (f Fault) status(def int) int {
	if f.n == 0 {
		return def
	}
	return int(f.n)
}

// faultSet is the faults that are on. Its zero value is empty.
type faultSet struct {
	mu   sync.Mutex
	list []Fault
}

func (s *faultSet) add(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, f)
}

// addAll adds all of fs or none: too many at once is an error.
func (s *faultSet) addAll(fs []Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list)+len(fs) > maxFaults {
		return fmt.Errorf("more than %d faults at once", maxFaults)
	}
	s.list = append(s.list, fs...)
	return nil
}

func (s *faultSet) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
}

func (s *faultSet) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.list))
	for _, f := range s.list {
		out = append(out, f.String())
	}
	return out
}

// take finds a fault that is on and counts it down.
func (s *faultSet) take(name string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(f Fault) bool { return f.name == name })
	if i < 0 {
		return Fault{}, false
	}
	f := s.list[i]
	switch f.count {
	case 0:
	case 1:
		s.list = slices.Delete(s.list, i, i+1)
	default:
		s.list[i].count--
	}
	return f, true
}

func (s *faultSet) hit(name string) bool {
	_, ok := s.take(name)
	return ok
}

// peek finds a fault without counting it.
func (s *faultSet) peek(name string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(f Fault) bool { return f.name == name })
	if i < 0 {
		return Fault{}, false
	}
	return s.list[i], true
}

func (s *faultSet) on(name string) bool {
	_, ok := s.peek(name)
	return ok
}
