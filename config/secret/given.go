package secret

import (
	"context"
	"io"

	"github.com/dashtray/dashtray-tui/client"
)

// Given reads a key that somebody hands over: typed at a prompt, or sent to
// standard input. place names it in an error. The ctx's cause when that ends
// before the input does.
func Given(ctx context.Context, place string, r io.Reader) (client.Key, error) {
	raw, err := readUntil(ctx, r)
	if err != nil && ctx.Err() != nil {
		return client.Key{}, err
	}
	if err != nil {
		return client.Key{}, &Error{place, bare(err)}
	}
	return parse(place, raw)
}

// readUntil is readBounded that ends with ctx. A read that never returns is left
// to itself: a pipe cannot be made to wake it everywhere.
func readUntil(ctx context.Context, r io.Reader) (string, error) {
	type result struct {
		raw string
		err error
	}
	done := make(chan result, 1)
	go func() {
		raw, err := readBounded(r)
		done <- result{raw, err}
	}()
	select {
	case got := <-done:
		return got.raw, got.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
