package plain

import (
	"context"
	"errors"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// enter comes to the key of a profile and works with it from then on. With
// find a stored key is looked for first. It ends with nil or with a wish to be
// elsewhere.
func (c *console) enter(ctx context.Context, profile string, find bool) error {
	d := &door{c: c, profile: profile}
	if find {
		if err := d.find(ctx); err == nil || !errors.Is(err, errBack) {
			return err
		}
	}
	return d.ways(ctx)
}

// door is the way to one profile's key.
type door struct {
	c       *console
	profile string
}

// open does what gives an account and works with it. errBack means that there
// is none; why has been told.
func (d *door) open(ctx context.Context, doing string, demo bool, f func(context.Context, func(string)) (tui.Account, error)) error {
	c := d.c
	var opened tui.Account
	err := c.await(ctx, doing, func(ctx context.Context, notice func(string)) (err error) {
		opened, err = f(ctx, notice)
		return err
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case isWay(err):
		return err
	case err != nil:
		c.noKey(err)
		return errBack
	}
	return c.welcome(ctx, opened, d.profile, demo)
}

// isWay reports whether an error is a wish of the person, or the end of the input.
func isWay(err error) bool {
	return errors.Is(err, errBack) || errors.Is(err, errQuit) || errors.Is(err, errEnd)
}

// noKey tells of an error; that there is no key yet is none.
func (c *console) noKey(err error) {
	if message.Of(err).Code == message.NoKey {
		what, _ := c.d.Message(err)
		c.out.line(safeLong(what))
		return
	}
	c.failed(err)
}

func (d *door) find(ctx context.Context) error {
	return d.open(ctx, "Looking for the API key"+d.ofProfile()+".", false, func(ctx context.Context, notice func(string)) (tui.Account, error) {
		return d.c.d.Accounts.Open(ctx, d.profile, notice)
	})
}

func (d *door) demo(ctx context.Context) error {
	demo := &door{c: d.c}
	err := demo.open(ctx, "Opening the demo.", true, func(ctx context.Context, _ func(string)) (tui.Account, error) {
		return d.c.d.Accounts.Demo(ctx)
	})
	if err == nil {
		d.c.out.line("This is the demo: nothing leaves this machine.")
	}
	return err
}

// ofProfile names the profile, if it has a name to show.
func (d *door) ofProfile() string {
	if d.profile == "" {
		return ""
	}
	return " of the profile " + safe(d.profile)
}

// ways asks how to come to a key, until there is one.
func (d *door) ways(ctx context.Context) error {
	var items []item
	if d.c.d.ReadHidden != nil {
		items = append(items, item{"Type or paste an API key; it stays hidden", d.typeKey})
	}
	items = append(items,
		item{"Look around in the demo, without a key", d.demo},
		item{"Look for a stored key again", d.find},
	)
	if d.c.cur == nil {
		items = append(items, item{"Choose another profile", d.c.profiles})
	}
	m := menu{title: "An API key" + d.ofProfile() + " is needed.", first: d.c.cur == nil, help: d.help()}
	for {
		if done, err := d.c.pick(ctx, m, items); done || err != nil {
			return err
		}
	}
}

func (d *door) help() []string {
	h := []string{
		"Make a key in Dashtray: Settings, then API keys.",
		"Its owner has to be an owner or editor of the project: viewers cannot export.",
		"The key is checked first; then you choose where it is kept.",
	}
	if d.c.d.ReadHidden == nil {
		h = append(h, "No key can be typed here, since the input is no terminal. Log in with: dashtray-tui auth login.")
	}
	return h
}

// typeKey asks for a key, has it checked, and asks where to keep it.
func (d *door) typeKey(ctx context.Context) error {
	c := d.c
	for _, h := range d.help() {
		c.out.line(h)
	}
	typed, err := c.hidden(ctx, "Paste the key and press Enter; nothing is shown. Enter alone goes back:", d.help())
	if err != nil {
		return err
	}
	key := client.NewKey(typed)
	var project client.Project
	var places []tui.Place
	err = c.await(ctx, "Asking the API about the key.", func(ctx context.Context, _ func(string)) (err error) {
		if project, err = c.d.Accounts.Check(ctx, d.profile, key); err == nil {
			places = c.d.Accounts.Places(ctx)
		}
		return err
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case isWay(err):
		return err
	case errors.Is(err, client.ErrUnauthorized):
		c.out.line("Error: The API refused this key: it is mistyped, was deleted, or belongs to another address.")
		return errBack
	case err != nil:
		c.failed(err)
		return errBack
	}
	good := "The key is good."
	if name := safe(project.Name.Raw()); name != "" {
		good = "The key is good. Its project is " + name + "."
	}
	c.out.line(good)
	return d.keep(ctx, key, places)
}

// keep asks where the key shall be kept, and opens the account with it.
func (d *door) keep(ctx context.Context, key client.Key, places []tui.Place) error {
	session := tui.Place{Name: "this session only", What: "It is forgotten when the program ends."}
	var usable []tui.Place
	m := menu{title: "Where should the key be kept?", help: []string{"A key that is kept is found by itself at the next start."}}
	for _, p := range places {
		switch {
		case p.ID == "":
			session = p
		case p.Unavailable == "":
			usable = append(usable, p)
		default:
			d.c.out.line("Not possible here: " + safe(p.Name) + ". " + safeLong(p.Unavailable))
		}
	}
	usable = append(usable, session)
	for _, p := range usable {
		m.items = append(m.items, capital(safe(p.Name))+". "+safeLong(p.What))
	}
	for {
		n, err := d.c.choose(ctx, m)
		if err != nil {
			return err
		}
		place := usable[n]
		err = d.open(ctx, "", false, func(ctx context.Context, _ func(string)) (tui.Account, error) {
			return d.c.d.Accounts.Keep(ctx, d.profile, place.ID, key)
		})
		if !errors.Is(err, errBack) {
			switch {
			case err == nil && place.ID == "":
				d.c.out.line("The key is kept for this session only.")
			case err == nil:
				d.c.out.line("The key is kept in " + safe(place.Name) + ".")
			}
			return err
		}
	}
}

// welcome works with an account from now on, and keeps those that were open.
func (c *console) welcome(ctx context.Context, opened tui.Account, asked string, demo bool) error {
	a := &account{left: map[job.Ref]bool{}}
	known := false
	for _, o := range c.open {
		if o.Jobs == opened.Jobs {
			a, known = o, true
		}
	}
	if !known {
		c.open = append(c.open, a)
	}
	a.Account, a.asked, a.demo = opened, asked, demo || (opened.Profile == "" && opened.Label != "")
	if a.ShellCommand == nil {
		a.ShellCommand = func(job.Spec) string { return "" }
	}
	c.cur = a
	var project client.Project
	err := c.await(ctx, "", func(ctx context.Context, _ func(string)) (err error) {
		project, err = a.Jobs.Project(ctx)
		return err
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil:
		a.project = project
	case isWay(err) && !errors.Is(err, errBack):
		return err
	}
	c.out.line(a.where())
	return nil
}

// where says whose exports these are.
func (a *account) where() string {
	s := "The project's name is not known"
	if name := safe(a.project.Name.Raw()); name != "" {
		s = "The project is " + name
	}
	if p := safe(a.Profile); p != "" {
		s += ", the profile " + p
	}
	if l := safe(a.Label); l != "" {
		s += " (" + l + ")"
	}
	if k := safe(a.KeyFrom); k != "" {
		s += ". The key is from " + k
	}
	return s + "."
}
