// Package sshd is the SSH server that the console is served with: the
// transport, the keys and their roles, the files over SFTP, and the audit log.
//
// It stands on golang.org/x/crypto/ssh directly, so that every request of a
// client passes code of ours that bounds it before anything of it is kept: a
// framework in between takes sizes and variables as they come. The rules:
//   - Limits come before the first byte is read: connections, attempts and
//     penalties by address ([Limits]).
//   - Only public keys authenticate, and who somebody is comes from the
//     permissions of the authentication that succeeded, never from a key that
//     was merely offered.
//   - A connection has sessions and nothing else: no forwarding, no agent, no
//     X11. A session is the console, SFTP, or "history --json".
//   - No process is started.
//   - A panic ends the session that it happens in.
package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// Options of a Server. HostKeys, Keys and the three services are required.
type Options struct {
	HostKeys *HostKeys
	Keys     *Keys
	Limits   Limits // zero fields are those of DefaultLimits

	// Console shows the console until its person leaves or ctx ends.
	Console func(ctx context.Context, v *Visit, t serve.Terminal) error
	// History runs history --json, and gives its exit code.
	History func(ctx context.Context, v *Visit, out, errOut io.Writer) int
	// Files are those that may be fetched.
	Files Files

	// Record writes into the audit log; nil is none. If it fails the thing is
	// not done.
	Record serve.Recorder
	// Version of the program, as the client is told.
	Version string
	Now     func() time.Time
	Log     *slog.Logger
}

// Limits of a Server, all of them above 0.
type Limits struct {
	// Before authentication.
	Handshake           time.Duration // to the end of the authentication
	Unauthenticated     int           // connections at once
	UnauthenticatedEach int           // of one address
	Attempts            float64       // connections a second, in the long run
	AttemptsBurst       int
	AttemptsEach        float64 // of one address
	AttemptsEachBurst   int
	Tries               int // keys that a connection may offer in vain
	Penalties           Penalties

	// After it.
	Connections     int
	ConnectionsEach int // of one address
	Channels        int // sessions at once in one connection
	Idle            time.Duration
	Longest         time.Duration
	Stall           time.Duration // how long a client may read nothing of what it is sent
	Grace           time.Duration // how long a console may take to say that its time is up
	Farewell        time.Duration // how long sessions have to end when the server stops
	Reread          time.Duration // how often the files of keys are looked at, even if nobody comes
}

// DefaultLimits are made for a team on one bastion. An address is an IPv4
// address or an IPv6 /64.
func DefaultLimits() Limits {
	return Limits{
		Handshake: 15 * time.Second, Unauthenticated: 64, UnauthenticatedEach: 16,
		Attempts: 20, AttemptsBurst: 100, AttemptsEach: 2, AttemptsEachBurst: 60,
		Tries: 3, Penalties: defaultPenalties(),
		Connections: 256, ConnectionsEach: 128, Channels: 4,
		Idle: 10 * time.Minute, Longest: 8 * time.Hour, Stall: 30 * time.Second, Grace: 5 * time.Second, Farewell: 3 * time.Second, Reread: 2 * time.Second,
	}
}

// Server serves consoles. Make it with New.
type Server struct {
	o    Options
	gate *gate
	ctx  context.Context
	stop context.CancelCauseFunc
	all  sync.WaitGroup // connections

	failures *thinned // audit lines of failed authentications

	mu     sync.Mutex
	conns  map[*conn]struct{}
	visits map[*Visit]struct{}
}

// New makes a Server.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Record == nil {
		o.Record = func(serve.Who, serve.Event) error { return nil }
	}
	o.Limits = o.Limits.filled()
	s := &Server{
		o: o, gate: newGate(o.Limits), failures: newThinned(),
		conns: map[*conn]struct{}{}, visits: map[*Visit]struct{}{},
	}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	return s
}

// Serve serves connections until ctx ends; then it tells the sessions, gives
// them time to end, and closes what is left. It closes l. The error is ctx's
// cause, or why l broke.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	accepting, accepted := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(accepted)
		accepting <- s.accept(l)
	}()
	look := time.NewTicker(s.o.Limits.Reread)
	defer look.Stop()
	var err error
	most := 0
	for err == nil {
		select {
		case <-ctx.Done():
			err = context.Cause(ctx)
		case err = <-accepting:
			err = fmt.Errorf("accept connections: %w", err)
		case <-look.C:
			s.rekey()
			s.revoke()
			most = s.giveBack(most)
		}
	}
	s.stop(serve.ErrStopping)
	_ = l.Close()
	<-accepted
	s.leave()
	return err
}

