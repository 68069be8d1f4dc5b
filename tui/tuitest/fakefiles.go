package tuitest

import (
	"context"
	"sync"

	"github.com/dashtray/dashtray-tui/client/archive"
)

// Files are files that stand where a test puts them. The zero value finds every
// file whole.
type Files struct {
	mu    sync.Mutex
	calls []string

	// Report and Err are what a check gives, once Go is closed; a nil Go does
	// not wait.
	Report archive.Report
	Err    error
	Go     chan struct{}
	// FileErr is what OpenFolder and Remove give.
	FileErr error
	// Expected is what the last check was told to expect.
	Expected archive.Expect
}

func (f *Files) record(call string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
}

// Calls are the calls in their order: "verify /x", "folder /x", "remove /x".
func (f *Files) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

// Verify gives the report, after having read half of a mebibyte.
func (f *Files) Verify(ctx context.Context, path string, expect archive.Expect, progress func(read, size int64)) (archive.Report, error) {
	f.record("verify " + path)
	return f.check(ctx, expect, progress)
}

func (f *Files) check(ctx context.Context, expect archive.Expect, progress func(read, size int64)) (archive.Report, error) {
	f.mu.Lock()
	f.Expected = expect
	f.mu.Unlock()
	progress(1<<19, 1<<20)
	if f.Go != nil {
		select {
		case <-ctx.Done():
			return archive.Report{}, ctx.Err()
		case <-f.Go:
		}
	}
	return f.Report, f.Err
}

// Inspect gives the report, too.
func (f *Files) Inspect(ctx context.Context, path string, expect archive.Expect, progress func(done, total int64)) (archive.Report, error) {
	f.record("inspect " + path)
	return f.check(ctx, expect, progress)
}

// OpenFolder opens nothing.
func (f *Files) OpenFolder(path string) error {
	f.record("folder " + path)
	return f.FileErr
}

// Remove removes nothing.
func (f *Files) Remove(path string) error {
	f.record("remove " + path)
	return f.FileErr
}
