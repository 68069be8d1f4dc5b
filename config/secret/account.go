package secret

import (
	"errors"
	"net"
	"net/url"
	"strings"
)

// ErrAccount says that a profile or an origin is missing: a key can be kept only
// for both.
var ErrAccount = errors.New("a key is kept for a profile and an API address, and one of them is missing")

// Account is what a kept key belongs to. Another origin is another account, so
// that a key is never sent to a server that it was not stored for.
type Account struct {
	Profile string
	Origin  string // scheme://host[:port], see client.Base.Origin
}

// User is the account's name in a keyring: PROFILE@HOST[:PORT]. The port is
// left out when it is 443 with https; http without a port is port 80. It is
// empty for an account that lacks a profile or has no proper origin.
func (a Account) User() string {
	u, err := url.Parse(a.Origin)
	if err != nil || a.Profile == "" || u.Hostname() == "" {
		return ""
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	switch scheme := strings.ToLower(u.Scheme); {
	case scheme == "https" && port == "443":
		port = ""
	case scheme == "http" && port == "":
		port = "80"
	case scheme != "https" && scheme != "http":
		return ""
	}
	switch {
	case port != "":
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return a.Profile + "@" + host
}
