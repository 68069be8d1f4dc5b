package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
	"github.com/dashtray/dashtray-tui/tui/message"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("something"), 1},
		{client.ErrNetwork, 1},
		{client.ErrServer, 1},
		{client.ErrProtocol, 1},
		{client.ErrRateLimited, 1},
		{client.ErrBadRequest, 1},
		{client.ErrLostAnswer, 1},
		{&job.PathError{Kind: job.ErrFolder}, 1},
		{&job.PathError{Kind: job.ErrNoRoom}, 1},
		{unreadable("x", fs.ErrNotExist), 1},
		{unreadable("x", fs.ErrPermission), 1},
		{unwritable(errors.New("full")), 1},
		{message.New(message.Usage, "", ""), 2},
		{&config.Error{}, 2},
		{config.ErrNoHome, 2},
		{client.ErrInsecure, 2},
		{&job.PathError{Kind: job.ErrExists}, 2},
		{secret.ErrNoKey, 3},
		{&secret.Error{Err: fs.ErrNotExist}, 3},
		{client.ErrUnauthorized, 3},
		{client.ErrForbiddenPlan, 4},
		{client.ErrForbiddenRole, 4},
		{client.ErrBusy, 5},
		{job.ErrLocked, 5},
		{transfer.ErrLocked, 5},
		{client.ErrNotFound, 6},
		{&job.ExportFailedError{}, 6},
		{job.ErrExpired, 6},
		{&job.TimeoutError{}, 7},
		{transfer.ErrGaveUp, 8},
		{transfer.ErrGone, 8},
		{transfer.ErrDigest, 8},
		{transfer.ErrOtherObject, 8},
		{transfer.ErrDiskFull, 8},
		{&job.InvalidError{}, 9},
		{job.ErrStopped, 130},
		{&signalError{syscall.SIGHUP}, 129},
		{&signalError{syscall.SIGINT}, 130},
		{&signalError{syscall.SIGTERM}, 143},
		{errors.Join(fmt.Errorf("transfer: %w", &signalError{syscall.SIGTERM}), transfer.ErrGaveUp), 143},
	} {
		if got := exitCode(tc.err); got != tc.want {
			t.Errorf("%v: exit code %d, want %d", tc.err, got, tc.want)
		}
		if tc.err == nil {
			continue
		}
		wrapped := &ofExport{"exp_1", fmt.Errorf("step: %w", tc.err)}
		if got := exitCode(wrapped); got != tc.want {
			t.Errorf("%v, wrapped: exit code %d, want %d", tc.err, got, tc.want)
		}
	}
}
