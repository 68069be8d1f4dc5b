package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
	"github.com/dashtray/dashtray-tui/config"
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
	jobs    *job.Service
	api     *client.Client
	history *history.Store
	state   string // the folder of what is remembered; "" where there is none
	keyFrom string // the place that the key came from
	end     func() error
}

// Close stops all jobs, keeps what arrived, and lets go of the API.
func (c *connection) Close() error {
	c.jobs.Close()
	err := c.history.Close()
	if c.end != nil {
		err = errors.Join(err, c.end())
	}
	return err
}

// connect finds the key and wires client and jobs. Nothing is sent.
func (a *app) connect(ctx context.Context) (*connection, error) {
	return a.connectAs(ctx, a.settings, a.Env, nil)
}

// connectAs is connect for a profile with settings and an environment of its
// own; kept is told of each file, see job.Deps.
func (a *app) connectAs(ctx context.Context, s config.Settings, env config.Lookup, kept func(job.Result) error) (*connection, error) {
	if a.demo {
		return a.connectDemo(ctx, kept)
	}
	acc, err := a.account(s, env)
	if err != nil {
		return nil, err
	}
	a.withheld(s)
	found, err := a.findKey(ctx, acc, a.ring)
	if err != nil {
		return nil, err
	}
	return a.connectWith(ctx, acc, found, kept)
}

// connectWith wires an account and its key.
func (a *app) connectWith(ctx context.Context, acc account, found secret.Found, kept func(job.Result) error) (*connection, error) {
	if acc.folders.State == "" {
		// A service without a home works all the same.
		a.warn("there is no home folder, so this run cannot be remembered, nor continued if it is cut off")
	}
	for _, w := range found.Warnings {
		a.warn(w)
	}
	c, err := a.wire(ctx, wiring{
		url: acc.settings.APIURL.Value, key: found.Key, state: acc.folders.State, profile: acc.id.Profile, kept: kept,
		calls: newTransport(a.roots), files: newTransport(a.roots),
	})
	if err == nil {
		c.keyFrom = found.Place
	}
	return c, err
}

// connectDemo has the sandbox answer inside the process. Its state is kept, so
// that a run that was killed can be continued.
func (a *app) connectDemo(ctx context.Context, kept func(job.Result) error) (*connection, error) {
	folders, err := a.folders()
	if err != nil {
		return nil, err
	}
	dir := folders.Demo()
	api, err := sandbox.New(sandbox.Config{
		Dir: filepath.Join(dir, "sandbox"), Records: demoRecords, Speed: demoSpeed, Rate: demoRate,
		Now: a.Now, Log: a.log,
	})
	if err != nil {
		return nil, noDemo(dir, err)
	}
	c, err := a.wire(ctx, wiring{
		url: demoURL, key: client.NewKey(api.Keys().Owner), state: dir, profile: "demo", kept: kept,
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
	profile      string
	kept         func(job.Result) error
	calls, files http.RoundTripper
}

func (a *app) wire(ctx context.Context, w wiring) (*connection, error) {
	api, err := client.New(client.Options{
		BaseURL: w.url, Key: w.key, Transport: w.calls, UserAgent: userAgent(), Now: a.Now, Log: a.log,
	})
	if err != nil {
		return nil, err
	}
	folder, err := a.downloads()
	if err != nil {
		return nil, err
	}
	store := a.openHistory(ctx, w.state)
	return &connection{
		api: api, state: w.state, history: store,
		jobs: job.New(job.Deps{
			API: api, Transport: w.files, UserAgent: userAgent(), StateDir: w.state, History: store, Profile: w.profile, Kept: w.kept,
			Folder: folder, Timeout: a.patience, RoomWait: a.roomWait(), Now: a.Now, Log: a.log,
			Connections: a.settings.Connections.Int(), LimitRate: a.settings.LimitRate.Rate(),
		}),
	}, nil
}

// roomWait is how long a full disk is waited for: a person at the console can
// make room, a script goes by the exit code and runs the command again.
func (a *app) roomWait() time.Duration {
	if a.onScreen {
		return time.Hour
	}
	return 0
}

// downloads is where files go when nobody says.
func (a *app) downloads() (string, error) {
	if dir := a.settings.Folder.Value; dir != "" {
		return dir, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the current folder: %w", err)
	}
	return here, nil
}

// bare drops the path of an error of the file system, for where it is named anyway.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
