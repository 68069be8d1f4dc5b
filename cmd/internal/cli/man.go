package cli

import (
	"fmt"
	"strings"

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
			page, err := manPage(cmd.Root())
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintln(a.Out, page); err != nil {
				return unwritable(err)
			}
			return nil
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
		Build(roff.NewDocument()), nil
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
