package job

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/dashtray/dashtray-tui/client"
)

// Deps of a Service.
type Deps struct {
	API *client.Client
	// Transport fetches the files; it carries no key.
	Transport http.RoundTripper
	UserAgent string
	// StateDir remembers runs; "" keeps nothing.
	StateDir string
	// Folder is where files go when Spec.Output is empty.
	Folder string
	Now    func() time.Time
	Log    *slog.Logger
}

// Service owns every running job.
type Service struct{ _ int }

// New makes a Service. Close ends it.
func New(d Deps) *Service { panic("unbuilt") }

// Start begins a job and returns at once.
func (s *Service) Start(spec Spec) Ref { panic("unbuilt") }

// Result blocks until the job is over. A cancelled ctx ends only the waiting.
// With an InvalidError the result is there too.
func (s *Service) Result(ctx context.Context, ref Ref) (Result, error) { panic("unbuilt") }

// List gives every job, newest first.
func (s *Service) List() []Snapshot { panic("unbuilt") }

// Snapshot of one job.
func (s *Service) Snapshot(ref Ref) (Snapshot, bool) { panic("unbuilt") }

// Wait blocks until there is something that a viewer of version has not seen,
// and gives the new version. At most ten times a second.
func (s *Service) Wait(ctx context.Context, version uint64) (uint64, error) { panic("unbuilt") }

// Pause and Resume a transfer. Stop ends the job here; the export goes on at
// the server, and the part is kept.
func (s *Service) Pause(ref Ref)  { panic("unbuilt") }
func (s *Service) Resume(ref Ref) { panic("unbuilt") }
func (s *Service) Stop(ref Ref)   { panic("unbuilt") }

// Exports lists the server's exports joined with what this machine remembers.
// The error is for what no list can follow (a refused key); being offline is
// in the Listing.
func (s *Service) Exports(ctx context.Context) (Listing, error) { panic("unbuilt") }

// Project of the key, asked once.
func (s *Service) Project(ctx context.Context) (client.Project, error) { panic("unbuilt") }

// FileName is the name that an export of this request made at that time gets.
func FileName(slug string, r client.ExportRequest, at time.Time) string { panic("unbuilt") }

// Folder checks where Output would put the file: the folder, and the bytes free there.
func (s *Service) Folder(output string) (dir string, free int64, err error) { panic("unbuilt") }

// Close stops every job, keeps every part, and waits for both.
func (s *Service) Close() { panic("unbuilt") }
