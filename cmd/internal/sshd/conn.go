package sshd

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/time/rate"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// conn is one authenticated connection.
type conn struct {
	s     *Server
	ssh   *ssh.ServerConn
	proof *proof
	who   serve.Who
	ctx   context.Context
	stop  context.CancelCauseFunc
	open  time.Time
	ends  time.Time    // the latest
	heard atomic.Int64 // when the client last sent something, Unix nanoseconds
	parts sync.WaitGroup
	gone  chan struct{} // closed when the connection is

	hostKeys []HostKey // of the server, when the connection came
	proved   bool      // they were, once; requests alone looks at it

	asked *rate.Limiter // requests, of the connection and of its sessions
	no    *thinned      // audit lines of refused requests

	// Under the lock of the Server.
	sessions int    // that run
	quiet    func() // is told when none runs any more, once the connection is to end
}

// maxRefusedChannels ends a connection that goes on asking for what there is not.
const maxRefusedChannels = 32

// A connection may open sessions as a person or a script does, one after the other.
const (
	channelRate  = 2 // a second
	channelBurst = 16
)

// A terminal that is dragged larger asks some sixty times a second. Each answer
// costs us more than it costs who asks.
const (
	requestRate  = 100 // a second
	requestBurst = 2000
)

// connection serves one connection from its first byte to its last.
func (s *Server) connection(nc net.Conn, pass *pass) {
	defer func() { _ = nc.Close() }()
	defer func() {
		if v := recover(); v != nil {
			s.fault("a connection", v)
			pass.failed(s.o.Limits.Penalties.Crash, s.o.Now())
		}
	}()
	// The server may stop while somebody shakes hands.
	released := context.AfterFunc(s.ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer released()
	s.rekey()
	s.revoke() // a line that was just added counts
	a := attempt{hostKeys: s.o.HostKeys.Keys()}
	sc, chans, reqs, err := s.handshake(nc, &a)
	if err == nil && !released() { // too late: the deadline above may come after ours was lifted
		_ = sc.Close()
		err = serve.ErrStopping
	}
	if err != nil {
		s.turnedAway(nc, pass, a, err)
		return
	}
	defer pass.leave()
	c := &conn{
		s: s, ssh: sc, gone: make(chan struct{}), open: s.o.Now(), ends: time.Now().Add(s.o.Limits.Longest), hostKeys: a.hostKeys,
		asked: rate.NewLimiter(requestRate, requestBurst), no: newThinned(),
	}
	if c.proof, err = proofOf(sc); err == nil && !pass.enter() {
		err = errors.New("too many connections")
	}
	if err == nil {
		c.who = c.proof.who
		c.who.Session, c.who.From = newSession(), addressOf(nc.RemoteAddr())
		err = s.o.Record(c.who, serve.Event{Action: "login", Result: serve.Done, Detail: fmt.Sprintf(
			"user %s, client %s", safeWord(sc.User()), safeWord(string(sc.ClientVersion())))})
	}
	if err != nil {
		s.o.Log.Warn("connection closed", "from", addressOf(nc.RemoteAddr()), "error", err)
		_ = sc.Close()
		return
	}
	s.o.Log.Info("logged in", "session", c.who.Session, "from", c.who.From, "user", safeWord(sc.User()),
		"name", c.who.Name, "key", c.who.Key, "role", c.who.Role.String())
	c.ctx, c.stop = context.WithCancelCause(s.ctx)
	c.serve(chans, reqs)
}

// turnedAway settles a connection that did not authenticate.
func (s *Server) turnedAway(nc net.Conn, pass *pass, a attempt, err error) {
	p, now := s.o.Limits.Penalties, s.o.Now()
	penalty, why := p.Nothing, "left without a key"
	switch {
	case s.ctx.Err() != nil:
		penalty, why = 0, "the server stops"
	case errors.Is(err, os.ErrDeadlineExceeded), !time.Now().Before(a.until):
		penalty, why = p.Late, "took too long"
	case a.failed, isBadSignature(err):
		penalty, why = p.Failed, "nothing that it tried was accepted"
	}
	pass.failed(penalty, now)
	from := addressOf(nc.RemoteAddr())
	s.o.Log.Info("not authenticated", "from", from, "user", a.user, "key", a.offered, "why", why)
	left, write := s.failures.take(now)
	if !write || penalty == 0 {
		return
	}
	if left > 0 {
		why += fmt.Sprintf("; and %d more that are not written down", left)
	}
	e := serve.Event{Action: "login", Object: a.user, Result: serve.Refused, Detail: why}
	if err := s.o.Record(serve.Who{Key: a.offered, From: from}, e); err != nil {
		s.o.Log.Error("audit log", "error", err)
	}
}

// isBadSignature reports whether a login ended with a signature that is not its
// key's: the library gives up then without telling its callbacks.
func isBadSignature(err error) bool {
	return errors.Is(err, rsa.ErrVerification) || strings.Contains(err.Error(), "signature did not verify")
}

// serve takes the channels of a connection until it ends.
func (c *conn) serve(chans <-chan ssh.NewChannel, reqs <-chan *ssh.Request) {
	c.touch()
	c.s.mu.Lock()
	c.s.conns[c] = struct{}{}
	c.s.mu.Unlock()
	c.part("a connection's requests", func() {
		c.announce()
		c.requests(reqs)
	})
	c.part("a connection's clock", c.watch)
	c.channels(chans) // ends with the connection
	close(c.gone)
	c.end(nil)
	c.close()
	c.parts.Wait()
	c.s.mu.Lock()
	delete(c.s.conns, c)
	c.s.mu.Unlock()
	e := serve.Event{Action: "logout", Result: serve.Done, Detail: fmt.Sprintf("after %s", c.s.o.Now().Sub(c.open).Round(time.Second))}
	if err := c.s.o.Record(c.who, e); err != nil {
		c.s.o.Log.Error("audit log", "error", err)
	}
}

// part does something beside the rest of the connection, which ends if that
// panics: others go on.
func (c *conn) part(what string, do func()) {
	c.parts.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				c.s.fault(what, v)
				c.end(serve.ErrFault)
				c.close()
			}
		}()
		do()
	})
}