// giveBack gives the memory of those who left back to the system, once half of
// the most that there were are gone: the runtime would keep it for minutes. It
// returns the most from then on.
func (s *Server) giveBack(most int) int {
	s.mu.Lock()
	now := len(s.conns)
	s.mu.Unlock()
	if most == 0 || now > most/2 {
		return max(now, most)
	}
	debug.FreeOSMemory()
	return now
}

// accept takes connections until l is closed.
func (s *Server) accept(l net.Listener) error {
	wait := time.Duration(0)
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			wait = 0
		case s.ctx.Err() != nil, errors.Is(err, net.ErrClosed):
			return err
		default: // too many open files, or a client that was gone at once
			s.o.Log.Warn("accept a connection", "error", err)
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			if !s.pause(wait) {
				return err
			}
			continue
		}
		pass, why := s.gate.admit(nc.RemoteAddr(), s.o.Now())
		if pass == nil {
			s.o.Log.Debug("connection refused", "from", addressOf(nc.RemoteAddr()), "why", why)
			_ = nc.Close()
			continue
		}
		s.all.Go(func() { s.connection(nc, pass) })
	}
}

// pause waits and reports whether the server goes on.
func (s *Server) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// leave waits for the connections, and closes those that take too long.
func (s *Server) leave() {
	gone := make(chan struct{})
	go func() {
		s.all.Wait()
		close(gone)
	}()
	late := time.NewTimer(s.o.Limits.Farewell)
	defer late.Stop()
	select {
	case <-gone:
		return
	case <-late.C:
	}
	s.mu.Lock()
	for c := range s.conns {
		c.close()
	}
	s.mu.Unlock()
	<-gone
}

// revoke ends the connections whose key is no longer what it was.
func (s *Server) revoke() {
	changed, err := s.o.Keys.Reload()
	if err != nil {
		// Whose line is gone from a file that cannot be read is still let in.
		s.o.Log.Warn("the keys stay as they were", "error", err)
		s.note(serve.Event{Action: keysChanged, Result: serve.Failed, Detail: text.Untrusted(err.Error()).SafeN(200)})
	}
	if !changed {
		return
	}
	n := s.o.Keys.Len()
	s.o.Log.Info("keys read anew", "keys", n)
	s.note(serve.Event{Action: keysChanged, Result: serve.Done, Detail: fmt.Sprintf("there are %d now", n)})
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.proof != nil && !s.o.Keys.still(c.proof, s.o.Now()) {
			c.end(serve.ErrRevoked)
		}
	}
}

// keysChanged is the action of a file of keys that somebody has changed.
const keysChanged = "keys.changed"

// note writes down what happened to the server itself. There is nothing to
// refuse if that fails.
func (s *Server) note(e serve.Event) {
	if err := s.o.Record(serve.Who{}, e); err != nil {
		s.o.Log.Error("audit log", "error", err)
	}
}

// Sessions are those who are connected, the longest first.
func (s *Server) Sessions() []serve.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]serve.Session, 0, len(s.visits))
	for v := range s.visits {
		out = append(out, v.session())
	}
	sortSessions(out)
	return out
}

func (l Limits) filled() Limits {
	d := DefaultLimits()
	fill(&l.Handshake, d.Handshake)
	fill(&l.Unauthenticated, d.Unauthenticated)
	fill(&l.UnauthenticatedEach, d.UnauthenticatedEach)
	fill(&l.Attempts, d.Attempts)
	fill(&l.AttemptsBurst, d.AttemptsBurst)
	fill(&l.AttemptsEach, d.AttemptsEach)
	fill(&l.AttemptsEachBurst, d.AttemptsEachBurst)
	fill(&l.Tries, d.Tries)
	fill(&l.Penalties, d.Penalties)
	fill(&l.Connections, d.Connections)
	fill(&l.ConnectionsEach, d.ConnectionsEach)
	fill(&l.Channels, d.Channels)
	fill(&l.Idle, d.Idle)
	fill(&l.Longest, d.Longest)
	fill(&l.Stall, d.Stall)
	fill(&l.Grace, d.Grace)
	fill(&l.Farewell, d.Farewell)
	fill(&l.Reread, d.Reread)
	return l
}

// fill puts a default where nothing is.
func fill[T comparable](to *T, d T) {
	var zero T
	if *to == zero {
		*to = d
	}
}
