package secret_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/config/secret"
)

func TestAKeyIsStoredFoundAndRemoved(t *testing.T) {
	t.Parallel()
	ctx, m := context.Background(), &memory{}
	k := secret.KeyringWith(alone(), fine, m)
	if _, set, err := k.Get(ctx, account); set || err != nil {
		t.Errorf("an empty keyring: set %v, %v", set, err)
	}
	key := client.NewKey("dk_kept")
	if err := k.Put(ctx, account, key); err != nil {
		t.Fatal(err)
	}
	if m.items["dashtray-tui work@api.dashtray.test"] != "dk_kept" {
		t.Errorf("the keyring has other entries: %d of them", len(m.items))
	}
	found, set, err := k.Get(ctx, account)
	if err != nil || !set || !found.Key.Equal(key) || found.Place != "the keyring" {
		t.Errorf("set %v, place %q, %v", set, found.Place, err)
	}
	other := secret.Account{Profile: "work", Origin: "https://api.other.test"}
	if _, set, err := k.Get(ctx, other); set || err != nil {
		t.Errorf("another origin has a key: %v, %v", set, err)
	}
	for i, want := range []bool{true, false} {
		if removed, err := k.Remove(ctx, account); removed != want || err != nil {
			t.Errorf("removal %d: %v, %v; want %v", i+1, removed, err, want)
		}
	}
}

func TestWhatAKeyringHoldsIsCleanedOrRefused(t *testing.T) {
	t.Parallel()
	for held, want := range map[string]error{
		"dk_x\n": nil, " Bearer dk_x\r\n": nil, "\ufeffdk_x": nil,
		"": secret.ErrEmpty, "dk\x1b[2J": secret.ErrMalformed, strings.Repeat("k", secret.MaxBytes+1): secret.ErrTooLong,
	} {
		k := secret.KeyringWith(alone(), fine, &memory{get: func() (string, error) { return held, nil }})
		found, set, err := k.Get(context.Background(), account)
		var place *secret.Error
		switch {
		case want == nil && (err != nil || !found.Key.Equal(client.NewKey("dk_x"))):
			t.Errorf("%.20q: %v", held, err)
		case want != nil && (!errors.Is(err, want) || !errors.As(err, &place) || !set):
			t.Errorf("%.20q: got %v, want %v", held, err, want)
		}
	}
}

func TestNoKeyringGetsWhatIsNoKey(t *testing.T) {
	t.Parallel()
	m := &memory{}
	k, files := secret.KeyringWith(alone(), fine, m), secret.NewKeyFile(keyDir(t))
	for _, store := range []secret.Store{k, files} {
		for raw, want := range map[string]error{
			"":                                      secret.ErrEmpty,
			strings.Repeat("k", secret.MaxStored+1): secret.ErrTooLong,
			"dk_a\nadd-generic-password":            secret.ErrMalformed,
			"dk_\x00":                               secret.ErrMalformed,
			"dk_ü":                                  secret.ErrMalformed,
		} {
			err := store.Put(context.Background(), account, client.NewKey(raw))
			if !errors.Is(err, want) {
				t.Errorf("%s, %.20q: got %v, want %v", store.Place(), raw, err, want)
			}
			if raw != "" && strings.Contains(err.Error(), raw) {
				t.Errorf("%s: the error repeats the key", store.Place())
			}
		}
		if err := store.Put(context.Background(), account, client.NewKey(strings.Repeat("k", secret.MaxStored))); err != nil {
			t.Errorf("%s: the longest key: %v", store.Place(), err)
		}
		for _, a := range []secret.Account{{}, {Profile: "work"}, {Origin: "https://api.dashtray.test"}, {"work", "ftp://x"}, {"work", "::"}} {
			if err := store.Put(context.Background(), a, client.NewKey("dk_x")); !errors.Is(err, secret.ErrAccount) {
				t.Errorf("%s, %+v: got %v, want ErrAccount", store.Place(), a, err)
			}
			if _, err := store.Remove(context.Background(), a); !errors.Is(err, secret.ErrAccount) {
				t.Errorf("%s, %+v: got %v, want ErrAccount", store.Place(), a, err)
			}
		}
	}
}

func TestAKeyIsReadBackAndCompared(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*memory{
		"nothing was stored":  {set: func(string) error { return nil }},
		"something else":      {get: func() (string, error) { return "dk_othe", nil }},
		"it cannot be read":   {get: func() (string, error) { return "", errors.New("no") }},
		"the answer repeats":  {set: func(p string) error { return fmt.Errorf("cannot store %s", p) }},
		"the library panics":  {set: func(string) error { panic("interface conversion") }},
		"too much for macOS":  {set: func(string) error { return keyring.ErrSetDataTooBig }},
		"an escape in a text": {set: func(string) error { return errors.New("\x1b[2Jno") }},
	} {
		k := secret.KeyringWith(alone(), fine, m)
		err := k.Put(context.Background(), account, client.NewKey("dk_secret_key"))
		if secret.ReasonOf(err) != secret.Other {
			t.Errorf("%s: got %v, want a KeyringError", name, err)
			continue
		}
		if all := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(all, "dk_secret_key") || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: the error shows what it must not", name)
		}
	}
}

func reasons() []secret.Reason {
	return []secret.Reason{
		secret.NoBus, secret.NoProvider, secret.NotRunning, secret.NoCollection, secret.Locked,
		secret.TimedOut, secret.Unsupported, secret.Denied, secret.Other,
	}
}

func TestEveryReasonHasItsSentences(t *testing.T) {
	t.Parallel()
	seen := map[string]secret.Reason{}
	for _, r := range reasons() {
		e := &secret.KeyringError{Reason: r}
		if old, ok := seen[e.Error()]; ok {
			t.Errorf("%s and %s have one sentence", r, old)
		}
		seen[e.Error()] = r
		if !strings.Contains(e.Hint(), "--store file") || !strings.HasSuffix(e.Hint(), ".") {
			t.Errorf("%s: the hint shows no way out: %q", r, e.Hint())
		}
	}
}

func securityCommand(t *testing.T, code string) error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "KEYCOMMAND=exit "+code)
	return cmd.Run()
}

func TestWhatTheLibrarySays(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		want secret.Reason
	}{
		"macOS over SSH":         {securityCommand(t, "36"), secret.Locked},
		"macOS, cancelled":       {securityCommand(t, "128"), secret.Denied},
		"macOS, wrong password":  {securityCommand(t, "51"), secret.Denied},
		"macOS, anything else":   {securityCommand(t, "1"), secret.Other},
		"a system without one":   {keyring.ErrUnsupportedPlatform, secret.Unsupported},
		"anything else":          {errors.New("no"), secret.Other},
		"not found is no fault":  {keyring.ErrNotFound, ""},
		"nothing":                {nil, ""},
		"what is known already":  {&secret.KeyringError{Reason: secret.NoBus}, secret.NoBus},
		"a wrapped not found":    {fmt.Errorf("find: %w", keyring.ErrNotFound), ""},
		"a wrapped known reason": {fmt.Errorf("look: %w", &secret.KeyringError{Reason: secret.Locked}), secret.Locked},
	} {
		if got := secret.ReasonOf(secret.Explain(tc.err)); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
