package cli

import (
	"path/filepath"

	"github.com/dashtray/dashtray-tui/cmd/internal/schedule"
)

// The documents of schedule, see schedule.schema.json.

type installedDocument struct {
	Profile   *string        `json:"profile"` // null: all profiles
	Name      string         `json:"name"`
	System    string         `json:"system"`
	Installed bool           `json:"installed"`
	Every     schedule.Every `json:"every"`
	At        string         `json:"at"`
	Command   []string       `json:"command"`
	Files     []fileDocument `json:"files"`
	Text      *string        `json:"text"` // for the person to hand to the system
	KeyFrom   []string       `json:"keyFrom"`
	NextRun   *string        `json:"nextRun"`
	Linger    *bool          `json:"linger"`
	Warnings  []string       `json:"warnings"`
}

type fileDocument struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

func (a *app) installDocument(in installation) installedDocument {
	doc := installedDocument{
		Profile: known(in.plan.Profile), Name: schedule.Name(in.plan.Profile), System: in.kind, Installed: in.done,
		Every: in.plan.Every, At: in.plan.At.String(), Command: in.plan.Argv, Files: []fileDocument{},
		Text: known(in.text), KeyFrom: in.keys, Linger: in.lingers, Warnings: append([]string{}, a.warnings...),
	}
	if in.done {
		doc.NextRun = moment(a.nextRun(in.plan))
	}
	if m, err := a.manager(host{}); err == nil {
		for _, u := range in.units {
			doc.Files = append(doc.Files, fileDocument{filepath.Join(m.Dir, u.Name), u.Content})
		}
	}
	return doc
}

type schedulesDocument struct {
	Schedules []scheduleDocument `json:"schedules"`
	Linger    *bool              `json:"linger"`
	Warnings  []string           `json:"warnings"`
}

type scheduleDocument struct {
	Profile      *string  `json:"profile"` // null: all profiles
	Name         string   `json:"name"`
	System       string   `json:"system"`
	Every        *string  `json:"every"`
	At           *string  `json:"at"`
	Command      *string  `json:"command"`
	Files        []string `json:"files"`
	Enabled      *bool    `json:"enabled"`
	Active       *bool    `json:"active"`
	NextRun      *string  `json:"nextRun"`
	LastRun      *string  `json:"lastRun"`
	LastExitCode *int     `json:"lastExitCode"`
}

func (a *app) schedulesDocument(all []foundSchedule, lingers *bool) schedulesDocument {
	doc := schedulesDocument{Schedules: []scheduleDocument{}, Linger: lingers, Warnings: append([]string{}, a.warnings...)}
	for _, f := range all {
		d := scheduleDocument{
			Profile: known(f.Profile), Name: schedule.Name(f.Profile), System: f.kind,
			Every: known(string(f.Every)), Command: known(f.Command), Files: append([]string{}, f.Files...),
			NextRun: moment(f.next(a)), LastRun: moment(f.Last),
		}
		if f.Every != "" {
			d.At = known(f.At.String())
		}
		if f.Known {
			d.Enabled, d.Active = &f.Enabled, &f.Active
		}
		if f.LastExit >= 0 {
			d.LastExitCode = &f.LastExit
		}
		doc.Schedules = append(doc.Schedules, d)
	}
	return doc
}

type removedDocument struct {
	Profile  *string  `json:"profile"` // null: all profiles
	Name     string   `json:"name"`
	Removed  []string `json:"removed"`
	Left     []string `json:"left"`
	Warnings []string `json:"warnings"`
}

func (a *app) removalDocument(profile string, gone schedule.Removal) removedDocument {
	return removedDocument{
		known(profile), schedule.Name(profile),
		append([]string{}, gone.Removed...), append([]string{}, gone.Left...), append([]string{}, a.warnings...),
	}
}
