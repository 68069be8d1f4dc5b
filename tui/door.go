package tui

import (
	"cmp"
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/screen/apikey"
)

// makeKey is the screen that comes to the key of a profile.
func (m *Model) makeKey(ctx context.Context, o nav.Open) nav.Screen {
	profile := cmp.Or(o.Profile, m.cur.asked)
	return apikey.New(apikey.Deps{
		Ctx: ctx, Accounts: door{m.d.Accounts, profile}, Theme: m.th, Keys: m.keys, Now: m.d.Now, Message: m.d.Message,
		NoKey:   func(err error) bool { return message.Of(err).Code == message.NoKey },
		Profile: profile,
	}, o.Find, o.Note)
}

// door is the accounts as the key screen of one profile sees them.
type door struct {
	accounts Accounts
	profile  string
}

func (d door) open(a Account, err error, said string) (tea.Msg, error) {
	if err != nil {
		return nil, err
	}
	return opened{asked: d.profile, account: a, said: said}, nil
}

func (d door) Find(ctx context.Context, notice func(string)) (tea.Msg, error) {
	a, err := d.accounts.Open(ctx, d.profile, notice)
	return d.open(a, err, "")
}

func (d door) Demo(ctx context.Context) (tea.Msg, error) {
	a, err := d.accounts.Demo(ctx)
	if err != nil {
		return nil, err
	}
	return opened{account: a, demo: true, said: "This is the demo: nothing leaves this machine."}, nil
}

func (d door) Check(ctx context.Context, key client.Key) (client.Project, error) {
	return d.accounts.Check(ctx, d.profile, key)
}

func (d door) Places(ctx context.Context) []Place { return d.accounts.Places(ctx) }

func (d door) Keep(ctx context.Context, place Place, key client.Key) (tea.Msg, error) {
	a, err := d.accounts.Keep(ctx, d.profile, place.ID, key)
	said := "The key is kept in " + text.Untrusted(place.Name).Safe() + "."
	if place.ID == "" {
		said = "The key is kept for this session only."
	}
	return d.open(a, err, said)
}
