package message_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// refused is a call that the server said no to.
func refused(kind error) error {
	return fmt.Errorf("create the export: %w", &client.Error{Kind: kind, Step: "read export", Status: 403, Message: "not you"})
}

type sample struct {
	name string
	err  error
	code message.Code
	text string // part of what happened
	hint string // part of what to do
}

func samples() []sample {
	return []sample{
		{"no key", secret.ErrNoKey, message.NoKey, "no API key", "DASHTRAY_API_KEY"},
		{"no key, look around", secret.ErrNoKey, message.NoKey, "", "--demo"},
		{"broken place", &secret.Error{Place: "DASHTRAY_API_KEY_FILE", Err: fs.ErrNotExist}, message.NoKey, "DASHTRAY_API_KEY_FILE", "unset"},
		{"setting", &config.Error{Setting: config.Setting{Value: "a/b", Name: "--profile"}, Reason: "is no name"}, message.Usage, `--profile "a/b" is no name.`, "Correct"},
		{
			"settings file", fmt.Errorf("load: %w", &config.FileError{
				Path: "/c/config.toml", Line: 3, Column: 9, Key: "ui.them", Reason: "is no setting (did you mean theme?)",
				Others: []*config.FileError{{Path: "/c/config.toml", Line: 7, Column: 1, Reason: "it is wrong."}},
			}),
			message.Config, `"/c/config.toml" cannot be used: line 3, column 9: ui.them is no setting (did you mean theme?); line 7, column 1: it is wrong.`, "DASHTRAY_CONFIG",
		},
		{
			"settings file missing", &config.FileError{Path: "/c/x.toml", Reason: "there is no such file", Err: fs.ErrNotExist},
			message.Config, `"/c/x.toml" cannot be used: there is no such file.`, "Correct",
		},
		{"no home", config.ErrNoHome, message.Config, "home", "HOME"},
		{"a key without a place", &secret.StoreError{Place: `a file in "/x"`, Err: fs.ErrPermission}, message.Disk, `not stored in a file in "/x": permission denied.`, "right to write"},
		{"a key that no store takes", &secret.StoreError{Place: "the keyring", Err: secret.ErrTooLong}, message.NoKey, "too long", "Copy the key again"},
		{"a key that stays", &secret.StoreError{Place: "the keyring", Removing: true, Err: fs.ErrPermission}, message.Disk, "not removed from the keyring: ", "try again"},
		{"settings that stay", &config.WriteError{Path: "/x", Err: errors.New(`make folder "/x": permission denied`)}, message.Disk, `cannot be changed: make folder "/x": permission denied.`, "DASHTRAY_CONFIG"},
		{"insecure", fmt.Errorf("add profile: %w", &client.AddressError{Reason: "http:// is for this machine only"}), message.Usage, "may be sent to: http:// is for this machine only.", "https://"},

		{"unauthorized", refused(client.ErrUnauthorized), message.Unauthorized, "refused the API key: not you.", "new key"},
		{"plan", refused(client.ErrForbiddenPlan), message.ForbiddenPlan, "plan", "Scale"},
		{"role", refused(client.ErrForbiddenRole), message.ForbiddenRole, "role", "owner or editor"},
		{"busy", &client.Error{Kind: client.ErrBusy, Running: "exp_7"}, message.Busy, "(exp_7)", "--if-busy wait"},
		{"busy, id unknown", client.ErrBusy, message.Busy, "is running.", "attach"},
		{"not found", refused(client.ErrNotFound), message.NotFound, "does not know", "id"},
		{"no exports here", &client.Error{Kind: client.ErrNotFound, Step: "create export"}, message.Network, "has no exports", "address"},
		{"rate", &client.Error{Kind: client.ErrRateLimited, RetryAfter: 12 * time.Minute}, message.Network, "budget", "in 12 m"},
		{"rate, time unknown", client.ErrRateLimited, message.Network, "budget", "in a while"},
		{"bad request", refused(client.ErrBadRequest), message.Internal, "not you", "another range"},
		{"server", &client.Error{Kind: client.ErrServer, Status: 503}, message.Network, "(503)", "few minutes"},
		{"html", refused(client.ErrProtocol), message.Network, "not Dashtray's API", "proxy"},
		{"network", &client.Error{Kind: client.ErrNetwork, Err: errors.New("no such host")}, message.Network, "no such host", "Check the network"},
		{"certificate", &client.Error{Kind: client.ErrNetwork, Err: &tls.CertificateVerificationError{Err: errors.New("signed by nobody")}}, message.Network, "trusted: signed by nobody", "--cacert"},
		{"lost answer", refused(client.ErrLostAnswer), message.Network, "may have been made", "Look at"},
		{"lost answer, and busy", errors.Join(client.ErrLostAnswer, client.ErrBusy), message.Busy, "running", "attach"},
		{"deadline", fmt.Errorf("dial: %w", context.DeadlineExceeded), message.Network, "in time", "again"},

		{"exists", &job.PathError{Kind: job.ErrExists, Path: "/x/a.json"}, message.Exists, `"/x/a.json" exists`, "--force"},
		{"folder", &job.PathError{Kind: job.ErrFolder, Path: "/x", Err: &fs.PathError{Op: "open", Path: "/x/.tmp", Err: fs.ErrPermission}}, message.Disk, `"/x" cannot be written: permission denied; no export was made`, "-o"},
		{"no room", &job.PathError{Kind: job.ErrNoRoom, Path: "/x"}, message.Disk, "not enough room", "Make room"},
		{"locked", fmt.Errorf("open: %w", job.ErrLocked), message.Locked, "Another process", "finish"},
		{"part locked", transfer.ErrLocked, message.Locked, "Another process", "finish"},
		{"failed", &job.ExportFailedError{ID: "exp_7", Reason: "out of memory."}, message.ExportFailed, "exp_7 failed on the server: out of memory.", "shorter range"},
		{"timeout", &job.TimeoutError{ID: "exp_7", Over: 30 * time.Minute}, message.Timeout, "after 30 m; it goes on", "download exp_7"},
		{"timeout, busy", &job.TimeoutError{Step: job.StepBusy, Over: 90 * time.Second}, message.Timeout, "No export was made within 1 m 30 s: another export", "--timeout"},
		{"timeout, no answer", &job.TimeoutError{Step: job.StepPreparing, Over: 2 * time.Hour}, message.Timeout, "No export was made within 2 h: the server", "--timeout"},
		{"timeout, answer out", &job.TimeoutError{Step: job.StepCreating, Over: time.Minute, Unheard: true}, message.Timeout, "may have been made", "looks for that export"},
		{"invalid", &job.InvalidError{File: "/x/a.json.invalid", Report: archive.Report{Problems: []archive.Finding{{Code: "truncated", Message: "the file ends early"}}}}, message.Invalid, "the file ends early", "/x/a.json.invalid"},
		{"expired", job.ErrExpired, message.ExportExpired, "expired", "again"},
		{"stopped", job.ErrStopped, message.Interrupted, "kept", "same command"},
		{"interrupted", fmt.Errorf("transfer: %w", context.Canceled), message.Interrupted, "kept", "same command"},

		{"disk full", fmt.Errorf("transfer: %w", transfer.ErrDiskFull), message.Disk, "full", "Make room"},
		{"gave up", errors.Join(transfer.ErrGaveUp, client.ErrNetwork), message.Transfer, "given up", "same command"},
		{"link gone", transfer.ErrGone, message.Transfer, "link", "again"},
		{"link gone with its export", errors.Join(transfer.ErrGone, job.ErrExpired), message.ExportExpired, "expired", "again"},
		{"link gone, export unknown", errors.Join(transfer.ErrGone, refused(client.ErrNotFound)), message.ExportExpired, "expired", "again"},
		{"link gone, key refused", errors.Join(transfer.ErrGone, refused(client.ErrUnauthorized)), message.Unauthorized, "key", "new key"},
		{"other object", transfer.ErrOtherObject, message.Transfer, "another export", "-o"},
		{"digest", transfer.ErrDigest, message.Transfer, "not the file", "same command"},
		{"file server refuses", &job.TransferError{Err: &transfer.RefusedError{Status: 418}}, message.Transfer, "could not be finished: the file server answered 418 I'm a teapot; what arrived is kept", "again"},
		{"file server's certificate", &job.TransferError{Err: &tls.CertificateVerificationError{Err: errors.New("signed by nobody")}}, message.Transfer, "trusted: signed by nobody", "--cacert"},
		{"disk breaks", &job.TransferError{Err: errors.New("write the part: input/output error")}, message.Transfer, "could not be finished: write the part: input/output error", "again"},
		{"folder taken away", &job.TransferError{Err: fmt.Errorf("write checkpoint: %w", fs.ErrNotExist)}, message.Transfer, "folder that the file was coming into is gone", "-o"},
		{"disk full, in the transfer", &job.TransferError{Err: transfer.ErrDiskFull}, message.Disk, "full", "Make room"},
		{"name taken meanwhile", transfer.ErrExists, message.Exists, "appeared", "--force"},

		{"own words", fmt.Errorf("parse: %w", message.New(message.Usage, "That is no flag.", "Look at --help.")), message.Usage, "That is no flag.", "--help"},
		{"unknown", errors.New("boom"), message.Internal, "boom", "log"},
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for _, tc := range samples() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := message.Of(tc.err)
			if got.Code != tc.code {
				t.Errorf("code %q, want %q", got.Code, tc.code)
			}
			if !strings.Contains(got.Text, tc.text) {
				t.Errorf("text %q lacks %q", got.Text, tc.text)
			}
			if !strings.Contains(got.Hint, tc.hint) {
				t.Errorf("hint %q lacks %q", got.Hint, tc.hint)
			}
		})
	}
}

