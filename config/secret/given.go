package secret

import (
	"io"

	"github.com/dashtray/dashtray-tui/client"
)

// Given reads a key that somebody hands over: typed at a prompt, or sent to
// standard input. place names it in an error.
func Given(place string, r io.Reader) (client.Key, error) {
	raw, err := readBounded(r)
	if err != nil {
		return client.Key{}, &Error{place, bare(err)}
	}
	return parse(place, raw)
}
