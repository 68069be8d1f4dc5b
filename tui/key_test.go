package tui_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/accountstest"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// goodKey is the key that the accounts of these tests take.
const goodKey = "dtk_live_9fQ2ZxL7mBv4TnKc1RhW8sYeUj3GaPdE5oXiVt6N"

// withAccounts runs a test of a console that comes to its project by accounts.
func withAccounts(t *testing.T, w, h int, prepare func(*tui.Deps, *accountstest.Accounts, *tuitest.Jobs), body func(t *testing.T, c console, a *accountstest.Accounts)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs := tuitest.NewJobs(time.Now)
		jobs.SetListing(listing(time.Now()), nil, 0)
		a := accountstest.New()
		a.Takes(client.NewKey(goodKey), func(profile string) tui.Account { return account(profile, jobs) })
		d := deps(nil)
		d.Jobs, d.Accounts, d.Label = nil, a, ""
		d.Message = func(err error) (string, string) {
			m := message.Of(err)
			return m.Text, m.Hint
		}
		if prepare != nil {
			prepare(&d, a, jobs)
		}
		m := tui.New(d)
		body(t, console{tuitest.Start(t, m, w, h), jobs, m}, a)
	})
}

func account(profile string, jobs *tuitest.Jobs) tui.Account {
	return tui.Account{Profile: profile, KeyFrom: "the keyring", Jobs: jobs}
}

// hasKey gives the accounts two profiles with keys: work, the default, and
// home, whose jobs are made anew.
func hasKey(_ *tui.Deps, a *accountstest.Accounts, jobs *tuitest.Jobs) {
	a.Has(tui.Profile{Name: "work", Default: true, Key: "keyring"}, account("work", jobs))
}

func TestStoredKeyLeadsToTheExports(t *testing.T) {
	withAccounts(t, 80, 24, hasKey, func(t *testing.T, c console, a *accountstest.Accounts) {
		c.Need(t, "dashtray · My SaaS App · work → Exports", "last 7 days")
		if calls := a.Calls(); len(calls) != 1 || calls[0] != "open " {
			t.Errorf("calls are %q", calls)
		}
	})
}

func TestFirstStart(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 36}, {60, 16}} {
		size := fmt.Sprintf("%dx%d", s[0], s[1])
		t.Run(size, func(t *testing.T) {
			withAccounts(t, s[0], s[1], nil, func(t *testing.T, c console, a *accountstest.Accounts) {
				c.Need(t, "→ Key", "There is no API key.", "Settings → API keys", "paste it here")
				c.Golden(t, "key_first_"+size)
				c.Type("nonsense")
				c.Need(t, "8 characters, hidden")
				c.NeedNot(t, "nonsense")
				c.Type(tuitest.Esc)
				c.Need(t, "paste it here")
				c.Paste("  Bearer " + goodKey + "\r\n")
				c.Need(t, fmt.Sprintf("%d characters, hidden", len(goodKey)))
				c.Golden(t, "key_typed_"+size)
				a.Slow(2*time.Second, "")
				c.Type(tuitest.Enter)
				c.Need(t, "Asking the API about the key…", "esc cancel")
				c.Settle(2 * time.Second)
				c.Need(t, "Its project is My SaaS App.", "Where should it be kept?", "▸ a file in the", "not here: No session bus")
				c.Golden(t, "key_places_"+size)
				c.Keys(tuitest.Down, tuitest.Down)
				c.Need(t, "▸ this session only", "forgotten")
				c.Keys(tuitest.Up, tuitest.Enter)
				c.Need(t, "Keeping the key: a file in the")
				c.Settle(2 * time.Second)
				c.Need(t, "→ Exports", "last 7 days", "The key is kept in a file in the configuration folder.")
				if calls := strings.Join(a.Calls(), ", "); !strings.HasSuffix(calls, "check , keep  in file") {
					t.Errorf("calls are %s", calls)
				}
			})
		})
	}
}

// recorded is a model whose messages and frames are written down.
type recorded struct {
	*tui.Model
	out *bytes.Buffer
}

func (r recorded) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg.(type) {
	case tea.KeyMsg, tea.PasteMsg: // these are the typing itself
	default:
		fmt.Fprintf(r.out, "%+v %#v\n", msg, msg)
	}
	_, cmd := r.Model.Update(msg)
	return r, cmd
}

func (r recorded) View() tea.View {
	v := r.Model.View()
	fmt.Fprintf(r.out, "%s\n%s\n", v.Content, v.WindowTitle)
	return v
}

