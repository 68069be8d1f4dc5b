package secret_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/config/secret"
)

var account = secret.Account{Profile: "work", Origin: "https://api.dashtray.test"}

// memory is a keyring library that works, but for what a test replaces.
type memory struct {
	mu    sync.Mutex
	items map[string]string
	calls []string
	get   func() (string, error)
	set   func(password string) error
}

func (m *memory) call(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, name)
}

func (m *memory) called() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.calls)
}

func (m *memory) Get(service, user string) (string, error) {
	m.call("get")
	if m.get != nil {
		return m.get()
	}
	v, ok := m.items[service+" "+user]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return v, nil
}

func (m *memory) Set(service, user, password string) error {
	m.call("set")
	if m.set != nil {
		return m.set(password)
	}
	if m.items == nil {
		m.items = map[string]string{}
	}
	m.items[service+" "+user] = password
	return nil
}

func (m *memory) Delete(service, user string) error {
	m.call("delete")
	if _, ok := m.items[service+" "+user]; !ok {
		return keyring.ErrNotFound
	}
	delete(m.items, service+" "+user)
	return nil
}

func fine(context.Context, bool) secret.Reason { return "" }

func because(r secret.Reason) func(context.Context, bool) secret.Reason {
	return func(context.Context, bool) secret.Reason { return r }
}

// atDesk is a person with a display; alone is a cron job.
func atDesk(notice func(string)) secret.KeyringOptions {
	return secret.KeyringOptions{Attended: true, Env: env(map[string]string{"DISPLAY": ":0"}), Notice: notice}
}

func alone() secret.KeyringOptions { return secret.KeyringOptions{Env: env(nil)} }

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
	k, files := secret.KeyringWith(alone(), fine, m), secret.NewKeyFile(t.TempDir())
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

func TestASilentKeyringIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		o    secret.KeyringOptions
		want time.Duration
	}{
		{"nobody there", alone(), 3 * time.Second},
		{"somebody without a display", secret.KeyringOptions{Attended: true, Env: env(nil)}, 3 * time.Second},
		{"somebody", atDesk(nil), time.Minute},
	} {
		for _, silent := range []string{"library", "bus"} {
			t.Run(tc.name+", silent "+silent, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					released := make(chan struct{})
					defer close(released)
					m := &memory{get: func() (string, error) { <-released; return "dk_late", nil }}
					look := fine
					if silent == "bus" {
						look = func(context.Context, bool) secret.Reason { <-released; return "" }
					}
					k := secret.KeyringWith(tc.o, look, m)
					start := time.Now()
					_, set, err := k.Get(t.Context(), account)
					if set || secret.ReasonOf(err) != secret.TimedOut || time.Since(start) != tc.want {
						t.Errorf("set %v, %v after %s; want timed out after %s", set, err, time.Since(start), tc.want)
					}
					// It is not asked again, and so costs no more time.
					asked := len(m.called())
					if err := k.Put(t.Context(), account, client.NewKey("dk_x")); secret.ReasonOf(err) != secret.TimedOut {
						t.Errorf("the next question: %v", err)
					}
					if err := k.Probe(t.Context()); secret.ReasonOf(err) != secret.TimedOut {
						t.Errorf("a probe: %v", err)
					}
					if time.Since(start) != tc.want || len(m.called()) != asked {
						t.Errorf("it was asked again: %v, %s", m.called(), time.Since(start))
					}
				})
			})
		}
	}
}

func TestNothingIsStoredOnceNobodyWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		released := make(chan struct{})
		m := &memory{}
		k := secret.KeyringWith(alone(), func(context.Context, bool) secret.Reason { <-released; return "" }, m)
		err := k.Put(t.Context(), account, client.NewKey("dk_x"))
		if secret.ReasonOf(err) != secret.TimedOut {
			t.Errorf("got %v", err)
		}
		close(released)
		synctest.Wait()
		if len(m.called()) != 0 {
			t.Errorf("the library was called: %v", m.called())
		}
	})
}

func TestEscLeavesTheKeyringAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		released := make(chan struct{})
		var hung bool
		m := &memory{items: map[string]string{"dashtray-tui work@api.dashtray.test": "dk_x"}}
		m.get = func() (string, error) {
			if !hung {
				hung = true
				<-released
			}
			return "dk_x", nil
		}
		k := secret.KeyringWith(atDesk(nil), fine, m)
		why := errors.New("another way was chosen")
		ctx, cancel := context.WithCancelCause(t.Context())
		start := time.Now()
		time.AfterFunc(5*time.Second, func() { cancel(why) })
		if _, _, err := k.Get(ctx, account); !errors.Is(err, why) || time.Since(start) != 5*time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		if _, err := secret.Find(ctx, secret.Places(withRing(k))...); !errors.Is(err, why) {
			t.Errorf("the search went on: %v", err)
		}
		close(released)
		synctest.Wait()
		// To leave is no failure of the keyring: it can be asked again.
		if _, set, err := k.Get(t.Context(), account); !set || err != nil {
			t.Errorf("the next question: set %v, %v", set, err)
		}
	})
}

