package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
	"github.com/dashtray/dashtray-tui/config/secret"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// The demo's sandbox: an export takes from four seconds (the last days) to
// twenty (all time), and its file comes slowly enough to be seen.
const (
	demoURL     = "https://demo.dashtray.invalid" // RFC 2606: no such host, ever
	demoRecords = 50_000
	demoSpeed   = 10
	demoRate    = 2 << 20
)

// connection is the way to an API: the jobs, and what has to be closed after them.
type connection struct {
	jobs  *job.Service
	api   *client.Client
	state string // the folder of what is remembered; "" where there is none
	end   func() error
}

// Close stops all jobs, keeps what arrived, and lets go of the API.
func (c *connection) Close() error {
	c.jobs.Close()
	if c.end == nil {
		return nil
	}
	return c.end()
}

// connect finds the key and wires client and jobs. Nothing is sent.
func (a *app) connect(ctx context.Context) (*connection, error) {
	folders, err := a.folders()
	switch {
	case err == nil && a.demo:
		return a.connectDemo(folders.Demo())
	case err != nil && a.demo:
		return nil, err
	case err != nil:
		// A service without a home works all the same.
		a.warn("there is no home folder, so this run cannot be remembered, nor continued if it is cut off")
	}
	// The address is checked before any key is looked for.
	if _, err := client.ParseBase(a.settings.APIURL.Value); err != nil {
		return nil, err
	}
	found, err := secret.Find(ctx, secret.Places(a.Env, a.settings.Profile.Value, a.Err)...)
	if err != nil {
		return nil, err
	}
	for _, w := range found.Warnings {
		a.warn(w)
	}
	a.log.Info("key found", "place", found.Place)
	return a.wire(wiring{
		url: a.settings.APIURL.Value, key: found.Key, state: folders.State,
		calls: newTransport(a.roots), files: newFileTransport(a.roots),
	})
}

// connectDemo has the sandbox answer inside the process. Its state is kept, so
// that a run that was killed can be continued.
func (a *app) connectDemo(dir string) (*connection, error) {
	api, err := sandbox.New(sandbox.Config{
		Dir: filepath.Join(dir, "sandbox"), Records: demoRecords, Speed: demoSpeed, Rate: demoRate,
		Now: a.Now, Log: a.log,
	})
	if err != nil {
		return nil, noDemo(dir, err)
	}
	c, err := a.wire(wiring{
		url: demoURL, key: client.NewKey(api.Keys().Owner), state: dir,
		calls: api.Transport(), files: api.Transport(),
	})
	if err != nil {
		return nil, errors.Join(err, api.Close())
	}
	c.end = api.Close
	return c, nil
}

func noDemo(dir string, err error) error {
	var disk *fs.PathError
	if !errors.As(err, &disk) {
		return fmt.Errorf("start the demo: %w", err)
	}
	return &message.Error{
		Message: message.Message{
			Code: message.Disk,
			Text: fmt.Sprintf("The demo cannot keep its state in %q: %s.", dir, disk.Err),
			Hint: "Get the right to write there, or set XDG_STATE_HOME to another folder.",
		},
		Err: err,
	}
}

// wiring is what differs between the API and the demo.
type wiring struct {
	url          string
	key          client.Key
	state        string
	calls, files http.RoundTripper
}

func (a *app) wire(w wiring) (*connection, error) {
	api, err := client.New(client.Options{
		BaseURL: w.url, Key: w.key, Transport: w.calls, UserAgent: userAgent(), Now: a.Now, Log: a.log,
	})
	if err != nil {
		return nil, err
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the current folder: %w", err)
	}
	return &connection{
		api: api, state: w.state,
		jobs: job.New(job.Deps{
			API: api, Transport: w.files, UserAgent: userAgent(), StateDir: w.state,
			Folder: here, Timeout: a.patience, Now: a.Now, Log: a.log,
		}),
	}, nil
}

// bare drops the path of an error of the file system, for where it is named anyway.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
