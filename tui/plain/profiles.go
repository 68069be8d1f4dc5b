package plain

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/tui"
)

// profiles lists the profiles, and switches, adds and removes them. Nil says
// that another account is worked with.
func (c *console) profiles(ctx context.Context) error {
	for {
		list, err := c.listProfiles(ctx)
		if err != nil {
			return err
		}
		var items []item
		for _, p := range list {
			items = append(items, item{c.profileWords(p), func(ctx context.Context) error { return c.profile(ctx, p) }})
		}
		items = append(items, item{"Add a profile", func(ctx context.Context) error { return c.addProfile(ctx, list) }})
		if c.cur == nil || !c.cur.demo {
			items = append(items, item{"Open the demo", (&door{c: c}).demo})
		}
		m := menu{title: "Profiles. A number leads to what can be done with one.", usualWord: "back", help: []string{
			"A profile is one project and its key. The one in use is the one whose exports are listed.",
		}}
		if len(list) == 0 {
			m.title = "There are no profiles yet."
		}
		if done, err := c.pick(ctx, m, items); done || err != nil {
			return err
		}
	}
}

func (c *console) listProfiles(ctx context.Context) ([]tui.Profile, error) {
	var list []tui.Profile
	err := c.await(ctx, "", func(ctx context.Context, _ func(string)) (err error) {
		list, err = c.d.Accounts.Profiles(ctx)
		return err
	})
	if err != nil {
		return nil, c.tried(ctx, err)
	}
	return list, nil
}

// inUse reports whether a profile is the one that is worked with. One that was
// opened without a name is the one that the accounts call so.
func (c *console) inUse(p tui.Profile) bool {
	a := c.cur
	if a == nil || a.demo {
		return false
	}
	return p.Name == a.asked || p.Name == a.Profile || (a.asked == "" && a.Profile == "" && p.Current)
}

// profileWords is a profile in one line.
func (c *console) profileWords(p tui.Profile) string {
	said := []string{safe(p.Name)}
	if c.inUse(p) {
		said = append(said, "in use")
	}
	if p.Default {
		said = append(said, "default")
	}
	for _, a := range c.open {
		if n := a.running(); n > 0 && !a.demo && (a.asked == p.Name || a.Profile == p.Name) {
			said = append(said, plural(int64(n), "job")+" running")
		}
	}
	key := "no key known"
	if k := safe(p.Key); k != "" {
		key = "key from " + k
	}
	said = append(said, key)
	if u := safe(p.APIURL); u != "" {
		said = append(said, "API at "+u)
	}
	return strings.Join(said, ", ")
}

// profile offers what can be done with one profile.
func (c *console) profile(ctx context.Context, p tui.Profile) error {
	var items []item
	if !c.inUse(p) {
		items = append(items, item{"Switch to it", func(ctx context.Context) error { return c.enter(ctx, p.Name, true) }})
	}
	items = append(items, item{"Give it another key", func(ctx context.Context) error { return c.enter(ctx, p.Name, false) }})
	if !p.Default {
		items = append(items, item{"Make it the default", func(ctx context.Context) error {
			return c.changeProfile(ctx, safe(p.Name)+" is the default now.", func(ctx context.Context) error {
				return c.d.Accounts.Use(ctx, p.Name)
			})
		}})
	}
	if !c.inUse(p) {
		items = append(items, item{"Remove it", func(ctx context.Context) error { return c.removeProfile(ctx, p) }})
	}
	done, err := c.pick(ctx, menu{title: "The profile " + safe(p.Name), help: []string{
		"Without --profile the program starts with the default profile.",
		"The profile in use cannot be removed: switch to another one before.",
	}}, items)
	if !done && err == nil {
		return errBack // something was changed, so that the list is told anew
	}
	return err
}

// changeProfile changes the settings and says so; the list of profiles follows.
func (c *console) changeProfile(ctx context.Context, said string, change func(context.Context) error) error {
	err := c.await(ctx, "", func(ctx context.Context, _ func(string)) error { return change(ctx) })
	if err == nil {
		c.out.line(said)
		return errBack
	}
	if err := c.tried(ctx, err); err != nil {
		return err
	}
	return errBack
}

func (c *console) removeProfile(ctx context.Context, p tui.Profile) error {
	n, err := c.choose(ctx, menu{
		title: "Remove the profile " + safe(p.Name) + "? Its stored key goes with it. Exports and files stay.",
		items: []string{"Keep it", "Remove it"},
		help:  []string{"The key can be used again later if it is known; this program does not keep it."},
	})
	if err != nil || n == 0 {
		return errOr(err, errBack)
	}
	return c.changeProfile(ctx, "The profile "+safe(p.Name)+" is removed.", func(ctx context.Context) error {
		return c.d.Accounts.Remove(ctx, p.Name)
	})
}

// errOr is err, or what stands for none.
func errOr(err, none error) error {
	if err != nil {
		return err
	}
	return none
}

// addProfile asks for a name and an address, and goes on to the profile's key.
func (c *console) addProfile(ctx context.Context, taken []tui.Profile) error {
	for {
		name, err := c.text(ctx, question{
			ask: "A name for the profile?", help: []string{"Letters, digits, - and _, up to 64 of them, a letter or digit first."},
			check: func(typed string) (string, string) { return typed, nameWrong(typed, taken) },
		})
		if err != nil {
			return err
		}
		address, err := c.text(ctx, question{
			ask: "The address of its API?", optional: true, usualName: "Dashtray's own",
			help:  []string{"It is needed for a Dashtray of your own or a sandbox alone, such as https://api.example.com."},
			check: func(typed string) (string, string) { return typed, addressWrong(typed) },
		})
		if errors.Is(err, errBack) {
			continue
		}
		if err != nil {
			return err
		}
		err = c.await(ctx, "", func(ctx context.Context, _ func(string)) error { return c.d.Accounts.Add(ctx, name, address) })
		if err == nil {
			c.out.line("The profile " + safe(name) + " is added. It needs a key.")
			return c.enter(ctx, name, false)
		}
		if err := c.tried(ctx, err); err != nil {
			return err
		}
	}
}

// nameWrong says why a name is none. It becomes part of file names and of the
// names of stored keys, hence so few signs.
func nameWrong(name string, taken []tui.Profile) string {
	switch {
	case !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`).MatchString(name):
		return "A name has letters, digits, - and _, up to 64 of them, and begins with a letter or digit."
	case slices.ContainsFunc(taken, func(p tui.Profile) bool { return p.Name == name }):
		return fmt.Sprintf("There is a profile %s already.", name)
	}
	return ""
}

func addressWrong(address string) string {
	if address == "" {
		return ""
	}
	if _, err := client.ParseBase(address); err != nil {
		return "No key may be sent to that address: it begins with https://, or with http:// on this machine."
	}
	return ""
}
