package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/message"
)

func (a *app) serveHostKeyCommand() *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "host-key",
		Short: "The key by which people know the server",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError(cmd, "serve host-key takes a command: show or rotate.")
		},
	}
	word(cmd.PersistentFlags(), &s.hostKey, "host-key", "", "FILE", "the server's key, if not the one in the state folder")
	var now bool
	rotate := &cobra.Command{
		Use:   "rotate",
		Short: "Replace the key so that nobody's client asks",
		Long: "Replace the server's key in two steps, so that nobody's client asks:\n" +
			"  rotate        makes the next key. The server, without a restart, tells it to all\n" +
			"                who log in, and their OpenSSH notes it down (UpdateHostKeys).\n" +
			"  rotate --now  when all have been there, makes it the server's key. The old one\n" +
			"                is gone, also from the notes of those who log in again.\n" +
			"In between both are as they were: nothing has to be done at a certain time. A line\n" +
			"host-key.proved in the audit log is a client that has learned the next key. Who was\n" +
			"never there in between has to be told the new fingerprint, or finds it as SSHFP.",
		Example: "  dashtray-tui serve host-key rotate\n" +
			"  dashtray-tui serve host-key rotate --now",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.rotateHostKey(cmd, s, now) },
	}
	rotate.Flags().BoolVar(&now, "now", false, "make the next key the server's key")
	cmd.AddCommand(&cobra.Command{
		Use:   "show",
		Short: "Fingerprints and SSHFP records of the server's keys",
		Long: "Show the fingerprints of the server's keys, as ssh asks for them on the first\n" +
			"login, and their SSHFP records (RFC 4255) for the server's name: a client with\n" +
			"VerifyHostKeyDNS=yes finds them there, if DNSSEC vouches for them.",
		Example: "  dashtray-tui serve host-key show\n" +
			"  dashtray-tui serve host-key show --json | jq -r '.keys[0].fingerprint'",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.showHostKeys(s) },
	}, rotate)
	return cmd
}

func (a *app) showHostKeys(s serving) error {
	paths, err := a.servePaths(s)
	if err != nil {
		return err
	}
	keys, err := sshd.ReadHostKeys(paths.hostKey)
	if err != nil {
		return noHostKeyYet(paths.hostKey, err)
	}
	return a.printHostKeys(paths.hostKey, keys)
}

func (a *app) rotateHostKey(cmd *cobra.Command, s serving, now bool) error {
	paths, err := a.servePaths(s)
	if err != nil {
		return err
	}
	if now {
		return a.useNextHostKey(cmd, paths.hostKey)
	}
	next, made, err := sshd.MakeNextHostKey(paths.hostKey)
	if err != nil {
		return noHostKeyYet(paths.hostKey, err)
	}
	if made {
		a.notice("Who logs in from now on learns the next key. When all have been there: serve host-key rotate --now.")
	} else {
		a.notice(fmt.Sprintf("There is a next key since %s. When all have been there: serve host-key rotate --now.", a.minute(next.Made)))
	}
	return a.showHostKeys(s)
}

func (a *app) useNextHostKey(cmd *cobra.Command, path string) error {
	next, err := sshd.UseNextHostKey(path)
	if errors.Is(err, sshd.ErrNoNext) {
		return usageError(cmd, "There is no next key, so nobody knows it: serve host-key rotate makes one.")
	}
	if err != nil {
		return noHostKeyYet(path, err)
	}
	a.notice(fmt.Sprintf("The key is replaced. Who has not logged in since %s has to be told the new fingerprint.", a.minute(next.Made)))
	return a.printHostKeys(path, []sshd.HostKey{next})
}

// hostKeysDocument is the answer of serve host-key.
type hostKeysDocument struct {
	File string            `json:"file"`
	Keys []hostKeyDocument `json:"keys"`
}

type hostKeyDocument struct {
	State       string  `json:"state"` // current or next
	Type        string  `json:"type"`
	Fingerprint string  `json:"fingerprint"`
	SSHFP       string  `json:"sshfp"`
	PublicKey   string  `json:"publicKey"`
	MadeAt      *string `json:"madeAt"`
}

func (a *app) printHostKeys(path string, keys []sshd.HostKey) error {
	doc := hostKeysDocument{File: path}
	for i, k := range keys {
		pub := k.PublicKey()
		doc.Keys = append(doc.Keys, hostKeyDocument{
			State: []string{"current", "next"}[i], Type: pub.Type(), Fingerprint: k.Fingerprint(), SSHFP: k.SSHFP(),
			PublicKey: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(pub))), MadeAt: moment(k.Made),
		})
	}
	if a.json {
		return a.printDocument(doc)
	}
	for i, k := range doc.Keys {
		text := fmt.Sprintf("%-8s %s  %s, made %s\n         IN SSHFP %s", k.State, k.Type, k.Fingerprint, a.minute(keys[i].Made), k.SSHFP)
		if err := a.printLine(text); err != nil {
			return err
		}
	}
	return nil
}

// minute is a time as the person's clock has it.
func (a *app) minute(t time.Time) string { return t.In(a.shownZone()).Format("2006-01-02 15:04") }

func noHostKeyYet(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &message.Error{
			Message: message.Message{
				Code: message.NotFound, Text: fmt.Sprintf("There is no host key %q.", clean(path)),
				Hint: "It is made by dashtray-tui serve; for another user's, set XDG_STATE_HOME as that one has it.",
			},
			Err: err,
		}
	}
	return noHostKey(err)
}
