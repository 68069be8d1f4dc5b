package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/muesli/mango"
	mcobra "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
)

// manCommand makes the page with the libraries that fang uses, and not by
// fang's own command: that writes to the process's standard output whatever the
// command's is, and drops the error of it.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "man",
		Annotations: marked(noSettings),
		Short:       "Print the manual page",
		Long:        "Print the manual page in roff, for: dashtray-tui man | man -l -",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.json {
				return usageError(cmd, "The manual page is roff and not JSON.")
			}
			page, err := manPage(cmd.Root())
			if err != nil {
				return err
			}
			return a.printLine(page)
		},
	}
}

func manPage(root *cobra.Command) (string, error) {
	page, err := mcobra.NewManPage(1, root)
	if err != nil {
		return "", fmt.Errorf("make the manual page: %w", err)
	}
	spellShorthands(&page.Root)
	return page.WithLongDescription(unwrap(root.Long)).
		WithSection("See also", "dashtray-tui help exit-codes, dashtray-tui help environment").
		Build(manDocument{roff.NewDocument()}), nil
}

// manDocument heads the page as man-pages(7) has it: the library would put the
// description where the manual's name belongs, and today's date on every page.
type manDocument struct{ *roff.Document }

// Heading begins the page.
func (d manDocument) Heading(section uint, title, _ string, today time.Time) {
	if made := thisVersion().Date; made != nil {
		if t, err := time.Parse(time.RFC3339, *made); err == nil {
			today = t
		}
	}
	d.Document.Heading(section, title, "User Commands", today)
}

// spellShorthands gives one dash to -q and two to --quiet; the library has
// either one or two for both.
func spellShorthands(c *mango.Command) {
	for key, f := range c.Flags {
		if f.Short != "" && f.PFlag {
			f.PFlag, f.Name = false, "-"+f.Name
			c.Flags[key] = f
		}
	}
	for _, sub := range c.Commands {
		spellShorthands(sub)
	}
}

// unwrap joins the lines of each paragraph: on a page they are filled anew.
func unwrap(s string) string {
	paragraphs := strings.Split(s, "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.ReplaceAll(p, "\n", " ")
	}
	return strings.Join(paragraphs, "\n")
}
