package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// Exit codes that a client is told.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitRefused = 4
)

// maxRequests is how many requests a session may make before it begins: a
// client sends its variables, a terminal, and what it wants.
const maxRequests = 128

// historyCommand is the one command that can be run.
const historyCommand = "history --json"

// channel is one session of a connection.
type channel struct {
	*conn
	ch     ssh.Channel
	ctx    context.Context
	stop   context.CancelCauseFunc
	visit  *Visit
	env    serve.Env
	size   serve.Size
	hasPty bool
	sizes  chan serve.Size // the newest size that was not drawn yet
	begun  bool
	work   sync.WaitGroup
}

// channel serves one session until the client closes it.
func (c *conn) channel(n ssh.NewChannel) {
	ch, reqs, err := n.Accept()
	if err != nil {
		return // the connection is gone
	}
	k := &channel{conn: c, ch: ch, sizes: make(chan serve.Size, 1)}
	k.ctx, k.stop = context.WithCancelCause(c.ctx)
	k.visit = &Visit{Who: c.who, Local: c.ssh.LocalAddr(), Ends: c.ends, id: newSession(), since: c.s.o.Now()}
	defer func() {
		if v := recover(); v != nil {
			c.s.fault("a session's requests", v)
		}
		k.stop(nil)
		_ = ch.Close()
		k.work.Wait()
		for range reqs { // until the client agrees: its place is taken until then
			continue
		}
	}()
	k.requests(reqs)
}

// requests answers the requests of a session.
func (k *channel) requests(reqs <-chan *ssh.Request) {
	early := 0
	for r := range reqs {
		k.touch()
		if !k.mayAsk() {
			return
		}
		if !k.begun {
			if early++; early > maxRequests {
				k.end(serve.ErrFlood)
				k.close()
				return
			}
		}
		ok := k.request(r)
		if r.WantReply {
			_ = r.Reply(ok, nil) // a connection that broke ends this loop
		}
		if k.begun && ok && starts(r.Type) {
			// After the reply, so that the client knows what the first bytes are.
			k.begin(r)
		}
	}
}

func starts(kind string) bool { return kind == "shell" || kind == "exec" || kind == "subsystem" }

// request judges one request (RFC 4254 section 6).
func (k *channel) request(r *ssh.Request) bool {
	switch r.Type {
	case "env":
		var v struct{ Name, Value string }
		return !k.begun && ssh.Unmarshal(r.Payload, &v) == nil && v.Name != "TERM" && k.env.Set(v.Name, v.Value)
	case "pty-req":
		return !k.begun && !k.hasPty && k.pty(r.Payload)
	case "window-change":
		var w struct{ Columns, Rows, Width, Height uint32 }
		if !k.hasPty || ssh.Unmarshal(r.Payload, &w) != nil {
			return false
		}
		k.resize(serve.Clamp(w.Columns, w.Rows))
		return true
	case "shell", "exec":
		if k.begun {
			return false
		}
		k.begun = true
		return true
	case "subsystem":
		var s struct{ Name string }
		if k.begun || ssh.Unmarshal(r.Payload, &s) != nil {
			return false
		}
		if s.Name != "sftp" {
			k.refusal("subsystem", text.Untrusted(s.Name).SafeN(40))
			return false
		}
		k.begun = true
		return true
	}
	if r.Type == "x11-req" || r.Type == "auth-agent-req@openssh.com" {
		k.unasked("forward", r.Type)
	}
	return false // signals and breaks: none of it is here
}

func (k *channel) pty(payload []byte) bool {
	var p struct {
		Term                         string
		Columns, Rows, Width, Height uint32
		Modes                        string
	}
	if ssh.Unmarshal(payload, &p) != nil {
		return false
	}
	if !k.env.Set("TERM", p.Term) {
		k.env.Set("TERM", "xterm") // what nearly all terminals understand
	}
	k.size, k.hasPty = serve.Clamp(p.Columns, p.Rows), true
	return true
}

// resize leaves the newest size for the console, and never waits for it.
func (k *channel) resize(s serve.Size) {
	select {
	case <-k.sizes:
	default:
	}
	k.sizes <- s
}

