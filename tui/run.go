package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// Run shows the console until the person quits it (nil) or ctx ends (its
// cause). The terminal is restored in every case. Signals are the caller's:
// they end ctx. opts come after the console's own and may override them.
func Run(ctx context.Context, d Deps, opts ...tea.ProgramOption) error {
	m := New(d)
	defer m.Close()
	own := []tea.ProgramOption{tea.WithContext(ctx), tea.WithoutSignalHandler()}
	if len(d.Env) > 0 {
		own = append(own, tea.WithEnvironment(d.Env))
	}
	if noColor(d.Env) {
		own = append(own, tea.WithColorProfile(colorprofile.ASCII))
	}
	_, err := tea.NewProgram(m, slices.Concat(own, opts)...).Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && errors.Is(err, tea.ErrProgramKilled):
		return context.Cause(ctx)
	case errors.Is(err, tea.ErrProgramPanic) && d.LogFile != "":
		return fmt.Errorf("run the console (its log is %q): %w", d.LogFile, err)
	default:
		return fmt.Errorf("run the console: %w", err)
	}
}

// noColor reports whether NO_COLOR is set and not empty, whatever its value
// (https://no-color.org). The colour detection below us wants a true value.
func noColor(env []string) bool {
	return slices.ContainsFunc(env, func(e string) bool {
		return strings.HasPrefix(e, "NO_COLOR=") && e != "NO_COLOR="
	})
}
