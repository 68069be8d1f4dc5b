package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// serving is the flags of serve.
type serving struct {
	listen, authorizedKeys, hostKey string
	restricted                      bool
}

// defaultListen is an address that nobody outside of the machine reaches.
const defaultListen = "127.0.0.1:2222"

func (a *app) serveCommand() *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the console over SSH to people without an account on this machine",
		Long: "Serve the console over SSH, until a signal ends it: colleagues type\n" +
			"ssh -p 2222 HOST, and have the console of this profile without ever seeing its\n" +
			"key. Files come with sftp -P 2222 HOST or scp. Only this machine is listened to\n" +
			"unless --listen says otherwise.\n\n" +
			"Who may in stands in a file of public keys, as OpenSSH's authorized_keys:\n" +
			"  role=operator,name=\"Ada\" ssh-ed25519 AAAA…\n" +
			"  cert-authority,role=viewer,principals=\"dashtray\" ssh-ed25519 AAAA…\n" +
			"A viewer (the role of a line without one) sees exports and how jobs stand; an\n" +
			"operator makes, downloads and fetches them; an admin changes profiles and sees\n" +
			"who is connected. from=\"10.0.0.0/8\" and expiry-time=\"20270101\" work as with\n" +
			"OpenSSH. The file is read anew when it changes, and whose line is gone is out.\n\n" +
			"The host key is made on the first start; serve host-key shows it, and replaces it\n" +
			"so that nobody is asked. What people do is written into an audit log, which\n" +
			"serve audit verify checks.\n\n" +
			"--restricted serves one session on this terminal, for OpenSSH's own server:\n" +
			"  command=\"DASHTRAY_ROLE=operator DASHTRAY_NAME=Ada dashtray-tui serve --restricted\",restrict,pty ssh-ed25519 AAAA…\n" +
			"Without DASHTRAY_ROLE it is a viewer's. Its sftp works, too. Do not let AcceptEnv\n" +
			"in sshd_config take DASHTRAY_ variables: the client would say who it is. With\n" +
			"ExposeAuthInfo yes there the audit log has the fingerprint of the key, too.",
		Example: "  dashtray-tui serve\n" +
			"  dashtray-tui serve --listen 10.1.2.3:2222 --authorized-keys /etc/dashtray-tui/authorized_keys",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.restricted {
				for _, other := range []string{"listen", "authorized-keys", "host-key", "json"} {
					if cmd.Flags().Changed(other) {
						return usageError(cmd, "--restricted serves one session on this terminal: --%s does not go with it.", other)
					}
				}
				return a.serveRestricted(cmd)
			}
			return a.serve(cmd, s)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	word(f, &s.listen, "listen", defaultListen, "HOST:PORT", "listen there; without HOST on every address of the machine")
	word(f, &s.authorizedKeys, "authorized-keys", "", "FILE", "who may in, if not authorized_keys in the settings folder")
	word(f, &s.hostKey, "host-key", "", "FILE", "the server's key, if not the one in the state folder")
	f.BoolVar(&s.restricted, "restricted", false, "serve one session on this terminal, behind OpenSSH's command=")
	cmd.AddCommand(a.serveAuditCommand(), a.serveHostKeyCommand())
	return cmd
}

// servePaths are the files of the server.
type servePaths struct{ keys, hostKey, audit string }

func (a *app) servePaths(s serving) (servePaths, error) {
	folders, err := a.folders()
	if err != nil {
		return servePaths{}, err
	}
	state := folders.State
	if a.demo {
		state = folders.Demo()
	}
	p := servePaths{
		keys: s.authorizedKeys, hostKey: s.hostKey, audit: filepath.Join(state, "serve", "audit.jsonl"),
	}
	if p.keys == "" {
		p.keys = filepath.Join(folders.Config, "authorized_keys")
	}
	if p.hostKey == "" {
		p.hostKey = filepath.Join(state, "serve", "host_ed25519_key")
	}
	return p, nil
}

