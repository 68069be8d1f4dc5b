package secret_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/config/secret"
)

const hunter = "hunter2secret"

// holders are values of every type that holds a key, or has had one in hand.
func holders(t *testing.T) map[string]any {
	t.Helper()
	key := client.NewKey(hunter)
	api, err := client.New(client.Options{BaseURL: "https://api.dashtray.test", Key: key})
	if err != nil {
		t.Fatal(err)
	}
	ring := secret.KeyringWith(alone(), fine, &memory{set: func(p string) error { return fmt.Errorf("cannot keep %q", p) }})
	files := secret.NewKeyFile(keyDir(t))
	if err := files.Put(context.Background(), account, key); err != nil {
		t.Fatal(err)
	}
	found, _, err := files.Find(context.Background(), account)
	if err != nil || !found.Key.Equal(key) {
		t.Fatal(err)
	}
	service := job.New(job.Deps{API: api, StateDir: t.TempDir(), Folder: t.TempDir()})
	t.Cleanup(service.Close)
	return map[string]any{
		"key": key, "found": found, "pointer": &found, "slice": []secret.Found{found},
		"map": map[string]any{"found": found}, "nested": struct{ F *secret.Found }{&found},
		"unexported": struct{ f secret.Found }{found},
		"options":    client.Options{Key: key}, "client": api, "jobs": job.Deps{API: api}, "service": service,
		"keyring": ring, "files": files, "choices": secret.Choices(context.Background(), ring, files),
		"keyring error": ring.Put(context.Background(), account, key),
		"next error":    ring.Put(context.Background(), account, key),
	}
}

func TestNoWayOfPrintingShowsAKey(t *testing.T) {
	t.Parallel()
	for name, v := range holders(t) {
		printsNo(t, name, v)
	}
	hidesNot := &recorder{}
	hides(hidesNot, "itself", client.NewKey(hunter).Reveal())
	hides(hidesNot, "in hex", fmt.Sprintf("%X", hunter))
	if hidesNot.failures != 2 {
		t.Error("the check finds no key where there is one")
	}
}

// printsNo tries every way that Go has to make text of a value.
func printsNo(t *testing.T, name string, v any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%U", "%60v"} {
		hides(t, name+" "+verb, fmt.Sprintf(verb, v))
		hides(t, name+" in an error", fmt.Errorf("step: "+verb, v).Error())
	}
	for how, write := range map[string]func(*bytes.Buffer){
		"JSON":     func(b *bytes.Buffer) { _ = json.NewEncoder(b).Encode(v) },
		"XML":      func(b *bytes.Buffer) { _ = xml.NewEncoder(b).Encode(v) },
		"gob":      func(b *bytes.Buffer) { _ = gob.NewEncoder(b).Encode(v) },
		"TOML":     func(b *bytes.Buffer) { _ = toml.NewEncoder(b).Encode(v) },
		"text log": func(b *bytes.Buffer) { slog.New(slog.NewTextHandler(b, nil)).Info("m", "v", v) },
		"JSON log": func(b *bytes.Buffer) { slog.New(slog.NewJSONHandler(b, nil)).Info("m", "v", v) },
	} {
		var out bytes.Buffer
		write(&out)
		hides(t, name+" "+how, out.String())
	}
}

type recorder struct{ failures int }

func (*recorder) Helper()                 {}
func (r *recorder) Errorf(string, ...any) { r.failures++ }

func hides(t interface {
	Helper()
	Errorf(format string, args ...any)
}, how, got string,
) {
	t.Helper()
	if strings.Contains(got, hunter) || strings.Contains(strings.ToLower(got), fmt.Sprintf("%x", hunter)) {
		t.Errorf("%s prints the key", how)
	}
}
