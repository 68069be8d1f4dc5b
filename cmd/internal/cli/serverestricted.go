package cli

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"
	"golang.org/x/term"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// serveRestricted serves one session on standard input and output, for
// OpenSSH's command=. What the client asked for stands in SSH_ORIGINAL_COMMAND:
// nothing is the console, history --json is that, and the file server is ours.
func (a *app) serveRestricted(cmd *cobra.Command) (err error) {
	ctx := cmd.Context()
	who, err := a.restrictedWho()
	if err != nil {
		return usageError(cmd, "DASHTRAY_ROLE: %v.", err)
	}
	paths, err := a.servePaths(serving{})
	if err != nil {
		return err
	}
	audit, err := sshd.OpenAudit(paths.audit, a.Now, sshd.AuditSize)
	if err != nil {
		return noAudit(err)
	}
	defer func() { err = errors.Join(err, audit.Close()) }()
	who.Session += "-" + strconv.Itoa(os.Getpid())
	rights := serve.Rights{Who: who, Record: audit.Record}
	do, err := a.restricted(rights, a.Env.Get("SSH_ORIGINAL_COMMAND"))
	if err != nil {
		return err
	}
	h, err := a.openHost(ctx, audit.Record)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	v := &sshd.Visit{Who: who}
	h.sessions = func() []serve.Session { return []serve.Session{{Who: who, Since: a.Now()}} }
	return do(ctx, h, v)
}

// restricted decides what a session is for, and whether it may be.
func (a *app) restricted(rights serve.Rights, asked string) (func(context.Context, *served, *sshd.Visit) error, error) {
	fields := strings.Fields(asked)
	switch {
	case len(fields) == 0:
		if !a.InTerminal || !a.OutTerminal {
			return nil, message.New(message.Usage, "The console needs a terminal: ssh -t.", "For files use sftp.")
		}
		return a.restrictedConsole, rights.Write(serve.Event{Action: "console", Result: serve.Done})
	case strings.Join(fields, " ") == "history --json":
		a.json = true // also of what fails
		return func(ctx context.Context, h *served, _ *sshd.Visit) error { return h.history(ctx, a.Out, a.Err) },
			rights.Write(serve.Event{Action: "history", Result: serve.Done})
	case fields[0] == "internal-sftp", path.Base(fields[0]) == "sftp-server":
		return a.restrictedFiles, rights.Allow(serve.Operator, "fetch files", serve.Event{Action: "sftp"})
	}
	refused := message.New(message.ForbiddenRole, "Refused: no command can be run here but history --json.", "For files use sftp, or scp without -O.")
	return nil, errors.Join(refused, rights.Write(serve.Event{
		Action: "exec", Object: text.Untrusted(asked).SafeN(120), Result: serve.Refused,
	}))
}

// restrictedConsole shows the console on this terminal, which it brings into
// raw mode: from there on it is a session like those of the server.
func (a *app) restrictedConsole(ctx context.Context, h *served, v *sshd.Visit) error {
	in, isFile := a.In.(*os.File)
	if !isFile {
		return message.New(message.Usage, "The console needs a terminal: ssh -t.", "For files use sftp.")
	}
	var env serve.Env
	for _, e := range a.Environ() {
		name, val, _ := strings.Cut(e, "=")
		env.Set(name, val)
	}
	fd := int(in.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return message.New(message.Usage, "This terminal cannot be used: "+clean(err.Error())+".", "Try another one.")
	}
	defer func() { _ = term.Restore(fd, before) }()
	a.onScreen = true
	sizes, stop := terminalSizes(fd)
	defer stop()
	err = h.console(ctx, v, serve.Terminal{In: a.In, Out: a.Out, Env: env, Size: terminalSize(fd), Sizes: sizes})
	var sig *signalError
	switch {
	case errors.Is(err, serve.ErrNoTerminal):
		return message.New(message.Usage, "This terminal cannot show the console: its TERM is dumb or not set.", "Set TERM to what it is.")
	case errors.As(err, &sig):
		return &message.Error{
			Message: message.Message{
				Code: message.Interrupted, Text: "The console was ended by " + signalName(sig.sig) + "; what arrived is kept.",
				Hint: "Open it again and download the export: that goes on where this stopped.",
			},
			Err: err,
		}
	case errors.Is(err, serve.ErrIdle), errors.Is(err, serve.ErrLongest):
		return nil // it was said on the screen
	}
	return err
}

func terminalSize(fd int) serve.Size {
	w, h, err := term.GetSize(fd)
	if err != nil {
		w, h = 0, 0
	}
	return serve.Clamp(uint32(max(0, w)), uint32(max(0, h)))
}

// restrictedFiles serves the files on standard input and output.
func (a *app) restrictedFiles(ctx context.Context, h *served, v *sshd.Visit) error {
	a.onScreen = true // standard error is the client's, for what concerns it
	rw := struct {
		io.Reader
		io.Writer
		io.Closer
	}{a.In, a.Out, closer{a.In}}
	return sshd.ServeFiles(ctx, rw, sshd.Files{Folder: h.folder, Finished: h.finished},
		serve.Rights{Who: v.Who, Record: h.record}, v.Does)
}

// closer ends a read of standard input, if that can be ended.
type closer struct{ r io.Reader }

func (c closer) Close() error {
	if f, ok := c.r.(io.Closer); ok {
		return f.Close()
	}
	return nil
}

// restrictedWho is who sits at a restricted session, as the line of OpenSSH's
// authorized_keys says it. The client sets none of it: what a line's command
// sets beats what a client may send.
func (a *app) restrictedWho() (serve.Who, error) {
	who := serve.Who{Session: "restricted", Name: cmp.Or(a.Env.Get("DASHTRAY_NAME"), a.Env.Get("USER"))}
	who.Key = exposedKey(a.Env.Get("SSH_USER_AUTH"))
	who.Name, who.From = text.Untrusted(who.Name).SafeN(64), text.Untrusted(a.Env.Get("SSH_CONNECTION")).SafeN(100)
	var err error
	if role := a.Env.Get("DASHTRAY_ROLE"); role != "" {
		who.Role, err = serve.ParseRole(role)
	}
	return who, err
}

// maxAuthInfo bounds what is read of how somebody was let in.
const maxAuthInfo = 64 << 10

// exposedKey is the fingerprint of the key that somebody was let in with, by
// the file in which OpenSSH's server says so (ExposeAuthInfo in
// sshd_config(5)); "" where it does not.
func exposedKey(path string) string {
	if info, err := os.Stat(path); path == "" || err != nil || !info.Mode().IsRegular() {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxAuthInfo))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		line, found := strings.CutPrefix(line, "publickey ")
		if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); found && err == nil {
			if cert, signed := key.(*ssh.Certificate); signed {
				key = cert.Key
			}
			return ssh.FingerprintSHA256(key)
		}
	}
	return ""
}
