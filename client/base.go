package client

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// defaultPath is where the API lives under an address without a path.
const defaultPath = "/api/v1"

// Base is the address that every call starts from. Make it with [ParseBase].
type Base struct{ u url.URL }

// ParseBase reads an API address as a person writes it. Without a path
// /api/v1 is added; with one that path is used. Every refusal is an [*AddressError]:
// http:// off loopback (127.0.0.0/8, ::1, localhost), another scheme, no host,
// and anything that is no part of a base: user info, a query, a fragment.
func ParseBase(raw string) (Base, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		// The text of url.Error repeats the address, passwords included.
		return Base{}, &AddressError{"it cannot be read as an address"}
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if reason := unfit(u); reason != "" {
		return Base{}, &AddressError{reason}
	}
	u.Host = hostPort(u)
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	if u.Path == "" {
		u.Path, u.RawPath = defaultPath, ""
	}
	return Base{u: *u}, nil
}

// unfit says why u is no base; empty if it is one.
func unfit(u *url.URL) string {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return "it must begin with https://"
	case u.Hostname() == "" || u.Opaque != "":
		return "it names no host"
	case u.User != nil:
		return "it holds a user name; the key is given apart"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "it has a query or a fragment"
	case !secure(u):
		return "http:// is for this machine only"
	}
	return ""
}

// Origin is scheme://host[:port], a default port left out: what a key is bound to.
func (b Base) Origin() string { return origin(&b.u) }

// String is the whole address, without a slash at its end.
func (b Base) String() string { return b.u.String() }

// call is the address of one call. Each segment is escaped, so that an id
// from the server cannot reach another path.
func (b Base) call(segments []string, query url.Values) (*url.URL, error) {
	var s strings.Builder
	s.WriteString(b.u.String())
	for _, seg := range segments {
		if seg == "" || seg == "." || seg == ".." {
			return nil, fmt.Errorf("no path can hold %q", seg)
		}
		s.WriteByte('/')
		s.WriteString(url.PathEscape(seg))
	}
	u, err := url.Parse(s.String())
	if err != nil {
		return nil, fmt.Errorf("make the address of the call: %w", err)
	}
	u.RawQuery = query.Encode()
	return u, nil
}

// resolve makes a link absolute. A link that is absolute already stays as it
// came, byte for byte, since its signature may cover its spelling. What is no
// http or https link is dropped.
func (b Base) resolve(link string) Link {
	u, err := url.Parse(link)
	if err != nil || link == "" {
		return Link{}
	}
	if !u.IsAbs() {
		dir := b.u
		dir.Path, dir.RawPath = dir.Path+"/", ""
		u = dir.ResolveReference(u)
		link = u.String()
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return Link{}
	}
	return NewLink(link)
}

func origin(u *url.URL) string { return strings.ToLower(u.Scheme) + "://" + hostPort(u) }

// hostPort is the host in lower case, with its port unless it is the scheme's own.
func hostPort(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" || port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return net.JoinHostPort(host, port)
}

// secure reports whether a request may go to u: by TLS, or without leaving
// this machine.
func secure(u *url.URL) bool {
	switch u.Scheme {
	case "https":
		return true
	case "http":
		return loopback(u.Hostname())
	}
	return false
}

// loopback takes names literally and resolves nothing: what a resolver says
// today may be another machine tomorrow.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