// begin starts what the session is for.
func (k *channel) begin(r *ssh.Request) {
	what, do := "console", k.console
	switch r.Type {
	case "subsystem":
		what, do = "sftp", k.sftp
	case "exec":
		var e struct{ Command string }
		if ssh.Unmarshal(r.Payload, &e) != nil {
			e.Command = ""
		}
		what, do = "command", func() int { return k.command(e.Command) }
	}
	k.work.Go(func() {
		k.enter(k.visit)
		defer k.exit(k.visit)
		k.finish(k.guarded(what, do))
	})
}

// guarded runs a session; a panic ends that session alone.
func (k *channel) guarded(what string, do func() int) (code int) {
	defer func() {
		if v := recover(); v != nil {
			k.s.fault("a session", v)
			k.say("This session had a fault and was ended; the others go on.")
			k.record(serve.Event{Action: what, Result: serve.Failed, Detail: "panic"})
			code = exitFailed
		}
	}()
	return do()
}

// record writes down what has happened already.
func (k *channel) record(e serve.Event) {
	if err := k.s.o.Record(k.who, e); err != nil {
		k.s.o.Log.Error("audit log", "error", err)
	}
}

// finish tells the exit code and closes the session.
func (k *channel) finish(code int) {
	k.stop(nil)
	_, _ = k.ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(code)}))
	_ = k.ch.Close()
}

// say writes a line to the client's standard error.
func (k *channel) say(words string) {
	_, _ = io.WriteString(k.out(k.ch.Stderr()), text.Untrusted(words).Safe()+"\r\n")
}

// explain tells the client why something was not done, without what stands
// behind that on this side.
func (k *channel) explain(err error) {
	m := message.Of(err)
	k.say(m.Text + " " + m.Hint)
}

// console shows the console.
func (k *channel) console() int {
	if !k.hasPty {
		k.say("The console needs a terminal: ssh -t. Files come with sftp, and " + historyCommand + " is the one command.")
		return exitUsage
	}
	k.visit.Does("Exports")
	if err := k.s.o.Record(k.who, serve.Event{Action: "console", Result: serve.Done}); err != nil {
		return k.unrecorded(err)
	}
	err := k.s.o.Console(k.ctx, k.visit, serve.Terminal{
		In: heard{k.ch, k.conn}, Out: k.out(k.ch), Env: k.env, Size: k.size, Sizes: k.sizes,
	})
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return exitDone
	case errors.Is(err, serve.ErrNoTerminal):
		k.say("This terminal cannot show the console: its TERM is dumb or not set.")
		return exitUsage
	}
	e := serve.Event{Action: "console.end", Result: serve.Failed, Detail: text.Untrusted(err.Error()).Safe()}
	if context.Cause(k.ctx) != nil || errors.Is(err, serve.ErrIdle) || errors.Is(err, serve.ErrLongest) {
		e.Result = serve.Done // ended by us, as it should
	}
	k.record(e)
	return exitFailed
}

// command runs the one command that there is.
func (k *channel) command(line string) int {
	if strings.Join(strings.Fields(line), " ") != historyCommand {
		k.refusal("exec", text.Untrusted(line).SafeN(120))
		k.say("Refused: no command can be run here but " + historyCommand + ". For files use sftp, or scp without -O.")
		return exitRefused
	}
	if err := k.s.o.Record(k.who, serve.Event{Action: "history", Result: serve.Done}); err != nil {
		return k.unrecorded(err)
	}
	k.visit.Does("history")
	return k.s.o.History(k.ctx, k.visit, k.out(k.ch), k.out(k.ch.Stderr()))
}

func (k *channel) unrecorded(err error) int {
	k.s.o.Log.Error("audit log", "error", err)
	k.say("Refused: the server's audit log cannot be written. Tell who runs this server.")
	return exitFailed
}

// heard is what the client sends, and that it does.
type heard struct {
	io.Reader
	c *conn
}

func (h heard) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if n > 0 {
		h.c.touch()
	}
	return n, err
}

// out writes to the client. One that does not read holds up only its own
// session, and that not for ever: after Limits.Stall its connection is cut.
func (k *channel) out(w io.Writer) io.Writer { return &patient{w, k.conn} }

type patient struct {
	w io.Writer
	c *conn
}

func (p *patient) Write(b []byte) (int, error) {
	cut := time.AfterFunc(p.c.s.o.Limits.Stall, func() {
		p.c.end(fmt.Errorf("the client read nothing for %s", p.c.s.o.Limits.Stall))
		p.c.close()
	})
	defer cut.Stop()
	return p.w.Write(b)
}
