package cli

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// A file of keys that cannot be read any more was told to nobody, unless there
// was a log: who had lost his line stayed in.
func TestServerWithoutALogWarnsOnStandardError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quiet bool
		log   string
		want  string
	}{
		"without a log": {want: "WARN ERROR"},
		"quiet":         {quiet: true, want: "ERROR"},
		"with a log":    {log: "somewhere"},
	} {
		var said bytes.Buffer
		a := &app{Streams: Streams{Err: &said}, quiet: c.quiet, logPath: c.log, log: slog.New(slog.DiscardHandler)}
		a.logToErr()
		a.log.Info("somebody is in")
		a.log.Warn("the keys stay as they were", "error", "line 3\x1b[2J")
		a.log.Error("audit log")
		var levels []string
		for line := range strings.Lines(said.String()) {
			_, level, _ := strings.Cut(line, "level=")
			levels = append(levels, strings.Fields(level)[0])
		}
		if got := strings.Join(levels, " "); got != c.want || strings.Contains(said.String(), "\x1b") {
			t.Errorf("%s: %q", name, said.String())
		}
	}
}
