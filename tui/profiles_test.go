package tui_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/accountstest"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// two runs a test of a console with the profiles work, in use, and shop.
func two(t *testing.T, w, h int, body func(t *testing.T, c console, a *accountstest.Accounts, shop *tuitest.Jobs)) {
	t.Helper()
	var shop *tuitest.Jobs
	withAccounts(t, w, h, func(d *tui.Deps, a *accountstest.Accounts, jobs *tuitest.Jobs) {
		hasKey(d, a, jobs)
		shop = tuitest.NewJobs(time.Now)
		p := client.Project{ID: "shop", Name: "The Shop", Slug: "shop"}
		shop.SetProject(p, nil)
		l := listing(time.Now())
		l.Project, l.Entries = p, l.Entries[2:3]
		shop.SetListing(l, nil, 0)
		a.Has(tui.Profile{Name: "shop", APIURL: "https://dashtray.shop.example/api/v1", Key: "key file"}, account("shop", shop))
	}, func(t *testing.T, c console, a *accountstest.Accounts) { body(t, c, a, shop) })
}

// toShop switches from work to shop.
func toShop(c console) { c.Keys("p", tuitest.Down, tuitest.Enter) }

func TestProfilesAreListed(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 36}, {60, 16}} {
		size := fmt.Sprintf("%dx%d", s[0], s[1])
		t.Run(size, func(t *testing.T) {
			two(t, s[0], s[1], func(t *testing.T, c console, _ *accountstest.Accounts, _ *tuitest.Jobs) {
				c.Type("p")
				c.Need(t, "Profiles", "▸ work", "in use, default", "keyring", "shop", "key file")
				c.Type(tuitest.Down)
				c.Need(t, "https://dashtray.shop.example/api/v1", "enter switch to it")
				c.Golden(t, "profiles_"+size)
				c.Type(tuitest.Esc)
				c.NeedNot(t, "Profiles")
			})
		})
	}
}

func TestSwitchingKeepsTheJobs(t *testing.T) {
	two(t, 80, 24, func(t *testing.T, c console, _ *accountstest.Accounts, shop *tuitest.Jobs) {
		ref := c.jobs.Start(job.Spec{Request: client.ExportRequest{Format: client.JSON, Range: client.Range{Name: "last_year"}}})
		c.jobs.Step(ref, job.StepCollecting)
		c.Keys("n", tuitest.Enter, tuitest.Esc, tuitest.Esc)
		toShop(c)
		c.Need(t, "The Shop · shop → Exports", "all time", "1 of 1")
		c.NeedNot(t, "collecting", "last year")

		other := shop.Start(job.Spec{ID: "exp_2"})
		shop.Step(other, job.StepGenerating)
		c.Settle(time.Second)
		c.Type("q")
		c.Need(t, "2 exports are running.")
		c.Type(tuitest.Esc)
		c.Type("p")
		c.Need(t, "1 running")
		c.Type(tuitest.Esc)

		c.jobs.Change(ref, func(s *job.Snapshot) { s.Result = &job.Result{File: "/home/u/exports/x.json"} })
		c.jobs.Step(ref, job.StepDone)
		c.Settle(time.Second)
		c.Need(t, "work: Saved and verified: /home/u/exports/x.json")

		c.Keys("p", tuitest.Home, tuitest.Enter)
		c.Need(t, "My SaaS App · work → Exports", "last year", "done")
		c.NeedNot(t, "generating")
		if c.jobs.Step(ref, job.StepDone); len(c.jobs.Calls())+len(shop.Calls()) != 0 {
			t.Errorf("switching called %q and %q", c.jobs.Calls(), shop.Calls())
		}
	})
}

// An answer to a question of the profile before is nobody's any more.
func TestSwitchingDropsLateListings(t *testing.T) {
	two(t, 80, 24, func(t *testing.T, c console, _ *accountstest.Accounts, _ *tuitest.Jobs) {
		c.jobs.SetListing(job.Listing{}, errors.New("late and wrong"), 10*time.Second)
		c.Type("R")
		toShop(c)
		c.Settle(30 * time.Second)
		c.Need(t, "The Shop · shop → Exports", "all time")
		c.NeedNot(t, "late and wrong", "My SaaS App")
	})
}

