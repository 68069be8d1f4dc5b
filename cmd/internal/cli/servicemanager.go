package cli

import (
	"net"
	"strings"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/config"
)

// serviceManager is systemd, which wants to know how a service stands and says
// by NOTIFY_SOCKET where it listens (sd_notify(3)). The zero value is nobody.
type serviceManager struct {
	addr  string
	ready bool
	step  job.Step
}

func newServiceManager(env config.Lookup) *serviceManager {
	addr := env.Get("NOTIFY_SOCKET")
	if strings.HasPrefix(addr, "@") { // an abstract name, which has no file
		addr = "\x00" + addr[1:]
	}
	if addr != "" && addr[0] != '/' && addr[0] != 0 {
		addr = ""
	}
	return &serviceManager{addr: addr}
}

// tell sends each step once. Nobody waits for an answer, and one that cannot be
// reached changes nothing.
func (m *serviceManager) tell(s job.Snapshot) {
	if m.addr == "" || s.Step == m.step {
		return
	}
	m.step = s.Step
	state := "STATUS=" + stageLine(s.Step, s)
	if s.Step.Over() {
		state = "STATUS=Done.\nSTOPPING=1"
	}
	if !m.ready {
		m.ready, state = true, "READY=1\n"+state
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.addr, Net: "unixgram"})
	if err != nil {
		return
	}
	_, _ = c.Write([]byte(strings.ToValidUTF8(state, "?")))
	_ = c.Close()
}