// Every message is one line on what happened and one on what to do, each a
// sentence: it begins with a capital and ends with one full stop.
func TestMessagesAreSentences(t *testing.T) {
	t.Parallel()
	for _, tc := range samples() {
		m := message.Of(tc.err)
		for _, s := range []string{m.Text, m.Hint} {
			switch {
			case strings.ContainsAny(s, "\n\r"):
				t.Errorf("%s: more than a line: %q", tc.name, s)
			case !strings.HasSuffix(s, ".") || strings.HasSuffix(s, ".."):
				t.Errorf("%s: no full stop: %q", tc.name, s)
			case !unicode.IsUpper([]rune(s)[0]) && !strings.HasPrefix(s, "--"):
				t.Errorf("%s: no capital: %q", tc.name, s)
			}
		}
	}
}

// On a screen nobody runs a command: what to do is done there.
func TestOnScreenNamesNoCommands(t *testing.T) {
	t.Parallel()
	all := append(samples(),
		sample{name: "keyring", err: &secret.KeyringError{Reason: secret.Locked}},
		sample{name: "keyring of a system without one", err: &secret.KeyringError{Reason: secret.Unsupported}},
		sample{name: "profile exists", err: config.ErrProfileExists},
		sample{name: "profile gone", err: config.ErrNoProfile},
	)
	for _, tc := range all {
		var own *message.Error
		if errors.As(tc.err, &own) {
			continue // has its own words
		}
		of, on := message.Of(tc.err), message.OnScreen(tc.err)
		if on.Code != of.Code || on.Hint == "" || !strings.HasSuffix(on.Hint, ".") {
			t.Errorf("%s: %+v, by command %+v", tc.name, on, of)
		}
		for _, word := range []string{"command", "--", " -o", "dashtray-tui", "DASHTRAY_API_KEY ("} {
			if strings.Contains(strings.ReplaceAll(on.Hint, "start the program with --cacert", ""), word) {
				t.Errorf("%s: %q names %q", tc.name, on.Hint, word)
			}
		}
	}
}

