package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// How long a hook may take: long enough to send a mail, short enough for the
// next backup.
const (
	hookTimeout = time.Minute
	pingTimeout = 10 * time.Second
)

// hookDocument is what a hook gets on its standard input, or in the body of the
// request. No key and no signed link is ever in it.
type hookDocument struct {
	Event    string          `json:"event"` // success or failure
	Profile  string          `json:"profile"`
	ExitCode int             `json:"exitCode"`
	Result   *backupDocument `json:"result"`
	Error    *reasonDocument `json:"error"`
}

// callHook tells the person's own program how a backup ended. A hook that fails
// is a warning: the backup is what it is.
func (a *app) callHook(ctx context.Context, profile string, res backupResult, err error) {
	doc := hookDocument{Event: "success", Profile: profile, ExitCode: exitCode(err)}
	hook, name := a.settings.Hooks.OnSuccess, "on_success"
	var invalid *job.InvalidError
	if err == nil || errors.As(err, &invalid) {
		d := backupDocumentOf(res, a.warnings)
		doc.Result = &d
	}
	if err != nil {
		hook, name, doc.Event = a.settings.Hooks.OnFailure, "on_failure", "failure"
		m := message.Of(err)
		doc.Error = &reasonDocument{m.Code, m.Text, m.Hint}
	}
	if hook.Value == "" && hook.Argv == nil {
		return
	}
	body, jerr := json.Marshal(doc)
	if jerr == nil {
		// The end that a signal made is told, too.
		jerr = a.runHook(context.WithoutCancel(ctx), hook, body)
	}
	if jerr != nil {
		// Who relies on a hook would not learn for years that it no longer works.
		a.warnAloud(fmt.Sprintf("the hook %s did not work: %v", name, jerr))
	}
}

func (a *app) runHook(ctx context.Context, hook config.Hook, body []byte) error {
	if hook.Argv == nil {
		return a.ping(ctx, hook.Value, body)
	}
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, hook.Argv[0], hook.Argv[1:]...)
	cmd.Stdin = bytes.NewReader(body)
	cmd.Stderr = a.Err
	var held heldBack
	if a.quiet {
		cmd.Stderr = &held
	}
	cmd.Env = withoutKeys(a.Environ())
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("it took longer than %s", hookTimeout)
	}
	if err != nil {
		_, _ = a.Err.Write(held.said)
	}
	return err
}

// heldBack keeps the first of what a hook says: with --quiet it is told only if
// the hook does not work.
type heldBack struct{ said []byte }

const maxHeldBack = 64 << 10

func (h *heldBack) Write(p []byte) (int, error) {
	h.said = append(h.said, p[:min(len(p), maxHeldBack-len(h.said))]...)
	return len(p), nil
}

// ping posts the document, as healthchecks and their like take it.
func (a *app) ping(ctx context.Context, url string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return errors.New("its address cannot be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent())
	resp, err := newTransport(a.roots).RoundTrip(req)
	if err != nil {
		// The address may hold a token: it is not repeated.
		return errors.New(strings.ReplaceAll(err.Error(), url, "the address"))
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("its server answered %d", resp.StatusCode)
	}
	return nil
}
