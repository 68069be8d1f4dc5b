package cli

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// An admin who looked at another profile laid its exports open to everybody who
// may fetch files, though nobody else may open that profile.
func TestFilesOfOtherProfilesAreAnAdmins(t *testing.T) {
	t.Parallel()
	folder, state := t.TempDir(), t.TempDir()
	store, err := history.Open(t.Context(), filepath.Join(state, "history.db"), history.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	a := &app{settings: config.Settings{Profile: config.Setting{Value: "acme"}}}
	h := &served{a: a, open: newAccounts(a), folder: folder}
	for _, name := range []string{"acme", "globex"} {
		api, err := client.New(client.Options{BaseURL: "https://" + name + ".example", Key: client.NewKey("dk_x"), Transport: http.DefaultTransport})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, name+".json")
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		project := client.Project{ID: text.Untrusted(name)}
		if err := store.Saw(t.Context(), api.Origin(), project, name, nil); err != nil {
			t.Fatal(err)
		}
		if err := store.Remember(t.Context(), history.Record{
			Origin: api.Origin(), ProjectID: project.ID, Export: client.Export{ID: text.Untrusted("exp_" + name), Format: client.JSON},
			Path: path, State: history.StateDone, Bytes: 2, Verified: time.Now(),
		}); err != nil {
			t.Fatal(err)
		}
		h.open.open[name] = &connection{api: api, state: state, history: store, jobs: job.New(job.Deps{API: api, StateDir: state})}
	}
	t.Cleanup(func() {
		for _, c := range h.open.open {
			c.jobs.Close()
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	for role, want := range map[serve.Role][]string{
		serve.Operator: {"acme.json"},
		serve.Admin:    {"acme.json", "globex.json"},
	} {
		if got, err := h.finished(t.Context(), serve.Who{Role: role}); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", role, got, err)
		}
	}
}

// The command went on with the key that the server was started with, after an
// admin had given the server another one.
func TestHistoryGoesByTheKeyThatAnAdminGave(t *testing.T) {
	t.Parallel()
	url, keys := api(t)
	a := &app{Streams: newWorld(t, "DASHTRAY_API_URL="+url).streams}
	if err := a.setUp(a.rootCommand(), nil); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	before := newAccounts(a)
	_, err := before.Keep(ctx, "", "file", client.NewKey("dk_revoked"))
	if err = errors.Join(err, before.Close()); err != nil {
		t.Fatal(err)
	}
	h, err := a.openHost(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := h.history(ctx, io.Discard, io.Discard); !errors.Is(err, client.ErrUnauthorized) {
		t.Errorf("with the first key: %v", err)
	}
	if _, err := h.open.Keep(ctx, "", "file", client.NewKey(keys.Owner)); err != nil {
		t.Fatal(err)
	}
	if err := h.history(ctx, io.Discard, io.Discard); err != nil {
		t.Errorf("with the next: %v", err)
	}
}