// requests answers what concerns the whole connection: no, but for the proof of
// host keys. That is what forwarding is asked for with, and a client that asks
// whether we are still there takes any answer.
func (c *conn) requests(reqs <-chan *ssh.Request) {
	for r := range reqs {
		var answer []byte
		ok := false
		switch {
		case !c.mayAsk():
		case r.Type == proveKeys && r.WantReply:
			answer, ok = c.prove(r.Payload)
		case r.Type == "tcpip-forward", r.Type == "streamlocal-forward@openssh.com":
			c.unasked("forward", r.Type)
		}
		if r.WantReply {
			_ = r.Reply(ok, answer) // a connection that broke ends this loop
		}
	}
}

// mayAsk counts a request, and ends a connection that makes too many.
func (c *conn) mayAsk() bool {
	if c.asked.Allow() {
		return true
	}
	c.end(serve.ErrFlood)
	c.close()
	return false
}

// unasked writes down a request for what there is not, though not every one of
// very many.
func (c *conn) unasked(what, object string) {
	if _, write := c.no.take(time.Now()); write {
		c.refusal(what, object)
	}
}

// channels opens sessions and refuses everything else.
func (c *conn) channels(chans <-chan ssh.NewChannel) {
	slots := make(chan struct{}, c.s.o.Limits.Channels)
	bucket := rate.NewLimiter(channelRate, channelBurst)
	refused := 0
	for n := range chans {
		reason, why := ssh.RejectionReason(0), ""
		switch {
		case c.ctx.Err() != nil:
			reason, why = ssh.Prohibited, "the connection ends"
		case n.ChannelType() != "session":
			reason, why = ssh.UnknownChannelType, "only sessions here"
			if n.ChannelType() == "direct-tcpip" {
				reason = ssh.Prohibited
			}
		case !bucket.AllowN(time.Now(), 1):
			reason, why = ssh.ResourceShortage, "too many sessions in a short time"
		default:
			select {
			case slots <- struct{}{}:
			default:
				reason, why = ssh.ResourceShortage, "too many sessions in this connection"
			}
		}
		if why == "" {
			c.part("a session", func() {
				defer func() { <-slots }()
				c.channel(n)
			})
			continue
		}
		_ = n.Reject(reason, why)
		if refused++; refused == 1 {
			c.refusal("channel", text.Untrusted(n.ChannelType()).SafeN(40))
		}
		if refused > maxRefusedChannels {
			c.end(serve.ErrFlood)
			c.close()
		}
	}
}