// A listing that fails because its profile was left is dropped too, and does
// not ask for a key.
func TestSwitchingDropsLateRefusals(t *testing.T) {
	two(t, 80, 24, func(t *testing.T, c console, _ *accountstest.Accounts, _ *tuitest.Jobs) {
		c.jobs.SetListing(job.Listing{}, &client.Error{Kind: client.ErrUnauthorized}, time.Second)
		c.Type("R")
		toShop(c)
		c.Settle(5 * time.Second)
		c.Need(t, "The Shop · shop → Exports")
	})
}

func TestSwitchingIsGivenUp(t *testing.T) {
	two(t, 80, 24, func(t *testing.T, c console, a *accountstest.Accounts, _ *tuitest.Jobs) {
		c.Keys("p", tuitest.Down)
		a.Slow(time.Minute, "Asking the keyring.")
		c.Type(tuitest.Enter)
		c.Need(t, "Looking for the key of the profile shop…", "Asking the keyring.")
		c.Keys(tuitest.Esc, tuitest.Esc)
		c.Need(t, "My SaaS App · work → Exports", "last 7 days")
		c.Settle(2 * time.Minute)
		c.Need(t, "work → Exports")
	})
}

func TestProfileIsAdded(t *testing.T) {
	two(t, 80, 24, func(t *testing.T, c console, a *accountstest.Accounts, _ *tuitest.Jobs) {
		c.Keys("p", "a", tuitest.Enter)
		c.Need(t, "New profile", "A name is needed.")
		c.Keys("work", tuitest.Enter)
		c.Need(t, "There is a profile of that name.")
		c.Keys("!", tuitest.Enter)
		c.Need(t, "A name has letters, digits")
		c.Keys("\x7f", "q2", tuitest.Enter) // q is text here
		c.Need(t, "The API's address?")
		c.Keys("http://far.example", tuitest.Enter)
		c.Need(t, "No key may be sent to that address")
		c.Keys(tuitest.Esc)
		c.Need(t, "A name for the profile?", "workq2")
		c.Keys(tuitest.Enter, tuitest.CtrlU)
		c.Paste(" https://two.example \n")
		c.Type(tuitest.Enter)
		c.Need(t, "→ Key", "The profile workq2 needs a key.", "An API key of the profile workq2")
		if calls := strings.Join(a.Calls(), ", "); !strings.HasSuffix(calls, "add workq2 https://two.example") {
			t.Errorf("calls are %s", calls)
		}
		c.Paste(goodKey)
		c.Keys(tuitest.Enter, tuitest.Enter)
		c.Need(t, "workq2 → Exports")
	})
}

func TestProfileCannotBeAdded(t *testing.T) {
	two(t, 80, 24, func(t *testing.T, c console, a *accountstest.Accounts, _ *tuitest.Jobs) {
		a.ChangesFail(message.New(message.Config, "The config file is read-only.", "Make it writable."))
		c.Keys("p", "a", "third", tuitest.Enter, tuitest.Enter)
		c.Need(t, "New profile", "The config file is read-only. Make it writable.")
		a.ChangesFail(nil)
		a.Slow(time.Minute, "")
		c.Type(tuitest.Enter)
		c.Need(t, "Adding third…")
		c.Type(tuitest.Esc) // nobody has to wait for the end
		c.Need(t, "▸ work")
		c.Settle(3 * time.Minute)
		c.Need(t, "▸ work", "→ Exports")
	})
}

func TestProfileIsRemoved(t *testing.T) {
	two(t, 80, 24, func(t *testing.T, c console, a *accountstest.Accounts, _ *tuitest.Jobs) {
		c.Keys("p", "x")
		c.Need(t, "This profile is in use")
		c.Keys(tuitest.Down, "x")
		c.Need(t, "Remove the profile shop?", "▸ Keep")
		c.Golden(t, "profiles_remove_80x24")
		c.Type(tuitest.Enter)
		c.Need(t, "shop") // the answer at hand changes nothing
		c.Keys("x", tuitest.Right, tuitest.Enter)
		c.NeedNot(t, "shop")
		if calls := a.Calls(); calls[len(calls)-1] != "remove shop" {
			t.Errorf("calls are %q", calls)
		}
	})
}

