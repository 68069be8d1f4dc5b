package sshd

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dashtray/dashtray-tui/tui/serve"
)

// Visit is one session that runs.
type Visit struct {
	Who   serve.Who
	Local net.Addr  // where the client reached us
	Ends  time.Time // when the connection has lasted as long as one may

	id    string
	since time.Time
	mu    sync.Mutex
	doing string
}

// Does notes what the person does now, in a few safe words.
func (v *Visit) Does(what string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.doing = what
}

func (v *Visit) session() serve.Session {
	v.mu.Lock()
	defer v.mu.Unlock()
	return serve.Session{ID: v.id, Who: v.Who, Since: v.since, Doing: v.doing}
}

// SFTP is the command that fetches files from where this session came to.
func (v *Visit) SFTP() string { return sftpCommand(v.Local) }

func sftpCommand(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return ""
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return fmt.Sprintf("sftp -P %s %s", port, host)
}

// enter and exit are the begin and the end of a session.
func (c *conn) enter(v *Visit) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.visits[v] = struct{}{}
	c.sessions++
}

func (c *conn) exit(v *Visit) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	delete(c.s.visits, v)
	if c.sessions--; c.sessions == 0 && c.quiet != nil {
		c.quiet()
	}
}

func sortSessions(list []serve.Session) {
	slices.SortFunc(list, func(a, b serve.Session) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.Who.Session, b.Who.Session)
	})
}
