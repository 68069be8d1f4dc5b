package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is raised with each release; the commit and its date come from the
// build itself.
const version = "0.1.0"

func userAgent() string { return "dashtray-tui/" + version }

type versionDocument struct {
	Version string  `json:"version"`
	Commit  *string `json:"commit"`
	Date    *string `json:"date"`
	Go      string  `json:"go"`
	OS      string  `json:"os"`
	Arch    string  `json:"arch"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "version",
		Annotations: marked(noSettings),
		Short:       "Tell the version",
		Args:        noArgs,
		RunE:        func(*cobra.Command, []string) error { return a.printVersion() },
	}
}

func (a *app) printVersion() error {
	v := thisVersion()
	if a.json {
		return a.printDocument(v)
	}
	return a.printLine(v.String())
}

func thisVersion() versionDocument {
	v := versionDocument{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = known(s.Value)
		case "vcs.time":
			v.Date = known(s.Value)
		}
	}
	return v
}

func (v versionDocument) String() string {
	var parts []string
	if v.Commit != nil {
		parts = append(parts, (*v.Commit)[:min(12, len(*v.Commit))])
	}
	if v.Date != nil {
		parts = append(parts, *v.Date)
	}
	parts = append(parts, v.Go)
	return fmt.Sprintf("dashtray-tui %s (%s)", v.Version, strings.Join(parts, ", "))
}

// known is a field of a document: null when there is no value.
func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
