package tui_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/accountstest"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/screen/sessions"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// stage is a console with everything in it that an action may need.
type stage struct {
	console
	accounts  *accountstest.Accounts
	files     *tuitest.Files
	suspended bool
}

// play runs a console of two profiles, four exports, and files.
func play(t *testing.T, prepare func(*tuitest.Jobs), body func(t *testing.T, s *stage)) {
	t.Helper()
	playOn(t, 120, 36, colorprofile.ANSI256, prepare, body)
}

// playOn is play on a terminal of that size and so many colours.
func playOn(t *testing.T, w, h int, colors colorprofile.Profile, prepare func(*tuitest.Jobs), body func(t *testing.T, s *stage)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{accounts: accountstest.New(), files: &tuitest.Files{Report: archive.Report{OK: true}}}
		s.jobs = tuitest.NewJobs(time.Now)
		s.jobs.SetListing(listing(time.Now()), nil, 0)
		d := deps(nil)
		d.Jobs, d.Accounts, d.Files = nil, s.accounts, s.files
		d.Message = func(err error) (string, string) {
			m := message.Of(err)
			return m.Text, m.Hint
		}
		d.Sessions = func() ([]sessions.Session, error) {
			return []sessions.Session{{ID: "1", Name: "Ada", Role: "admin", Since: time.Now(), Own: true}}, nil
		}
		hasKey(&d, s.accounts, s.jobs)
		s.accounts.Has(tui.Profile{Name: "shop", Key: "key file"}, account("shop", tuitest.NewJobs(time.Now)))
		if prepare != nil {
			prepare(s.jobs)
		}
		s.model = tui.New(d)
		s.Term = tuitest.Start(t, s.model, w, h, tea.WithColorProfile(colors), tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg {
			if _, ok := msg.(tea.SuspendMsg); ok {
				s.suspended = true
				return nil
			}
			return msg
		}))
		s.Settle(time.Second)
		body(t, s)
	})
}

// A scene is where an action works, and what it does there.
type scene struct {
	prepare func(*tuitest.Jobs)
	keys    []string // that lead there
	over    bool     // the action works in an overlay: the palette cannot lie over that
	shows   string   // what is on the screen afterwards, and was not before
	done    func(s *stage) bool
}

func collecting(jobs *tuitest.Jobs) { aJob(nil, jobs) }

func receiving(jobs *tuitest.Jobs) {
	aJob(nil, jobs)
	jobs.Change(1, func(s *job.Snapshot) {
		s.Step, s.Transfer = job.StepTransferring, transfer.Snapshot{Phase: transfer.PhaseReceiving, Size: 1000, Done: 427}
	})
}

// tooLarge is a job that failed at the server.
func tooLarge(jobs *tuitest.Jobs) {
	aJob(nil, jobs)
	jobs.Change(1, func(s *job.Snapshot) {
		s.Export.ID = "exp_9"
		s.Err = &job.ExportFailedError{ID: "exp_9", Reason: "out of memory"}
	})
	jobs.Step(1, job.StepFailed)
}

func called(want string) func(*stage) bool {
	return func(s *stage) bool {
		return slices.Contains(s.jobs.Calls(), want) || slices.Contains(s.accounts.Calls(), want) ||
			slices.ContainsFunc(s.files.Calls(), func(c string) bool { return strings.HasPrefix(c, want) })
	}
}

func started(n int) func(*stage) bool {
	return func(s *stage) bool { return len(s.jobs.Started()) == n }
}

func ended(s *stage) bool {
	over, err := s.Ended()
	return over && err == nil
}