func withRing(k *secret.Keyring) secret.Options {
	return secret.Options{Env: env(nil), Account: account, Keyring: k}
}

func TestThePersonIsToldWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		make   func(notice func(string)) secret.KeyringOptions
		reason secret.Reason
		takes  time.Duration
		want   []string // a word of each notice
	}{
		{"at once", atDesk, "", 0, nil},
		{"slow", atDesk, "", 2 * time.Second, []string{"Waiting"}},
		{"locked", atDesk, secret.Locked, 0, []string{"locked"}},
		{"locked and slow", atDesk, secret.Locked, 2 * time.Second, []string{"locked", "Waiting"}},
		{"nobody there", func(n func(string)) secret.KeyringOptions {
			return secret.KeyringOptions{Env: env(nil), Notice: n}
		}, "", 2 * time.Second, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var notices []string
				o := tc.make(func(s string) {
					mu.Lock()
					defer mu.Unlock()
					notices = append(notices, s)
				})
				m := &memory{get: func() (string, error) { time.Sleep(tc.takes); return "dk_x", nil }}
				if _, _, err := secret.KeyringWith(o, because(tc.reason), m).Get(t.Context(), account); err != nil {
					t.Fatal(err)
				}
				if len(notices) != len(tc.want) {
					t.Fatalf("told %q, want %q", notices, tc.want)
				}
				for i, word := range tc.want {
					if !strings.Contains(notices[i], word) {
						t.Errorf("told %q, want %q", notices[i], word)
					}
				}
			})
		})
	}
}

func TestALockedKeyring(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	refused := func() (string, error) { return "", errors.New("failed to unlock correct collection") }

	m := &memory{get: refused}
	k := secret.KeyringWith(alone(), because(secret.Locked), m)
	if _, _, err := k.Get(ctx, account); secret.ReasonOf(err) != secret.Locked || k.CanUnlock() || len(m.called()) != 0 {
		t.Errorf("nobody there: %v, the library was called: %v", err, m.called())
	}

	m = &memory{}
	k = secret.KeyringWith(atDesk(nil), because(secret.Locked), m)
	if err := k.Probe(ctx); secret.ReasonOf(err) != secret.Locked || !k.CanUnlock() || len(m.called()) != 0 {
		t.Errorf("a probe: %v, the library was called: %v", err, m.called())
	}
	if _, set, err := k.Get(ctx, account); set || err != nil {
		t.Errorf("unlocked by the person, without the key: set %v, %v", set, err)
	}

	m = &memory{get: refused}
	k = secret.KeyringWith(atDesk(nil), because(secret.Locked), m)
	for range 2 {
		if _, _, err := k.Get(ctx, account); secret.ReasonOf(err) != secret.Locked {
			t.Errorf("the person said no: %v", err)
		}
	}
	if got := m.called(); len(got) != 1 {
		t.Errorf("the person was asked again: %v", got)
	}
	// To choose the keyring for a new key is to be asked once more.
	m.get = nil
	if err := k.Put(ctx, account, client.NewKey("dk_x")); err != nil {
		t.Errorf("the person said yes: %v", err)
	}
	if _, set, err := k.Get(ctx, account); !set || err != nil {
		t.Errorf("after that: set %v, %v", set, err)
	}
}

func TestOnlyAPersonAtAScreenHasTheKeyringStarted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		o    secret.KeyringOptions
		want bool
	}{
		"cron":               {alone(), false},
		"cron and DISPLAY":   {secret.KeyringOptions{Env: env(map[string]string{"DISPLAY": ":0"})}, false},
		"SSH":                {secret.KeyringOptions{Attended: true, Env: env(nil)}, false},
		"a desk":             {atDesk(nil), true},
		"a desk and Wayland": {secret.KeyringOptions{Attended: true, Env: env(map[string]string{"WAYLAND_DISPLAY": "wayland-0"})}, true},
	} {
		var got bool
		k := secret.KeyringWith(tc.o, func(_ context.Context, start bool) secret.Reason { got = start; return "" }, &memory{})
		if err := k.Probe(context.Background()); err != nil || got != tc.want && secret.NeedsDisplay {
			t.Errorf("%s: start %v, %v; want %v", name, got, err, tc.want)
		}
	}
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
	files := secret.NewKeyFile(t.TempDir())
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
