// Package sandbox is a whole Dashtray exports API in one http.Handler: plan
// and role gates, one export at a time, stages in real time, files from a
// deterministic generator, signed links that expire, and faults on demand.
//
// It is an independent view of the API: it shares no code with the client, so
// that a misreading on one side shows on the other. The shapes are those of
// Dashtray's page on data export and of its API reference; what neither says
// (the assumed fields) is sent too, and the fault "bare" leaves it out.
//
// Nothing runs but what a running export needs: between requests a sandbox
// without one has no goroutine and no timer.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	defaultRecords = 50_000
	maxRecords     = 1_000_000_000
	defaultLinkTTL = 24 * time.Hour
	// retention is how long jobs and their files are kept (the page: "Export
	// history retained for 30 days").
	retention = 30 * 24 * time.Hour
)

var errClosed = errors.New("sandbox is closed")

// Config of a sandbox. The zero value works: 50k records, in a temporary folder.
type Config struct {
	// Dir keeps the signing key, the API keys, the jobs and the files, so that
	// a later process goes on where this one stopped. Two processes may use one
	// Dir at once. "" is a temporary folder that Close removes.
	Dir     string
	Records int64  // metric records in a full export (one year); 0 is 50,000
	Seed    uint64 // of the generator
	// Speed of the stages: 1 is as the product's page says (30–60 s for a small
	// project), 10 ten times faster; 0 is 1.
	Speed   float64
	LinkTTL time.Duration // 0 is 24 h
	Faults  []Fault
	// Rate limits each connection's download, bytes a second; 0 is none.
	Rate int64
	// Now is the clock of createdAt, stages, links and rate limits; nil is
	// time.Now. Waits use timers, so that testing/synctest works.
	Now func() time.Time
	// Log gets a line for each request (no keys, no query strings) at debug
	// level and what goes wrong inside at error level; nil is none.
	Log *slog.Logger
}

// Keys of the sandbox: one for each role, and one of a project without the Scale plan.
type Keys struct {
	Owner  string `json:"owner"`
	Editor string `json:"editor"`
	Viewer string `json:"viewer"`
	Free   string `json:"free"`
}

// Server is the API. It is an http.Handler and safe for concurrent use.
type Server struct {
	cfg    Config
	now    func() time.Time
	log    *slog.Logger
	store  *store
	faults faultSet
	budget budget
	own    bool // the folder is ours to remove

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	wg   sync.WaitGroup // workers and in-process handlers

	mu      sync.Mutex // guards what follows, and wg.Add against Close
	closed  bool
	workers map[string]*worker
}

// New opens or makes the state in cfg.Dir and goes on with an export that an
// earlier process left unfinished.
func New(cfg Config) (*Server, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	own := cfg.Dir == ""
	if own {
		dir, err := os.MkdirTemp("", "dashtray-sandbox-")
		if err != nil {
			return nil, fmt.Errorf("make the sandbox's folder: %w", err)
		}
		cfg.Dir = dir
	}
	st, err := openStore(cfg.Dir, cfg.Now)
	if err != nil {
		if own {
			_ = os.RemoveAll(cfg.Dir)
		}
		return nil, err
	}
	s := &Server{cfg: cfg, now: cfg.Now, log: cfg.Log, store: st, own: own, workers: map[string]*worker{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	for _, f := range cfg.Faults {
		s.Inject(f)
	}
	if err := s.restore(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (c *Config) fill() error {
	if c.Records < 0 || c.Records > maxRecords {
		return fmt.Errorf("sandbox records %d: want 0 to %d", c.Records, int64(maxRecords))
	}
	if !(c.Speed >= 0) || c.LinkTTL < 0 || c.Rate < 0 { // the negation also catches NaN
		return errors.New("sandbox speed, link TTL and rate must not be negative")
	}
	if c.Records == 0 {
		c.Records = defaultRecords
	}
	if c.Speed == 0 {
		c.Speed = 1
	}
	if c.LinkTTL == 0 {
		c.LinkTTL = defaultLinkTTL
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Keys of this sandbox. They stay the same as long as Dir does.
func (s *Server) Keys() Keys { return s.store.keys() }

// Inject adds a fault.
func (s *Server) Inject(f Fault) { s.faults.add(f) }

// ClearFaults removes all faults and ends what they hold up: an export that
// hangs by "stuck" fails as if the support had cancelled it.
func (s *Server) ClearFaults() error {
	s.faults.clear()
	return s.store.update(func(st *state) (bool, error) {
		changed := false
		for _, j := range st.Jobs {
			if j.Stuck {
				j.Stuck, j.Fail, changed = false, "Cancelled by support", true
			}
		}
		return changed, nil
	})
}

// Close stops generators and in-process requests, waits for them, and removes
// a temporary folder. It may be called twice.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.wg.Wait()
	if s.own {
		if err := os.RemoveAll(s.cfg.Dir); err != nil {
			return fmt.Errorf("remove the sandbox's folder: %w", err)
		}
	}
	return nil
}

// goes starts f on a goroutine that Close waits for; false after Close.
func (s *Server) goes(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.wg.Go(f)
	return true
}

var _ http.Handler = (*Server)(nil)
