package sshd

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func tcp(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }

// The limits that nobody can set with a flag, as they are told to those who ask.
func TestDefaultLimits(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	if l.Tries != 3 || l.Channels != 4 || l.Handshake != 15*time.Second || l.Idle != 10*time.Minute || l.Longest != 8*time.Hour {
		t.Errorf("%+v", l)
	}
	// OpenSSH's PerSourcePenalties, and the bound of its table.
	if want := (Penalties{
		Failed: 5 * time.Second, Nothing: time.Second, Late: 10 * time.Second, Crash: 90 * time.Second,
		Least: 15 * time.Second, Most: 10 * time.Minute,
	}); l.Penalties != want || maxSources != 65_536 {
		t.Errorf("%+v, %d addresses", l.Penalties, maxSources)
	}
	if (Limits{}).filled() != l {
		t.Error("a limit has no default")
	}
}

func TestGateCountsByAddress(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	l.UnauthenticatedEach, l.Unauthenticated, l.ConnectionsEach, l.Connections = 2, 3, 2, 3
	g, now := newGate(l), time.Unix(1000, 0)
	a, b := tcp("192.0.2.1:1"), tcp("192.0.2.2:1")
	p1, _ := g.admit(a, now)
	p2, _ := g.admit(a, now)
	if p, why := g.admit(a, now); p != nil || !strings.Contains(why, "unauthenticated connections of this address") {
		t.Error("a third", why)
	}
	if p, _ := g.admit(b, now); p == nil {
		t.Error("another address")
	}
	if p, why := g.admit(b, now); p != nil || why != "too many unauthenticated connections" {
		t.Error("in all", why)
	}
	if !p1.enter() || !p2.enter() {
		t.Error("two that have logged in")
	}
	if p, why := g.admit(a, now); p != nil || why != "too many connections of this address" {
		t.Error("a third after that", why)
	}
	p1.leave()
	p1.leave() // once is enough
	p2.failed(0, now)
	if g.in != 0 || g.waiting != 1 || g.sources[prefixOf(a)].in != 0 {
		t.Errorf("left: %+v", g)
	}
}

func TestPenalties(t *testing.T) {
	t.Parallel()
	g, now := newGate(DefaultLimits()), time.Unix(1000, 0)
	v6, near, far := tcp("[2001:db8::1]:1"), tcp("[2001:db8::ffff]:2"), tcp("[2001:db8:0:1::1]:1")
	for i := range 3 {
		p, why := g.admit(v6, now)
		if p == nil {
			t.Fatalf("attempt %d: %s", i, why)
		}
		p.failed(g.l.Penalties.Failed, now)
	}
	if p, why := g.admit(near, now); p != nil || why != "penalty" {
		t.Error("the same /64", why)
	}
	if p, _ := g.admit(far, now); p == nil {
		t.Error("another /64")
	}
	if p, _ := g.admit(v6, now.Add(time.Second)); p == nil {
		t.Error("once less than 15 s are left")
	}
	src := g.sources[prefixOf(v6)]
	for range 1000 {
		(&pass{g: g, src: src, gone: true}).failed(g.l.Penalties.Crash, now)
	}
	if got := src.until.Sub(now); got != g.l.Penalties.Most {
		t.Errorf("penalties add up to %s", got)
	}
	if prefixOf(tcp("[::ffff:192.0.2.1]:1")) != prefixOf(tcp("192.0.2.1:2")) {
		t.Error("an IPv4 address in IPv6 is another one")
	}
}

func TestAttemptsOfOneAddress(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	g, now := newGate(l), time.Unix(1000, 0)
	in := 0
	for range 10_000 {
		if p, _ := g.admit(tcp("192.0.2.1:1"), now); p != nil {
			p.leave()
			in++
		}
	}
	if in != l.AttemptsEachBurst {
		t.Errorf("%d attempts at once", in)
	}
	if p, why := g.admit(tcp("192.0.2.2:1"), now); p == nil {
		t.Error("another address", why)
	}
}

func TestTableOfAddressesIsBounded(t *testing.T) {
	t.Parallel()
	g, now := newGate(DefaultLimits()), time.Unix(1000, 0)
	at := func(i int) net.Addr {
		return tcp(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 1).String())
	}
	for i := range maxSources + 100 {
		g.source(prefixOf(at(i)), now).until = now.Add(time.Hour)
	}
	if len(g.sources) != maxSources {
		t.Errorf("%d addresses", len(g.sources))
	}
	if g.source(prefixOf(at(maxSources+1)), now) != g.others {
		t.Error("a new address has an entry of its own")
	}
	later := now.Add(2 * time.Hour)
	if g.source(prefixOf(at(maxSources+1)), later) == g.others || len(g.sources) != 1 {
		t.Errorf("%d addresses after all penalties", len(g.sources))
	}
}
