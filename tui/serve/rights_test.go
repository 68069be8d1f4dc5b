package serve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/accountstest"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// stand is what one person works with, and what was refused and written down.
type stand struct {
	jobs     *jobs
	accounts *accounts
	files    files
	inner    *tuitest.Jobs
	refused  []error
	book     []Event
	broken   error
}

func newStand(t *testing.T, role Role) *stand {
	t.Helper()
	s := &stand{inner: tuitest.NewJobs(time.Now)}
	rights := Rights{Who: Who{Name: "Ada", Role: role}, Record: func(_ Who, e Event) error {
		s.book = append(s.book, e)
		return s.broken
	}}
	desk := NewDesk(nil)
	t.Cleanup(desk.Close)
	refused := func(err error) { s.refused = append(s.refused, err) }
	s.jobs = newJobs(s.inner, rights, desk, time.Now, refused)
	acc := accountstest.New()
	for _, name := range []string{"shop", "other"} {
		acc.Has(tui.Profile{Name: name}, tui.Account{Profile: name, Jobs: tuitest.NewJobs(time.Now)})
	}
	s.accounts = &accounts{inner: acc, start: "shop", rights: rights, desk: desk, now: time.Now, refused: refused, open: map[tui.Jobs]*jobs{}}
	s.files = files{&tuitest.Files{Report: archive.Report{OK: true}}, rights}
	return s
}

// Every action, and the least role that may do it.
func TestEveryActionNeedsItsRole(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	steer := func(do func(*stand)) func(*stand) error {
		return func(s *stand) error {
			s.inner.Start(job.Spec{ID: "exp_1"})
			do(s)
			return errors.Join(s.refused...)
		}
	}
	for name, c := range map[string]struct {
		needs Role
		do    func(*stand) error
	}{
		"list exports": {Viewer, func(s *stand) error { _, err := s.jobs.Exports(ctx); return err }},
		"project":      {Viewer, func(s *stand) error { _, err := s.jobs.Project(ctx); return err }},
		"folder":       {Viewer, func(s *stand) error { _, _, err := s.jobs.Folder(""); return err }},
		"open its own": {Viewer, func(s *stand) error { _, err := s.accounts.Open(ctx, "shop", nil); return err }},
		"export":       {Operator, steer(func(s *stand) { s.jobs.Start(job.Spec{}) })},
		"download":     {Operator, steer(func(s *stand) { s.jobs.Start(job.Spec{ID: "exp_2"}) })},
		"pause":        {Operator, steer(func(s *stand) { s.jobs.Pause(1) })},
		"resume":       {Operator, steer(func(s *stand) { s.jobs.Resume(1) })},
		"stop":         {Operator, steer(func(s *stand) { s.jobs.Stop(1) })},
		"verify": {Operator, func(s *stand) error {
			_, err := s.files.Verify(ctx, "/x", archive.Expect{}, func(_, _ int64) {})
			return err
		}},
		"inspect": {Operator, func(s *stand) error {
			_, err := s.files.Inspect(ctx, "/x", archive.Expect{}, func(_, _ int64) {})
			return err
		}},
		"delete":       {Admin, func(s *stand) error { return s.files.Remove("/x") }},
		"profiles":     {Admin, func(s *stand) error { _, err := s.accounts.Profiles(ctx); return err }},
		"open another": {Admin, func(s *stand) error { _, err := s.accounts.Open(ctx, "other", nil); return err }},
		"demo":         {Admin, func(s *stand) error { _, err := s.accounts.Demo(ctx); return ours(err) }},
		"check a key":  {Admin, func(s *stand) error { _, err := s.accounts.Check(ctx, "shop", client.NewKey("k")); return ours(err) }},
		"keep a key":   {Admin, func(s *stand) error { _, err := s.accounts.Keep(ctx, "shop", "", client.NewKey("k")); return ours(err) }},
		"add":          {Admin, func(s *stand) error { return ours(s.accounts.Add(ctx, "new", "")) }},
		"use":          {Admin, func(s *stand) error { return ours(s.accounts.Use(ctx, "other")) }},
		"remove":       {Admin, func(s *stand) error { return ours(s.accounts.Remove(ctx, "other")) }},
	} {
		for _, role := range []Role{Viewer, Operator, Admin} {
			t.Run(fmt.Sprintf("%s as %s", name, role), func(t *testing.T) {
				t.Parallel()
				s := newStand(t, role)
				err := c.do(s)
				if role >= c.needs {
					if err != nil {
						t.Errorf("refused: %v", err)
					}
					return
				}
				var refused *RefusedError
				if !errors.As(err, &refused) || refused.Needs != c.needs {
					t.Fatalf("not refused: %v", err)
				}
				if m := message.Of(err); m.Code != message.ForbiddenRole || !strings.Contains(m.Text, "as "+role.String()) || !strings.Contains(m.Hint, c.needs.String()) {
					t.Errorf("the person reads %+v", m)
				}
				if len(s.book) != 1 || s.book[0].Result != Refused || s.book[0].Action == "" {
					t.Errorf("written down: %+v", s.book)
				}
			})
		}
	}
}

