// Dashtray-tui makes, watches, downloads and verifies exports of Dashtray.
package main

import (
	"os"

	"github.com/dashtray/dashtray-tui/cmd/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], cli.System())) }
