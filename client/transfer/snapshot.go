package transfer

import "time"

// ThisRunBytes is the number of bytes from the network since Fetch began.
func (p *Part) ThisRunBytes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.meter.total
}

// Snapshot may be called from anywhere, any time.
func (p *Part) Snapshot() Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	s := Snapshot{
		Phase: p.phase, Size: p.size, Done: p.data.done(),
		ThisRun: p.meter.total, ResumedFrom: p.resumed, Left: -1,
		Connections: p.connections, Attempts: p.attempts, Retry: p.tries,
		RetryAt: p.retryAt, LastError: p.lastErr, Restarts: p.restarted, Unsure: p.writer.unsure.Load(),
	}
	if p.phase == PhaseRechecking {
		s.Done = p.rechecked
	}
	if p.begun {
		s.Average = p.meter.average(now)
		s.Rates = p.meter.history(now)
	}
	if p.phase == PhaseReceiving {
		s.Rate = p.meter.rate(now)
		if p.size >= 0 {
			s.Left = p.meter.left(now, p.size-s.Done)
		}
	}
	if p.state == StateComplete && p.phase == PhaseDone {
		s.SHA256, s.Digest = p.data.digest(algSHA256), string(p.compared)
	}
	s.Parts = p.data.spans.parts(p.data.front, p.size)
	return s
}