// ours keeps what this package refused and drops what the fake below did.
func ours(err error) error {
	var refused *RefusedError
	if errors.As(err, &refused) {
		return err
	}
	return nil
}

func TestWhatCannotBeWrittenDownIsNotDone(t *testing.T) {
	t.Parallel()
	s := newStand(t, Admin)
	s.broken = errors.New("disk full")
	ref := s.jobs.Start(job.Spec{})
	snap, ok := s.jobs.Snapshot(ref)
	if !ok || !errors.Is(snap.Err, ErrUnrecorded) || len(s.inner.Started()) != 0 {
		t.Errorf("%v %+v", ok, snap)
	}
	if err := s.files.Remove("/x"); !errors.Is(err, ErrUnrecorded) {
		t.Errorf("removed: %v", err)
	}
}

func TestFilesStayInTheFolder(t *testing.T) {
	t.Parallel()
	for output, inside := range map[string]bool{
		"": true, "/home/u/exports": true, "/home/u/exports/": true, "/home/u/exports/../exports": true,
		"/home/u": false, "/etc/cron.d/x": false, "-": false, "../x": false, "/home/u/exports-2": false, "/home/u/exports/sub": false,
	} {
		s := newStand(t, Admin)
		ref := s.jobs.Start(job.Spec{Output: output, Force: true})
		started := s.inner.Started()
		if inside != (len(started) == 1) || inside != (ref > 0) {
			t.Errorf("%q: started %+v as %d", output, started, ref)
		}
		if inside && (started[0].Output != "" || started[0].Force) {
			t.Errorf("%q: started %+v", output, started[0])
		}
		if _, _, err := s.jobs.Folder(output); (err == nil) != inside || !inside && !errors.Is(err, ErrPlace) {
			t.Errorf("folder of %q: %v", output, err)
		}
	}
}

func TestRefusedJobs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t, Viewer)
		s.inner.Start(job.Spec{ID: "exp_1"})
		version, err := s.jobs.Wait(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		woken := make(chan uint64, 1)
		go func() {
			v, err := s.jobs.Wait(t.Context(), version)
			if err != nil {
				t.Error(err)
			}
			woken <- v
		}()
		synctest.Wait()
		ref := s.jobs.Start(job.Spec{ID: "exp_2"})
		if v := <-woken; v <= version {
			t.Errorf("version %d after %d", v, version)
		}
		list := s.jobs.List()
		if len(list) != 2 || ref >= 0 {
			t.Fatalf("%d: %+v", ref, list)
		}
		if snap, ok := s.jobs.Snapshot(ref); !ok || snap.Step != job.StepFailed || snap.Export.ID != "exp_2" {
			t.Errorf("%+v", snap)
		}
		for range 100 {
			s.jobs.Start(job.Spec{})
		}
		if n := len(s.jobs.List()); n != maxRefused+1 {
			t.Errorf("%d jobs are remembered", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		version, _ = s.jobs.Wait(ctx, 0)
		if _, err := s.jobs.Wait(ctx, version); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waited: %v", err)
		}
	})
}

// An account that was open is known again by its jobs.
func TestAnAccountStaysTheSame(t *testing.T) {
	t.Parallel()
	s := newStand(t, Admin)
	first, err1 := s.accounts.Open(context.Background(), "shop", nil)
	again, err2 := s.accounts.Open(context.Background(), "", nil)
	other, err3 := s.accounts.Open(context.Background(), "other", nil)
	if errors.Join(err1, err3) != nil || first.Jobs == other.Jobs || err2 == nil && again.Jobs != first.Jobs {
		t.Errorf("%v, %v, %v", err1, err2, err3)
	}
	if second, err := s.accounts.Open(context.Background(), "shop", nil); err != nil || second.Jobs != first.Jobs {
		t.Errorf("another one: %v", err)
	}
}

