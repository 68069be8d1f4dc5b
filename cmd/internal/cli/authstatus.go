package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/config/secret"
	"github.com/dashtray/dashtray-tui/tui/message"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Tell where the API key comes from, and whether the API takes it",
		Long: "Tell where the profile's API key comes from, whether the API takes it, and how\n" +
			"the keyring stands. The key is not shown.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.needsKey(cmd); err != nil {
				return err
			}
			return a.status(cmd.Context())
		},
	}
}

// status is what is known of a profile's key.
type status struct {
	acc     account
	found   secret.Found
	err     error          // of the search, or else of the check
	checked bool           // the API has answered
	project client.Project // with the key accepted
	ring    *secret.KeyringError
}

func (a *app) status(ctx context.Context) error {
	acc, err := a.account(a.settings, a.Env)
	if err != nil {
		return err
	}
	a.withheld(a.settings)
	s := status{acc: acc}
	s.found, s.err = a.findKey(ctx, acc, a.ring)
	if s.err == nil {
		for _, w := range s.found.Warnings {
			a.warn(w)
		}
		s.project, s.err = a.checkKey(ctx, acc, s.found.Key)
		s.checked = s.err == nil && s.project != (client.Project{}) || errors.Is(s.err, client.ErrUnauthorized)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := a.ring.Probe(ctx); err != nil && !errors.As(err, &s.ring) {
		return err
	}
	if a.json {
		err := a.printDocument(s.document(a))
		if s.err != nil {
			err = errors.Join(err, &toldError{s.err})
		}
		return err
	}
	if !a.quiet {
		if err := a.printStatus(s); err != nil {
			return err
		}
	}
	return s.err
}

func (a *app) printStatus(s status) error {
	w := &sticky{w: a.Out}
	line := func(name, value string) { w.line(name, text.Untrusted(value).Safe()) }
	line("Profile", s.acc.id.Profile)
	line("API", s.acc.settings.APIURL.Value)
	switch {
	case s.found.Place == "":
		line("Key", "none")
	case !s.checked && s.err == nil:
		line("Key", "from "+s.found.Place+"; the API has no call that would tell whether it takes it")
	case !s.checked:
		line("Key", "from "+s.found.Place+"; the API could not be asked")
	case s.err != nil:
		line("Key", "from "+s.found.Place+"; the API refuses it")
	default:
		line("Key", "from "+s.found.Place+"; the API takes it")
	}
	if s.project.Name != "" {
		line("Project", s.project.Name.Raw())
	}
	ring := "ready"
	if s.ring != nil {
		ring = strings.TrimPrefix(s.ring.Error(), "the keyring ")
	}
	line("Keyring", ring)
	if w.err != nil {
		return unwritable(w.err)
	}
	return nil
}

type statusDocument struct {
	Profile  string           `json:"profile"`
	APIURL   string           `json:"apiUrl"`
	KeyFound bool             `json:"keyFound"`
	Place    *string          `json:"place"`
	Accepted *bool            `json:"accepted"` // null: the API could not be asked, or cannot tell
	Project  *projectDocument `json:"project"`
	Keyring  ringDocument     `json:"keyring"`
	Error    *reasonDocument  `json:"error"`
	Warnings []string         `json:"warnings"`
}

type ringDocument struct {
	State   string  `json:"state"` // ready, or the reason why it cannot be used
	Message *string `json:"message"`
	Hint    *string `json:"hint"`
}

type reasonDocument struct {
	Code    message.Code `json:"code"`
	Message string       `json:"message"`
	Hint    string       `json:"hint"`
}

func (s status) document(a *app) statusDocument {
	doc := statusDocument{
		Profile: s.acc.id.Profile, APIURL: s.acc.settings.APIURL.Value,
		KeyFound: s.found.Place != "", Place: known(s.found.Place), Project: projectOf(s.project),
		Keyring: ringDocument{State: "ready"}, Warnings: append([]string{}, a.warnings...),
	}
	if s.checked {
		accepted := s.err == nil
		doc.Accepted = &accepted
	}
	if s.ring != nil {
		doc.Keyring = ringDocument{string(s.ring.Reason), known(s.ring.Error()), known(s.ring.Hint())}
	}
	if s.err != nil {
		m := message.Of(s.err)
		doc.Error = &reasonDocument{m.Code, m.Text, m.Hint}
	}
	return doc
}
