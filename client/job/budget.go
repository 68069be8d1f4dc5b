package job

import (
	"context"
	"errors"
	"time"

	"github.com/dashtray/dashtray-tui/client"
)

// allowed asks again when the project's hourly budget of requests has room
// again, which is shared with everything else that uses the key: a backup at
// night is not lost for what ran before it. Short waits are the client's own.
// Where the server does not tell how long, or the time limit is over before
// that, its refusal is the answer at once.
func (r *run) allowed(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		wait, limited := untilAllowed(ctx, err)
		if r.snapshot().LookErr != nil || limited {
			r.change(func(s *Snapshot) {
				s.LookErr = nil
				if limited {
					s.LookErr = err
				}
			})
		}
		if !limited {
			return err
		}
		if err := r.pauseFor(ctx, wait+r.s.d.Jitter(time.Second)); err != nil {
			return err
		}
	}
}

// untilAllowed is how long a refusal asks to wait, if that is worth it. What may
// have been done already is not asked for again.
func untilAllowed(ctx context.Context, err error) (time.Duration, bool) {
	var refused *client.Error
	if !errors.Is(err, client.ErrRateLimited) || errors.Is(err, client.ErrLostAnswer) ||
		!errors.As(err, &refused) || refused.RetryAfter <= 0 {
		return 0, false
	}
	end, ends := ctx.Deadline()
	return refused.RetryAfter, !ends || time.Until(end) > refused.RetryAfter
}