// serve serves until ctx ends. Everything that can be wrong is found before the
// first connection.
func (a *app) serve(cmd *cobra.Command, s serving) (err error) {
	ctx := cmd.Context()
	paths, err := a.servePaths(s)
	if err != nil {
		return err
	}
	keys, err := sshd.ReadKeys(paths.keys)
	if err != nil {
		return noKeysFile(paths.keys, err)
	}
	hostKeys, fresh, err := sshd.OpenHostKeys(paths.hostKey)
	if err != nil {
		return noHostKey(err)
	}
	audit, err := sshd.OpenAudit(paths.audit, a.Now, sshd.AuditSize)
	if err != nil {
		return noAudit(err)
	}
	defer func() { err = errors.Join(err, audit.Close()) }()
	a.logToErr()
	host, err := a.openHost(ctx, audit.Record)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, host.Close()) }()
	listener, err := a.serveListener(cmd, s.listen)
	if err != nil {
		return err
	}
	server := sshd.New(sshd.Options{
		HostKeys: hostKeys, Keys: keys, Console: host.console, History: host.runHistory,
		Files:  sshd.Files{Folder: host.folder, Finished: host.finished},
		Record: audit.Record, Version: version, Now: a.Now, Log: a.log,
	})
	host.sessions = server.Sessions
	doc := serveDocument{
		Address: listener.Addr().String(), Fingerprint: hostKeys.Keys()[0].Fingerprint(), HostKey: paths.hostKey,
		AuthorizedKeys: paths.keys, Keys: keys.Len(), AuditLog: paths.audit, Folder: host.folder,
	}
	if err := a.sayServing(doc, fresh); err != nil {
		return errors.Join(err, listener.Close())
	}
	a.onScreen = true // from now on others are told, in the log
	if err = server.Serve(ctx, listener); ctx.Err() != nil {
		return &message.Error{
			Message: message.Message{
				Code: message.Interrupted, Text: "The server was stopped; what arrived is kept.",
				Hint: "Start it again: a download that is asked for again goes on where it stopped.",
			},
			Err: context.Cause(ctx),
		}
	}
	return fmt.Errorf("serve the console: %w", err)
}

// serveDocument is the first line on standard output with --json.
type serveDocument struct {
	Address        string `json:"address"`
	Fingerprint    string `json:"fingerprint"`
	HostKey        string `json:"hostKey"`
	AuthorizedKeys string `json:"authorizedKeys"`
	Keys           int    `json:"keys"`
	AuditLog       string `json:"auditLog"`
	Folder         string `json:"folder"`
}

// sayServing tells where to go, and by what to know that one is there.
func (a *app) sayServing(doc serveDocument, fresh bool) error {
	if a.json {
		line, err := json.Marshal(doc)
		if err == nil {
			_, err = fmt.Fprintf(a.Out, "%s\n", line)
		}
		if err != nil {
			return unwritable(err)
		}
		return nil
	}
	if a.quiet {
		return nil
	}
	made := ""
	if fresh {
		made = ", made just now"
	}
	_, _ = fmt.Fprintf(a.Err, "Serving on %s to %s of %s.\nThe host key is %s%s.\nExports are in %s, the audit log is %s.\n",
		doc.Address, component.Plural(int64(doc.Keys), "key"), clean(doc.AuthorizedKeys), doc.Fingerprint, made, clean(doc.Folder), clean(doc.AuditLog))
	return nil
}

func clean(path string) string { return text.Untrusted(path).Safe() }

// serveListener is systemd's socket where there is one, else one of our own.
func (a *app) serveListener(cmd *cobra.Command, addr string) (net.Listener, error) {
	given, err := sshd.Activated(a.Env, os.Getpid())
	if err != nil {
		return nil, message.New(message.Usage, "The socket that systemd handed over cannot be used: "+clean(err.Error())+".",
			"Look at the socket unit: it has one ListenStream= and Accept=no.")
	}
	if given != nil {
		return given, nil
	}
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return nil, usageError(cmd, "--listen is HOST:PORT, such as %s, not %q.", defaultListen, addr)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(cmd.Context(), "tcp", addr)
	if err != nil {
		return nil, &message.Error{
			Message: message.Message{
				Code: message.Network,
				Text: fmt.Sprintf("The server cannot listen on %s: %s.", clean(addr), clean(innermost(err).Error())),
				Hint: "Give another address or port with --listen.",
			},
			Err: err,
		}
	}
	return l, nil
}

func noKeysFile(path string, err error) error {
	m := message.Message{
		Code: message.Config, Text: sentenceCase(clean(err.Error())) + ".",
		Hint: "Correct the file: each line is role=viewer, role=operator or role=admin, and a public key.",
	}
	if errors.Is(err, os.ErrNotExist) {
		m.Text = fmt.Sprintf("There is no file of keys %q, so nobody could log in.", clean(path))
		m.Hint = "Put a line for each person there, such as: role=operator,name=\"Ada\" ssh-ed25519 AAAA…"
	}
	return &message.Error{Message: m, Err: err}
}

func noHostKey(err error) error {
	return &message.Error{
		Message: message.Message{
			Code: message.Config, Text: sentenceCase(clean(err.Error())) + ".",
			Hint: "Mend it, or move it away: then a new one is made, and everybody's client will ask.",
		},
		Err: err,
	}
}

func noAudit(err error) error {
	m := message.Message{
		Code: message.Disk, Text: sentenceCase(clean(err.Error())) + ".",
		Hint: "Nothing is served that cannot be written down: see to its folder and its mode.",
	}
	if errors.Is(err, sshd.ErrBroken) {
		m.Code, m.Hint = message.Invalid, "Keep the file for whoever looks into it, and move it away: then a new one is begun."
	}
	return &message.Error{Message: m, Err: err}
}