// A keyring that is not there is no news to somebody who has no key yet; one
// that may hold the key is.
func TestOnScreenTellsOfAKeyringThatMattersOnly(t *testing.T) {
	t.Parallel()
	for reason, told := range map[secret.Reason]bool{secret.NoBus: false, secret.Unsupported: false, secret.Locked: true, secret.TimedOut: true} {
		m := message.OnScreen(&secret.NoKeyError{Skipped: []error{&secret.KeyringError{Reason: reason}}})
		if got := strings.Contains(m.Text, "keyring"); got != told {
			t.Errorf("%s: %q", reason, m.Text)
		}
	}
}

func TestOfNothing(t *testing.T) {
	t.Parallel()
	if got := message.Of(nil); got != (message.Message{}) {
		t.Errorf("got %+v", got)
	}
}

func TestForeignWordsAreSafeAndShort(t *testing.T) {
	t.Parallel()
	hostile := "\x1b]52;c;ZXZpbA==\a\r\nline\u202e" + strings.Repeat("long ", 1000)
	for _, err := range []error{
		&client.Error{Kind: client.ErrForbiddenRole, Message: "\x1b[2J" + client.ID(hostile)},
		&client.Error{Kind: client.ErrNetwork, Err: errors.New(hostile)},
		&client.Error{Kind: client.ErrBusy, Running: client.ID(hostile)},
		&job.ExportFailedError{ID: client.ID(hostile), Reason: client.ID(hostile)},
		&job.TimeoutError{ID: client.ID(hostile)},
		&job.InvalidError{File: hostile, Report: archive.Report{Problems: []archive.Finding{{Message: hostile}}}},
		&job.PathError{Kind: job.ErrFolder, Path: "/x", Err: errors.New(hostile)},
		&secret.Error{Place: hostile, Err: errors.New(hostile)},
		&config.Error{Setting: config.Setting{Value: hostile, Name: "--profile"}, Reason: "is no name"},
		&config.FileError{Path: hostile, Key: hostile, Reason: hostile},
		errors.New(hostile),
	} {
		m := message.Of(err)
		for _, s := range []string{m.Text, m.Hint} {
			for _, r := range s {
				if unicode.IsControl(r) || r == '\u202e' {
					t.Errorf("%T: %q has %U", err, s, r)
					break
				}
			}
		}
		if len(m.Text) > 1000 {
			t.Errorf("%T: %d bytes long", err, len(m.Text))
		}
	}
}