func TestProfileBecomesTheDefault(t *testing.T) {
	two(t, 80, 24, func(t *testing.T, c console, _ *accountstest.Accounts, _ *tuitest.Jobs) {
		c.Keys("p", "u") // it is already
		c.Type(tuitest.Down)
		c.Need(t, "in use, default", "make it the default")
		c.Type("u")
		c.NeedNot(t, "in use, default")
		c.Need(t, "default", "▸ shop")
	})
}

func TestKeyOfAProfileIsChanged(t *testing.T) {
	two(t, 80, 24, func(t *testing.T, c console, a *accountstest.Accounts, _ *tuitest.Jobs) {
		anew := tuitest.NewJobs(time.Now)
		a.Takes(client.NewKey(goodKey), func(p string) tui.Account { return account(p, anew) })
		ref := c.jobs.Start(job.Spec{ID: "exp_3"})
		c.jobs.Step(ref, job.StepTransferring)
		c.Keys("p", "K")
		c.Need(t, "An API key of the profile work")
		c.Paste(goodKey)
		c.Keys(tuitest.Enter, tuitest.Enter)
		c.Need(t, "work → Exports", "No exports yet")
		c.Type("q")
		c.Need(t, "A transfer is running.") // the one that the key before began
	})
}

func TestProfilesCannotBeRead(t *testing.T) {
	withAccounts(t, 80, 24, hasKey, func(t *testing.T, c console, a *accountstest.Accounts) {
		a.Slow(time.Minute, "")
		c.Type("p")
		c.Need(t, "Asking for the profiles…")
		c.Type("p") // and away
		a.Slow(0, "")
		c.Type("p")
		c.Settle(2 * time.Minute)
		c.Need(t, "▸ work")
	})
}

// What cannot be read, such as the profiles that the demo has none of, is not
// added to either.
func TestNothingIsAddedToProfilesThatCannotBeRead(t *testing.T) {
	withAccounts(t, 80, 24, hasKey, func(t *testing.T, c console, a *accountstest.Accounts) {
		a.ListFails(message.New(message.Usage, "There are none here.", "Look elsewhere."))
		c.Keys("p", "a")
		c.Need(t, "Profiles", "There are none here. Look elsewhere.", "esc close")
		c.NeedNot(t, "New profile", "a add")
	})
}

func TestNoProfilesWithoutAccounts(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		c.Type("p")
		c.NeedNot(t, "Profiles")
		c.Type("?")
		c.NeedNot(t, "profiles")
	})
}

func TestAccountScreensAtEverySize(t *testing.T) {
	long := strings.Repeat("漢字 and a long story ", 20)
	for name, keys := range map[string][]string{
		"asking": {"p", tuitest.Down, "K", strings.Repeat("k", 30)}, "profiles": {"p", tuitest.Down}, "adding": {"p", "a", "!", tuitest.Enter},
		"address": {"p", "a", "x", tuitest.Enter, "ftp://", tuitest.Enter}, "removing": {"p", tuitest.Down, "x"},
		"finding": {"p", tuitest.Down, tuitest.Enter}, "places": {"p", "K", goodKey, tuitest.Enter},
	} {
		t.Run(name, func(t *testing.T) {
			withAccounts(t, 80, 24, func(d *tui.Deps, a *accountstest.Accounts, jobs *tuitest.Jobs) {
				hasKey(d, a, jobs)
				a.Has(tui.Profile{Name: "shop", APIURL: "https://" + long, Key: long}, account("shop", jobs))
				a.Fails("shop", message.New(message.Network, long, long))
			}, func(t *testing.T, c console, _ *accountstest.Accounts) {
				c.Keys(keys...)
				for _, s := range sizes() {
					c.Resize(s[0], s[1])
					widest(t, c.model, s[0], s[1], name)
				}
			})
		})
	}
}
