// Package sandbox is a whole Dashtray exports API in one http.Handler: plan
// and role gates, one export at a time, stages in real time, files from a
// deterministic generator, signed links that expire, and faults on demand.
package sandbox

import (
	"log/slog"
	"net/http"
	"time"
)

// Config of a sandbox. The zero value works: 50k records, in a temporary folder.
type Config struct {
	// Dir keeps the signing key, the jobs and the files, so that a later
	// process goes on where this one stopped. "" is a temporary folder that
	// Close removes.
	Dir     string
	Records int64  // metric records in a full export; 0 is 50,000
	Seed    uint64 // of the generator
	// Speed of the stages: 1 is as the product's page says (30–60 s for a small
	// project), 10 ten times faster; 0 is 1.
	Speed   float64
	LinkTTL time.Duration // 0 is 24 h
	Faults  []Fault
	// Rate limits each connection's download, bytes a second; 0 is none.
	Rate int64
	Now  func() time.Time
	Log  *slog.Logger
}

// Keys of the sandbox: one for each role, and one of a project without the Scale plan.
type Keys struct {
	Owner  string `json:"owner"`
	Editor string `json:"editor"`
	Viewer string `json:"viewer"`
	Free   string `json:"free"`
}

// Fault is one thing that goes wrong, as --fault and the control call write it.
type Fault struct{ _ int }

// ParseFault reads NAME[=ARG][*COUNT], see faults.go for the names.
func ParseFault(s string) (Fault, error) { panic("unbuilt") }

// Server is the API. It is an http.Handler.
type Server struct{ _ int }

// New opens or makes the state in cfg.Dir.
func New(cfg Config) (*Server, error) { panic("unbuilt") }

// ServeHTTP answers the API's calls, the signed links, and the control calls.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { panic("unbuilt") }

// Keys of this sandbox.
func (s *Server) Keys() Keys { panic("unbuilt") }

// Transport answers requests inside the process, without a socket; it works in
// a synctest bubble. Links made under it have the host of the request.
func (s *Server) Transport() http.RoundTripper { panic("unbuilt") }

// Inject adds a fault.
func (s *Server) Inject(f Fault) { panic("unbuilt") }

// Close stops generators and removes a temporary folder.
func (s *Server) Close() error { panic("unbuilt") }
