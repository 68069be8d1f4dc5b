package secret_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/config/secret"
)

func withRing(k *secret.Keyring) secret.Options {
	return secret.Options{Env: env(nil), Account: account, Keyring: k}
}

func TestAKeyringThatCannotBeAskedIsPassedOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, reason := range reasons() {
		o := withRing(secret.KeyringWith(alone(), because(reason), &memory{}))
		_, err := secret.Find(context.Background(), secret.Places(o)...)
		if !errors.Is(err, secret.ErrNoKey) || secret.ReasonOf(err) != reason {
			t.Errorf("%s: %v", reason, err)
		}
		if !strings.HasPrefix(err.Error(), "no API key: the keyring ") {
			t.Errorf("%s: the reason is not told: %v", reason, err)
		}
		o.KeyDir = dir
		if err := secret.NewKeyFile(dir).Put(context.Background(), account, client.NewKey("dk_file")); err != nil {
			t.Fatal(err)
		}
		found, err := secret.Find(context.Background(), secret.Places(o)...)
		if err != nil || !found.Key.Equal(client.NewKey("dk_file")) {
			t.Errorf("%s: the stored file: %v", reason, err)
		}
	}
}

func TestThePlacesAfterTheEnvironment(t *testing.T) {
	t.Setenv("KEYCOMMAND", "print")
	ctx, dir, m := context.Background(), t.TempDir(), &memory{}
	k := secret.KeyringWith(alone(), fine, m)
	if err := k.Put(ctx, account, client.NewKey("dk_ring")); err != nil {
		t.Fatal(err)
	}
	if err := secret.NewKeyFile(dir).Put(ctx, account, client.NewKey("dk_stored")); err != nil {
		t.Fatal(err)
	}
	m.calls = nil
	o := secret.Options{
		Env: env(map[string]string{secret.EnvKey: "dk_env"}), Account: account,
		KeyCommand: "'" + os.Args[0] + "' dk_profile", Keyring: k, KeyDir: dir,
	}
	for _, step := range []struct {
		want, place string
		next        func()
	}{
		{"dk_env", secret.EnvKey, func() { o.Env = env(nil) }},
		{"dk_profile", `the key_command of profile "work"`, func() { o.KeyCommand = "" }},
		{"dk_ring", "the keyring", func() { o.Keyring = nil }},
		{"dk_stored", "work@api.dashtray.test", nil},
	} {
		if step.want != "dk_ring" && len(m.called()) != 0 {
			t.Errorf("the keyring was asked before its turn, or after it: %v", m.called())
		}
		found, err := secret.Find(ctx, secret.Places(o)...)
		if err != nil || !found.Key.Equal(client.NewKey(step.want)) || !strings.Contains(found.Place, step.place) {
			t.Errorf("want %s: from %q, %v", step.want, found.Place, err)
		}
		if step.next != nil {
			step.next()
		}
		if step.want == "dk_ring" {
			m.calls = nil
		}
	}
	o.KeyCommand = "no-such-command-anywhere"
	var place *secret.Error
	if _, err := secret.Find(ctx, secret.Places(o)...); !errors.As(err, &place) {
		t.Errorf("a key_command that fails: %v", err)
	}
}

func TestChoices(t *testing.T) {
	t.Parallel()
	files := secret.NewKeyFile(keyDir(t))
	for name, tc := range map[string]struct {
		o      secret.KeyringOptions
		reason secret.Reason
		usable bool
		says   string
	}{
		"ready":             {alone(), "", true, ""},
		"locked, at a desk": {atDesk(nil), secret.Locked, true, "It is locked"},
		"locked, alone":     {alone(), secret.Locked, false, "The keyring is locked. Unlock it"},
		"no bus":            {atDesk(nil), secret.NoBus, false, "no session bus"},
	} {
		m := &memory{}
		choices := secret.Choices(context.Background(), secret.KeyringWith(tc.o, because(tc.reason), m), files)
		if len(choices) != 2 || choices[0].ID != secret.StoreKeyring || choices[1].ID != secret.StoreFile {
			t.Fatalf("%s: %+v", name, choices)
		}
		ring, file := choices[0], choices[1]
		if (ring.Unavailable == "") != tc.usable || !strings.Contains(ring.What+ring.Unavailable, tc.says) {
			t.Errorf("%s: %+v", name, ring)
		}
		if file.Unavailable != "" || file.Store != secret.Store(files) || ring.Store == nil {
			t.Errorf("%s: %+v", name, file)
		}
		if len(m.called()) != 0 {
			t.Errorf("%s: the library was called: %v", name, m.called())
		}
	}
	homeless := secret.Choices(context.Background(), secret.KeyringWith(alone(), fine, &memory{}), secret.NewKeyFile(""))
	if homeless[1].Unavailable == "" {
		t.Error("a file without a folder is offered")
	}
}

// securityCommand makes the error that the library passes on from security(1):
// the test binary ends with that code.
