package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client/sandbox"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// sandboxFlags are the sandbox's own.
type sandboxFlags struct {
	addr    string
	records int64
	seed    uint64
	speed   float64
	linkTTL time.Duration
	faults  []string
}

func (a *app) sandboxCommand() *cobra.Command {
	var flags sandboxFlags
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a sandbox of the exports API on this machine",
		Long: "Serve a sandbox of the exports API on this machine, until a signal ends it. Its\n" +
			"first line on standard output is a JSON document with the address, which fits\n" +
			"--api-url, and a key for each role. Its exports go with it.\n\n" +
			"--fault NAME[=ARG][*COUNT] has things go wrong, COUNT times or until it ends.\n\n" +
			strings.TrimSuffix(sandbox.FaultHelp, "\n"),
		Example: "  dashtray-tui sandbox --speed 10\n" +
			"  dashtray-tui sandbox --fault cut=1MiB*3 --fault slow=100K",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := flags.config(a, cmd)
			if err != nil {
				return err
			}
			return a.serveSandbox(cmd, flags.addr, cfg)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	word(f, &flags.addr, "addr", "127.0.0.1:0", "HOST:PORT", "listen there; port 0 takes any free one")
	f.Int64Var(&flags.records, "records", 50_000, "metric records in a full export")
	f.Uint64Var(&flags.seed, "seed", 0, "another number makes other data")
	f.Float64Var(&flags.speed, "speed", 1, "how many times faster than in life exports are made")
	f.DurationVar(&flags.linkTTL, "link-ttl", 24*time.Hour, "how long a download link works")
	f.StringArrayVar(&flags.faults, "fault", nil, "what goes wrong, NAME[=ARG][*COUNT]; may be repeated")
	return cmd
}

func (f *sandboxFlags) config(a *app, cmd *cobra.Command) (sandbox.Config, error) {
	switch {
	case f.records < 1:
		return sandbox.Config{}, usageError(cmd, "--records is a number above 0, not %d.", f.records)
	case !(f.speed > 0): // NaN is not, either
		return sandbox.Config{}, usageError(cmd, "--speed is a number above 0, not %v.", f.speed)
	case f.linkTTL <= 0:
		return sandbox.Config{}, usageError(cmd, "--link-ttl is a time above 0, such as 24h, not %s.", f.linkTTL)
	}
	cfg := sandbox.Config{
		Records: f.records, Seed: f.seed, Speed: f.speed, LinkTTL: f.linkTTL, Now: a.Now, Log: a.log,
	}
	for _, s := range f.faults {
		fault, err := sandbox.ParseFault(s)
		if err != nil {
			return sandbox.Config{}, usageError(cmd, "--fault: %v.", err)
		}
		cfg.Faults = append(cfg.Faults, fault)
	}
	return cfg, nil
}

// sandboxDocument is the first line on standard output.
type sandboxDocument struct {
	URL  string       `json:"url"`
	Keys sandbox.Keys `json:"keys"`
}

// serveSandbox serves until ctx ends.
func (a *app) serveSandbox(cmd *cobra.Command, addr string, cfg sandbox.Config) (err error) {
	ctx := cmd.Context()
	listener, err := listenHere(cmd, addr)
	if err != nil {
		return err
	}
	api, err := sandbox.New(cfg)
	if err != nil {
		_ = listener.Close()
		var disk *fs.PathError
		if errors.As(err, &disk) {
			return fmt.Errorf("start the sandbox: %w", err)
		}
		return usageError(cmd, "%s.", sentenceCase(err.Error()))
	}
	defer func() { err = errors.Join(err, api.Close()) }()

	server := &http.Server{
		Handler:           api,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	// Connections that are open hold no state worth waiting for.
	defer func() { _ = server.Close() }()

	line, err := json.Marshal(sandboxDocument{URL: "http://" + listener.Addr().String(), Keys: api.Keys()})
	if err != nil {
		return fmt.Errorf("describe the sandbox: %w", err)
	}
	if _, err := fmt.Fprintf(a.Out, "%s\n", line); err != nil {
		return unwritable(err)
	}
	select {
	case err := <-served:
		return fmt.Errorf("serve the sandbox: %w", err)
	case <-ctx.Done():
		// Its one document has been printed.
		return &toldError{&message.Error{
			Message: message.Message{
				Code: message.Interrupted,
				Text: "The sandbox was stopped; its exports are gone.",
				Hint: "Start it again for a fresh one.",
			},
			Err: context.Cause(ctx),
		}}
	}
}

// listenHere listens on loopback and nowhere else: the sandbox's keys are no secret.
func listenHere(cmd *cobra.Command, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, usageError(cmd, "--addr is HOST:PORT, such as 127.0.0.1:8080, not %q.", addr)
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, usageError(cmd, "--addr is an address of this machine's loopback, such as 127.0.0.1, not %q.", host)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(cmd.Context(), "tcp", addr)
	if err != nil {
		return nil, &message.Error{
			Message: message.Message{
				Code: message.Network,
				Text: fmt.Sprintf("The sandbox cannot listen on %s: %s.", addr, text.Untrusted(innermost(err).Error()).Safe()),
				Hint: "Choose another port with --addr, or leave it out to take any free one.",
			},
			Err: err,
		}
	}
	return l, nil
}

// innermost is the reason without the addresses around it.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