// refusal writes down that something was asked for that there is not. If that
// fails the thing is refused all the same.
func (c *conn) refusal(what, object string) {
	if err := c.s.o.Record(c.who, serve.Event{Action: what, Object: object, Result: serve.Refused}); err != nil {
		c.s.o.Log.Error("audit log", "error", err)
	}
}

// watch ends a connection that is silent or too old. A console ends itself
// before that, and says so on the screen; this is for all else.
func (c *conn) watch() {
	l := c.s.o.Limits
	last := c.ends.Add(l.Grace)
	for {
		end := time.Unix(0, c.heard.Load()).Add(l.Idle + l.Grace)
		why := serve.ErrIdle
		if last.Before(end) {
			end, why = last, serve.ErrLongest
		}
		left := time.Until(end)
		if left <= 0 {
			c.end(why)
			c.close()
			return
		}
		t := time.NewTimer(left)
		select {
		case <-c.ctx.Done():
			t.Stop()
			c.leave()
			return
		case <-t.C:
		}
	}
}

// lastWords is how long what was said last has to reach the client.
const lastWords = 200 * time.Millisecond

// leave closes a connection that is to end: once its sessions have ended, or
// have had time to.
func (c *conn) leave() {
	quiet := make(chan struct{})
	c.s.mu.Lock()
	c.quiet = sync.OnceFunc(func() { close(quiet) })
	if c.sessions == 0 {
		c.quiet()
	}
	c.s.mu.Unlock()
	late := time.NewTimer(c.s.o.Limits.Farewell)
	defer late.Stop()
	select {
	case <-c.gone:
		return
	case <-late.C:
	case <-quiet:
		late.Reset(lastWords)
		select {
		case <-c.gone:
			return
		case <-late.C:
		}
	}
	c.close()
}

// touch notes that the client has sent something.
func (c *conn) touch() { c.heard.Store(time.Now().UnixNano()) }

// end tells the sessions to end.
func (c *conn) end(why error) { c.stop(why) }

// close cuts the connection.
func (c *conn) close() { _ = c.ssh.Close() }

// fault logs a panic.
func (s *Server) fault(where string, v any) {
	s.o.Log.Error("panic", "in", where, "value", text.Untrusted(fmt.Sprint(v)).Safe(), "stack", string(debug.Stack()))
}

// newSession names a session so that nobody can guess the next.
func newSession() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // it never fails, crypto/rand says
	return hex.EncodeToString(b[:])
}

// safeWord is a word of the client's for logs and screens.
func safeWord(s string) string { return text.Untrusted(s).SafeN(64) }

func addressOf(a net.Addr) string { return safeWord(a.String()) }

// thinned lets so many lines through that a flood fills no disk.
type thinned struct {
	mu     sync.Mutex
	bucket *rate.Limiter
	left   int
}

func newThinned() *thinned { return &thinned{bucket: rate.NewLimiter(1, 30)} }

// take reports whether to write a line, and how many were left out before it.
func (t *thinned) take(now time.Time) (left int, write bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.bucket.AllowN(now, 1) {
		t.left++
		return 0, false
	}
	left, t.left = t.left, 0
	return left, true
}
