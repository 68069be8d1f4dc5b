package sshd

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Penalties are how long an address is kept out for what its connections did,
// as OpenSSH's PerSourcePenalties: they add up, and count from Least on.
type Penalties struct {
	Failed  time.Duration // keys were offered, and none was right
	Nothing time.Duration // it left without having tried
	Late    time.Duration // it did not get in in time
	Crash   time.Duration // it brought a fault of ours to light
	Least   time.Duration
	Most    time.Duration
}

func defaultPenalties() Penalties {
	return Penalties{
		Failed: 5 * time.Second, Nothing: time.Second, Late: 10 * time.Second, Crash: 90 * time.Second,
		Least: 15 * time.Second, Most: 10 * time.Minute,
	}
}

// maxSources bounds the table of addresses. All that do not fit share one entry.
const maxSources = 1 << 16

// gate decides who may speak to us, before anything is read.
type gate struct {
	l Limits

	mu      sync.Mutex
	sources map[netip.Prefix]*source
	others  *source // of all addresses beyond the table
	bucket  *rate.Limiter
	waiting int // connections that are not authenticated
	in      int // those that are
	swept   time.Time
}

// source is what is known of one address.
type source struct {
	bucket  *rate.Limiter
	until   time.Time // of its penalties
	waiting int
	in      int
}

func newGate(l Limits) *gate {
	g := &gate{
		l: l, sources: map[netip.Prefix]*source{},
		bucket: rate.NewLimiter(rate.Limit(l.Attempts), l.AttemptsBurst),
	}
	g.others = g.newSource()
	return g
}

func (g *gate) newSource() *source {
	return &source{bucket: rate.NewLimiter(rate.Limit(g.l.AttemptsEach), g.l.AttemptsEachBurst)}
}

// pass is one connection that was let through the gate. One of failed and leave
// ends it, once.
type pass struct {
	g      *gate
	src    *source
	inside bool
	gone   bool
}

// admit lets a connection through, or says why not.
func (g *gate) admit(from net.Addr, now time.Time) (*pass, string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	src := g.source(prefixOf(from), now)
	switch {
	case src.until.Sub(now) >= g.l.Penalties.Least:
		return nil, "penalty"
	case !src.bucket.AllowN(now, 1):
		return nil, "too many attempts of this address"
	case src.waiting >= g.l.UnauthenticatedEach:
		return nil, "too many unauthenticated connections of this address"
	case src.in >= g.l.ConnectionsEach:
		return nil, "too many connections of this address"
	case g.waiting >= g.l.Unauthenticated:
		return nil, "too many unauthenticated connections"
	case g.in >= g.l.Connections:
		return nil, "too many connections"
	// Last, so that one address cannot use up what belongs to all.
	case !g.bucket.AllowN(now, 1):
		return nil, "too many attempts"
	}
	src.waiting++
	g.waiting++
	return &pass{g: g, src: src}, ""
}

// source finds or makes an address's entry.
func (g *gate) source(p netip.Prefix, now time.Time) *source {
	if src, ok := g.sources[p]; ok {
		return src
	}
	if len(g.sources) >= maxSources {
		g.sweep(now)
	}
	if len(g.sources) >= maxSources {
		return g.others
	}
	src := g.newSource()
	g.sources[p] = src
	return src
}

// sweep forgets the addresses that there is nothing to remember of, at most
// once a second: it looks at all of them.
func (g *gate) sweep(now time.Time) {
	if now.Sub(g.swept) < time.Second {
		return
	}
	g.swept = now
	for p, src := range g.sources {
		full := src.bucket.TokensAt(now) >= float64(g.l.AttemptsEachBurst)
		if full && src.waiting == 0 && src.in == 0 && !src.until.After(now) {
			delete(g.sources, p)
		}
	}
}

// enter makes it an authenticated connection, and reports whether there is room.
func (p *pass) enter() bool {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	if p.g.in >= p.g.l.Connections || p.src.in >= p.g.l.ConnectionsEach {
		return false
	}
	p.drop()
	p.inside, p.gone = true, false
	p.g.in++
	p.src.in++
	return true
}

// leave ends it.
func (p *pass) leave() {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	p.drop()
}

// failed ends it with a penalty.
func (p *pass) failed(penalty time.Duration, now time.Time) {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	p.drop()
	if p.src.until.Before(now) {
		p.src.until = now
	}
	p.src.until = p.src.until.Add(penalty)
	if most := now.Add(p.g.l.Penalties.Most); p.src.until.After(most) {
		p.src.until = most
	}
}

// drop gives its place back; the caller holds the lock.
func (p *pass) drop() {
	if p.gone {
		return
	}
	p.gone = true
	if p.inside {
		p.g.in--
		p.src.in--
		return
	}
	p.g.waiting--
	p.src.waiting--
}

// prefixOf is what counts as one address: who has one of IPv6 has a /64.
func prefixOf(a net.Addr) netip.Prefix {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{} // a listener that is no TCP: all are one
	}
	ip := ap.Addr().Unmap().WithZone("")
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	p, _ := ip.Prefix(bits) // of a valid address it exists
	return p
}
