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
// [FaultHelp] has the names.
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

// ParseFault reads NAME[=ARG][*COUNT]; see [FaultHelp] for the names. The error
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