// Whatever way a typed key goes, no frame, message, notice or log line has any
// four characters of it in a row.
func TestTypedKeyIsNeverShown(t *testing.T) {
	for name, way := range map[string]func(*tuitest.Term, *accountstest.Accounts){
		"typed": func(c *tuitest.Term, _ *accountstest.Accounts) {
			for _, r := range goodKey {
				c.Type(string(r))
			}
			c.Keys(tuitest.Enter, tuitest.Enter)
		},
		"pasted": func(c *tuitest.Term, _ *accountstest.Accounts) {
			c.Paste(goodKey)
			c.Keys(tuitest.Enter, tuitest.Enter)
		},
		"refused": func(c *tuitest.Term, _ *accountstest.Accounts) { c.Paste(goodKey + "x"); c.Keys(tuitest.Enter) },
		"malformed": func(c *tuitest.Term, _ *accountstest.Accounts) {
			c.Paste(goodKey + " " + goodKey)
			c.Keys(tuitest.Enter)
		},
		"given up": func(c *tuitest.Term, _ *accountstest.Accounts) {
			c.Paste(goodKey)
			c.Keys(tuitest.Tab, tuitest.Esc, "L")
		},
		"too long": func(c *tuitest.Term, _ *accountstest.Accounts) { c.Paste(strings.Repeat(goodKey, 200)) },
		"offline": func(c *tuitest.Term, a *accountstest.Accounts) {
			a.CheckFails(&client.Error{Kind: client.ErrNetwork, Err: errors.New("no route")})
			c.Paste(goodKey)
			c.Keys(tuitest.Enter, "R", tuitest.Up, "?", tuitest.Esc)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out, log bytes.Buffer
				jobs := tuitest.NewJobs(time.Now)
				a := accountstest.New()
				a.Takes(client.NewKey(goodKey), func(p string) tui.Account { return account(p, jobs) })
				d := deps(nil)
				d.Jobs, d.Accounts = nil, a
				d.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				term := tuitest.Start(t, recorded{tui.New(d), &out}, 80, 24)
				way(term, a)
				screen := term.Screen()
				term.Keys(tuitest.Tab, "L")
				everything := out.String() + log.String() + term.Raw() + screen + term.Screen()
				for i := range len(goodKey) - 4 {
					if part := goodKey[i : i+4]; strings.Contains(everything, part) {
						t.Fatalf("%q, a part of the key, is somewhere", part)
					}
				}
			})
		})
	}
}

func TestKeyIsRefused(t *testing.T) {
	withAccounts(t, 80, 24, nil, func(t *testing.T, c console, _ *accountstest.Accounts) {
		c.Type(tuitest.Enter)
		c.Need(t, "Paste the key first.")
		c.Paste("not the right one")
		c.Type(tuitest.Enter)
		c.Need(t, "That cannot be a key", "paste it here")
		c.Paste("schlüssel")
		c.Type(tuitest.Enter)
		c.Need(t, "That cannot be a key")
		c.Paste("wrong")
		c.Type(tuitest.Enter)
		c.Need(t, "The API refused this key", "paste it here")
		c.Paste(goodKey)
		c.Type(tuitest.Enter)
		c.Need(t, "Its project is My SaaS App.")
		c.Type(tuitest.Esc) // another key after all
		c.Need(t, "paste it here")
		c.NeedNot(t, "Where should it be kept?")
	})
}

func TestKeyIsCheckedAgainWithoutPasting(t *testing.T) {
	withAccounts(t, 80, 24, nil, func(t *testing.T, c console, a *accountstest.Accounts) {
		a.CheckFails(&client.Error{Kind: client.ErrNetwork, Err: errors.New("no route to the host")})
		c.Paste(goodKey)
		c.Type(tuitest.Enter)
		c.Need(t, "no route to the host", "▸ Check the same key again", "R try again")
		a.CheckFails(nil)
		c.Type("R")
		c.Need(t, "Its project is My SaaS App.")
	})
}

func TestKeyCheckIsCancelled(t *testing.T) {
	withAccounts(t, 80, 24, nil, func(t *testing.T, c console, a *accountstest.Accounts) {
		a.Slow(time.Minute, "")
		c.Paste(goodKey)
		c.Keys(tuitest.Enter, tuitest.Esc)
		c.Need(t, "paste it here")
		if calls := a.Calls(); calls[len(calls)-1] != "check : context canceled" {
			t.Errorf("calls are %q", calls)
		}
		c.Settle(2 * time.Minute)
		c.Need(t, "paste it here") // a late answer changes nothing
	})
}

