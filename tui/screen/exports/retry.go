package exports

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
)

// retry is the next try after the server could not be reached.
type retry struct {
	at     time.Time // zero: none is due
	failed int       // tries in a row that failed
	stop   context.CancelFunc
}

// retryMsg says that it is time for the next try after that listing.
type retryMsg struct {
	to  *Model
	gen int
}

// halt ends the waiting for the next try.
func (r *retry) halt() {
	if r.stop != nil {
		r.stop()
	}
	r.stop, r.at = nil, time.Time{}
}

// pause is how long to wait after so many failures in a row.
func pause(failed int) time.Duration {
	pauses := []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute}
	return pauses[min(failed, len(pauses))-1]
}

// passes reports whether a failure may be over in a while: the network's and
// the server's are, what the server does not have stays so.
func passes(err error) bool {
	return errors.Is(err, client.ErrNetwork) || errors.Is(err, client.ErrServer) || errors.Is(err, context.DeadlineExceeded)
}

// tryLater asks again in a while, if that may help. It is one timer, and the
// banner tells when it ends, so that nothing has to be drawn meanwhile.
func (m *Model) tryLater() tea.Cmd {
	if !passes(m.listing.Offline) {
		return nil
	}
	m.retry.failed++
	wait := pause(m.retry.failed)
	m.retry.at = m.now.Add(wait)
	ctx, stop := context.WithCancel(m.d.Ctx)
	m.retry.stop = stop
	gen := m.gen
	return func() tea.Msg {
		defer stop()
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			return retryMsg{m, gen}
		}
	}
}
