package cli

import (
	"github.com/dashtray/dashtray-tui/config"
)

// The words of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

// wantColor decides whether a stream gets colours: by --color, then NO_COLOR
// (set and not empty, see no-color.org), then CLICOLOR_FORCE (not empty and not
// 0, see bixense.com/clicolors), then TERM=dumb, and last by whether the stream
// is a terminal.
func wantColor(flag string, env config.Lookup, terminal bool) bool {
	force := env.Get("CLICOLOR_FORCE")
	switch {
	case flag == colorAlways:
		return true
	case flag == colorNever, env.Get("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	case env.Get("TERM") == "dumb":
		return false
	}
	return terminal
}

// colored is wantColor for one of our streams.
func (a *app) colored(terminal bool) bool { return wantColor(a.color, a.Env, terminal) }