func TestKeyringIsWaitedForAndLeft(t *testing.T) {
	prepare := func(d *tui.Deps, a *accountstest.Accounts, jobs *tuitest.Jobs) {
		hasKey(d, a, jobs)
		a.Slow(time.Minute, "Asking the keyring; it may show a window.")
	}
	for _, s := range [][2]int{{80, 24}, {120, 36}, {60, 16}} {
		size := fmt.Sprintf("%dx%d", s[0], s[1])
		t.Run(size, func(t *testing.T) {
			withAccounts(t, s[0], s[1], prepare, func(t *testing.T, c console, a *accountstest.Accounts) {
				c.Need(t, "Looking for the key…", "Asking the keyring; it may show a window.", "esc")
				c.Type(tuitest.Esc)
				c.Need(t, "paste it here", "Look for the stored key again", "the demo")
				c.Settle(2 * time.Minute)
				c.Need(t, "paste it here")
				if calls := a.Calls(); len(calls) != 1 || calls[0] != "open : context canceled" {
					t.Errorf("calls are %q", calls)
				}
				a.Slow(0, "")
				c.Keys(tuitest.Down, tuitest.Enter)
				c.Need(t, "→ Exports")
			})
		})
	}
	t.Run("drawn", func(t *testing.T) {
		withAccounts(t, 80, 24, func(d *tui.Deps, a *accountstest.Accounts, jobs *tuitest.Jobs) {
			prepare(d, a, jobs)
			d.ReducedMotion = true
		}, func(t *testing.T, c console, _ *accountstest.Accounts) { c.Golden(t, "key_keyring_80x24") })
	})
}

func TestKeyPlaceIsOutOfOrder(t *testing.T) {
	prepare := func(d *tui.Deps, a *accountstest.Accounts, jobs *tuitest.Jobs) {
		hasKey(d, a, jobs)
		a.Fails("", message.New(message.Internal, "The keyring answered with nonsense.", "Unlock it."))
	}
	withAccounts(t, 80, 24, prepare, func(t *testing.T, c console, a *accountstest.Accounts) {
		c.Need(t, "The keyring answered with nonsense. Unlock it.", "▸ Look for the stored key again", "R try again")
		a.Fails("", nil)
		c.Type("R")
		c.Need(t, "→ Exports", "last 7 days")
	})
}

func TestDemoFromTheKeyScreen(t *testing.T) {
	withAccounts(t, 80, 24, func(_ *tui.Deps, a *accountstest.Accounts, jobs *tuitest.Jobs) {
		a.Demos(tui.Account{Label: "demo", Jobs: jobs})
		a.Has(tui.Profile{Name: "work", Current: true}, account("work", tuitest.NewJobs(time.Now)))
	}, func(t *testing.T, c console, a *accountstest.Accounts) {
		a.Slow(3*time.Second, "")
		c.Keys(tuitest.Tab, tuitest.Enter)
		c.Need(t, "Opening the demo")
		c.Type(tuitest.Esc)
		c.Need(t, "paste it here")
		c.Keys(tuitest.Up, tuitest.Enter)
		c.Settle(3 * time.Second)
		c.Need(t, "My SaaS App · demo → Exports", "This is the demo")
		a.Slow(0, "")
		c.Type("p")
		c.Need(t, "▸ work", "enter switch to it") // the demo is none of the profiles
		c.NeedNot(t, "in use")
		c.Type(tuitest.Enter)
		c.Need(t, "work → Exports", "No exports yet")
	})
}

func TestKeyCannotBeKept(t *testing.T) {
	withAccounts(t, 80, 24, nil, func(t *testing.T, c console, a *accountstest.Accounts) {
		c.Paste(goodKey)
		c.Type(tuitest.Enter)
		a.Slow(time.Minute, "")
		c.Type(tuitest.Enter)
		c.Need(t, "Keeping the key")
		c.Type(tuitest.Esc) // the key is not lost: another place can be chosen
		c.Need(t, "Where should it be kept?")
		a.Slow(0, "")
		c.Keys(tuitest.Down, tuitest.Enter)
		c.Need(t, "→ Exports", "The key is kept for this session only.")
	})
}