func TestFlood(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	feed := func(s string, chunk int) error {
		f := newFlood()
		at := now
		for len(s) > 0 {
			n := min(chunk, len(s))
			if err := f.check([]byte(s[:n]), at); err != nil {
				return err
			}
			s = s[n:]
			at = at.Add(time.Second)
		}
		return nil
	}
	long := strings.Repeat("a", longest+10)
	for name, c := range map[string]struct {
		in    string
		flood bool
	}{
		"an hour of typing":        {strings.Repeat("hello, wörld\r", 10_000), false},
		"arrows":                   {strings.Repeat("\x1b[A\x1bOB\x1b[1;5C", 20_000), false},
		"a mouse":                  {strings.Repeat("\x1b[<35;10;10M", 20_000), false},
		"pastes":                   {strings.Repeat("\x1b[200~"+strings.Repeat("p", 10_000)+"\x1b[201~", 20), false},
		"replies":                  {strings.Repeat("\x1b]11;rgb:0000/0000/0000\a\x1bP1$r0m\x1b\\", 10_000), false},
		"a giant paste":            {"\x1b[200~" + long, true},
		"a paste with keys in it":  {"\x1b[200~" + strings.Repeat("\x1b[A", longest/2), true},
		"a paste that only begins": {strings.Repeat("\x1b[200~", longest/4), true},
		"an OSC without end":       {"\x1b]52;c;" + long, true},
		"a DCS without end":        {"\x1bP" + long, true},
		"a CSI without end":        {"\x1b[" + strings.Repeat("1;", longest), true},
	} {
		for _, chunk := range []int{1 << 10, 1999} {
			if err := feed(c.in, chunk); (err != nil) != c.flood {
				t.Errorf("%s by %d: %v", name, chunk, err)
			}
		}
	}
	if err := newFlood().check([]byte(strings.Repeat("a", inputBurst+1)), now); err == nil {
		t.Error("a megabyte at once")
	}
}

func FuzzFlood(f *testing.F) {
	f.Add([]byte("\x1b[200~x\x1b[201~"))
	f.Add([]byte("\x1b]52;c;AAAA\a"))
	f.Fuzz(func(t *testing.T, p []byte) {
		f := newFlood()
		if err := f.check(p, time.Unix(1000, 0)); err != nil && len(p) <= longest {
			t.Errorf("%d bytes: %v", len(p), err)
		}
		// Whatever came, the end of an input ends it.
		if f.check(endSequence(), time.Unix(2000, 0)) == nil && (f.state != plain || f.paste) {
			t.Errorf("%q leaves %+v", p, f)
		}
	})
}

func TestClamp(t *testing.T) {
	t.Parallel()
	for in, want := range map[[2]uint32]Size{
		{80, 24}: {80, 24}, {0, 0}: {80, 24}, {1, 1}: {20, 5}, {20, 5}: {20, 5}, {1 << 31, 1<<32 - 1}: {500, 200}, {500, 200}: {500, 200}, {0, 50}: {80, 24},
	} {
		if got := Clamp(in[0], in[1]); got != want {
			t.Errorf("%v: %v", in, got)
		}
	}
}

func TestEnv(t *testing.T) {
	t.Parallel()
	var e Env
	for name, c := range map[string]struct {
		value string
		taken bool
	}{
		"LANG": {"de_DE.UTF-8@euro", true}, "LC_ALL": {"", true}, "TZ": {"Europe/Berlin", true}, "COLORTERM": {"truecolor", true}, "NO_COLOR": {"1", true},
		"LC_TIME": {"a b", false}, "LC_X\n": {"C", false}, "TMUX": {"x", false}, "HOME": {"/", false}, "SHELL": {"sh", false}, "lang": {"C", false},
		"LC_MONETARY": {"\x1b[2J", false}, "LC_PAPER": {strings.Repeat("x", 300), false},
	} {
		if got := e.Set(name, c.value); got != c.taken {
			t.Errorf("%q=%q: taken %v", name, c.value, got)
		}
	}
	e.Set("LANG", "C")
	if e.Get("LANG") != "C" || e.Get("HOME") != "" || len(e.List()) != 5 {
		t.Errorf("%q", e.List())
	}
}

func TestParseRole(t *testing.T) {
	t.Parallel()
	for _, r := range []Role{Viewer, Operator, Admin} {
		if got, err := ParseRole(r.String()); got != r || err != nil {
			t.Errorf("%s: %v, %v", r, got, err)
		}
	}
	for _, s := range []string{"", "root", "Admin", "admin "} {
		if r, err := ParseRole(s); err == nil || r != Viewer {
			t.Errorf("%q: %v", s, r)
		}
	}
}
