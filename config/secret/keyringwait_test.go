package secret_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/config/secret"
)

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

// TestManyAskASilentKeyringAtOnce: they wait together, and not one after the other.
func TestManyAskASilentKeyringAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		released := make(chan struct{})
		defer close(released)
		m := &memory{get: func() (string, error) { <-released; return "dk_late", nil }}
		k := secret.KeyringWith(alone(), fine, m)
		start := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, set, err := k.Telling(nil).Get(t.Context(), account); set || secret.ReasonOf(err) != secret.TimedOut {
					t.Errorf("set %v, %v", set, err)
				}
			})
		}
		all.Wait()
		if took, asked := time.Since(start), len(m.called()); took != 3*time.Second || asked != 1 {
			t.Errorf("it took %s, and the library was asked %d times", took, asked)
		}
	})
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

// Whoever chooses the file for a key, since the keyring is locked, must not be
// asked for the keyring's password, nor wait a minute for it.
func TestRemovingIfOpenAsksNobody(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := &memory{items: map[string]string{"dashtray-tui work@api.dashtray.test": "dk_x"}}
	locked := true
	k := secret.KeyringWith(atDesk(func(s string) { t.Errorf("the person was told %q", s) }), func(context.Context, bool) secret.Reason {
		if locked {
			return secret.Locked
		}
		return ""
	}, m)
	if removed, err := k.RemoveIfOpen(ctx, account); removed || secret.ReasonOf(err) != secret.Locked || len(m.called()) != 0 {
		t.Errorf("locked: removed %v, %v, the library was called: %v", removed, err, m.called())
	}
	locked = false
	for _, want := range []bool{true, false} {
		if removed, err := k.RemoveIfOpen(ctx, account); removed != want || err != nil {
			t.Errorf("open: removed %v, %v; want %v", removed, err, want)
		}
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