// refused is a listing that the API refuses, with what this machine remembers.
func refused(jobs *tuitest.Jobs) {
	l := job.Listing{Entries: listing(time.Now()).Entries[:1]}
	jobs.SetListing(l, fmt.Errorf("list the exports: %w", &client.Error{Kind: client.ErrUnauthorized, Status: 401}), 0)
}

func TestRefusedListingAsksForAKey(t *testing.T) {
	prepare := func(d *tui.Deps, a *accountstest.Accounts, jobs *tuitest.Jobs) {
		hasKey(d, a, jobs)
		refused(jobs)
	}
	withAccounts(t, 80, 24, prepare, func(t *testing.T, c console, _ *accountstest.Accounts) {
		c.Need(t, "→ Key", "The API refused the key from the keyring.", "esc back")
		c.Golden(t, "key_refused_80x24")
		c.Type(tuitest.Esc)
		c.Need(t, "→ Exports", "last 7 days", "The server refused the API key", "K change the key", "remembers")
		c.Type("K")
		c.Need(t, "→ Key", "paste it here")
		c.jobs.SetListing(listing(time.Now()), nil, 0)
		c.Paste(goodKey)
		c.Keys(tuitest.Enter, tuitest.Enter)
		c.Need(t, "→ Exports", "1 of 4")
		c.NeedNot(t, "refused")
	})
}

// A refusal that comes while the person does something else pulls nothing away.
func TestRefusedListingLeavesTheFormAlone(t *testing.T) {
	withAccounts(t, 80, 24, hasKey, func(t *testing.T, c console, _ *accountstest.Accounts) {
		c.jobs.SetListing(job.Listing{}, &client.Error{Kind: client.ErrUnauthorized}, 5*time.Second)
		c.Keys("R", "n")
		c.Settle(6 * time.Second)
		c.Need(t, "Which format?")
		c.Type(tuitest.Esc)
		c.Need(t, "K change the key")
	})
}

func TestKeyScreenIsStill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deps(nil)
		d.Jobs, d.Accounts = nil, accountstest.New()
		m := &counted{Model: tui.New(d)}
		term := tuitest.Start(t, m, 80, 24, tea.WithFPS(1))
		term.Settle(3 * time.Second)
		m.take()
		before := term.Written()
		term.Settle(10 * time.Minute)
		if msgs, n := m.take(), term.Written()-before; len(msgs) > 0 || n > 0 {
			t.Errorf("%d bytes were written, and %v came", n, msgs)
		}
	})
}

// hostileWords are what a config file or a keyring could put into a name.
const hostileWords = "\x1b]0;owned\a\x1b[2J\u009b31m\u202egnp.exe\r\n\tnext"

func TestHostileWordsOfAccountsNeverReachTheTerminal(t *testing.T) {
	prepare := func(_ *tui.Deps, a *accountstest.Accounts, jobs *tuitest.Jobs) {
		acct := account(hostileWords, jobs)
		acct.KeyFrom, acct.Label = hostileWords, hostileWords
		a.Has(tui.Profile{Name: "work", Default: true, APIURL: "https://" + hostileWords, Key: hostileWords}, acct)
		a.Has(tui.Profile{Name: hostileWords, APIURL: hostileWords}, acct)
		a.SetPlaces(
			tui.Place{ID: "x", Name: hostileWords, What: hostileWords},
			tui.Place{ID: "y", Name: hostileWords, What: hostileWords, Unavailable: hostileWords},
		)
		a.Slow(2*time.Second, hostileWords)
		refused(jobs)
	}
	withAccounts(t, 120, 36, prepare, func(t *testing.T, c console, _ *accountstest.Accounts) {
		c.Need(t, "owned") // what is waited for is shown, as text
		c.Settle(3 * time.Second)
		c.Need(t, "The API refused the key from")
		c.Paste(goodKey)
		c.Type(tuitest.Enter)
		c.Settle(3 * time.Second)
		c.Keys(tuitest.Enter, tuitest.Esc, tuitest.Esc, tuitest.Esc)
		c.Type("p")
		c.Settle(3 * time.Second)
		c.Keys(tuitest.Down, "x", tuitest.Esc, "K", tuitest.Esc, "p")
		c.Settle(3 * time.Second)
		c.Keys(tuitest.Down, tuitest.Enter)
		raw := c.Raw()
		for _, bad := range []string{"\x1b]0;owned", "\x1b[2J\u009b", "\u009b", "\u202e"} {
			if strings.Contains(raw, bad) {
				t.Errorf("%q reached the terminal", bad)
			}
		}
	})
}