func scenes() map[string]scene {
	const dn, en, esc = tuitest.Down, tuitest.Enter, tuitest.Esc
	failed := []string{"t", en}
	checks := []string{"n", en, en}
	return map[string]scene{
		"up": {keys: []string{dn}, shows: "1 of 4"}, "down": {shows: "2 of 4"},
		"page_up": {keys: []string{"G"}, shows: "1 of 4"}, "page_down": {shows: "4 of 4"},
		"top": {keys: []string{dn}, shows: "1 of 4"}, "bottom": {shows: "4 of 4"},
		"left":  {prepare: collecting, keys: []string{"q"}, over: true, shows: "▸ Quit"},
		"right": {prepare: collecting, keys: []string{"q"}, over: true, shows: "▸ Quit"},

		"open": {shows: "makes the same export again"}, "back": {keys: []string{"n"}, shows: "→ Exports"},
		"next_field": {shows: "tab to the list"}, "prev_field": {keys: []string{"r"}, shows: "Save it in which folder?"},
		"filter": {shows: "enter keep"}, "sort": {shows: "largest first"},
		"refresh": {done: func(s *stage) bool { return s.jobs.Listed() == 2 }},

		"new": {shows: "Which format?"}, "again": {shows: "The same as a shell command"},
		"shorter": {prepare: tooLarge, keys: failed, shows: "Which date range?"},
		"fewer":   {prepare: tooLarge, keys: failed, shows: "Which data?"},
		"watch":   {prepare: collecting, keys: []string{"n"}, shows: "Collecting"},
		"start":   {keys: []string{"r"}, done: started(1)}, "download": {keys: []string{dn}, done: started(1)},

		"verify":      {done: func(s *stage) bool { return s.files.Expected.SHA256 != "" }, shows: "whole and verified"},
		"inspect":     {shows: "→ Inspect dashtray-my"},
		"open_folder": {done: called("folder /home/u/exports/dashtray-my"), shows: "Asked the desktop"},
		"delete":      {shows: "Delete this file from the disk?"},

		"pause": {prepare: receiving, keys: []string{"t"}, done: called("pause")},
		"stop":  {prepare: receiving, keys: []string{"t"}, done: called("stop")},

		"copy_path": {shows: "Sent the path"}, "copy_shell": {shows: "Sent the shell command"}, "copy_id": {shows: "Sent the export id"},

		"next":   {keys: []string{"n"}, shows: "Which date range?"},
		"toggle": {keys: checks, shows: "[ ] Metrics"}, "all": {keys: checks, shows: "[ ] Audit logs"},

		"add":          {keys: []string{"p"}, over: true, shows: "A name for the profile?"},
		"remove":       {keys: []string{"p", dn}, over: true, shows: "Remove the profile shop?"},
		"make_default": {keys: []string{"p", dn}, over: true, done: called("use shop")},
		"change_key":   {keys: []string{"p"}, over: true, shows: "→ Key"},
		"clear_field":  {keys: []string{"p", "K", "abc"}, shows: "paste it here"},

		"palette": {shows: "─ Actions "}, "transfers": {shows: "→ Transfers"}, "profiles": {shows: "─ Profiles "},
		"sessions": {shows: "Ada (you)"},
		"log":      {shows: "─ Messages "}, "mouse": {shows: "Mouse on"}, "help": {shows: "─ Help "},
		"quit": {done: ended}, "interrupt": {keys: []string{"n", esc}, done: ended},
		"suspend": {done: func(s *stage) bool { return s.suspended }},
	}
}

// Every action of the keymap does what it says where it works: by the palette,
// or by its key where no palette can be. The list is the keymap's own, so that
// an action without a scene fails.
func TestEveryAction(t *testing.T) {
	t.Parallel()
	all := scenes()
	for _, a := range keymap.Default(false).Actions() {
		sc, ok := all[a.Name]
		if !ok {
			t.Errorf("%s: no scene shows that it works", a.Name)
			continue
		}
		t.Run(a.Name, func(t *testing.T) {
			play(t, sc.prepare, func(t *testing.T, s *stage) {
				s.Keys(sc.keys...)
				if sc.shows != "" && strings.Contains(s.Screen(), sc.shows) {
					t.Fatalf("%q is on the screen before:\n%s", sc.shows, s.Screen())
				}
				if sc.over {
					s.Send(keymap.Press(a.Binding.Keys()[0]))
				} else {
					s.Keys(tuitest.CtrlP, strings.ReplaceAll(a.Name, "_", " "))
					s.NeedNot(t, "Not now")
					s.Type(tuitest.Enter)
				}
				s.Settle(time.Second)
				if sc.shows != "" {
					s.Need(t, sc.shows)
				}
				if sc.done != nil && !sc.done(s) {
					t.Errorf("nothing came of it: %q %q %q\n%s", s.jobs.Calls(), s.accounts.Calls(), s.files.Calls(), s.Screen())
				}
			})
		})
	}
	for name := range all {
		if !slices.ContainsFunc(keymap.Default(false).Actions(), func(a keymap.Action) bool { return a.Name == name }) {
			t.Errorf("%s: a scene of no action", name)
		}
	}
}
