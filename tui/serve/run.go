package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/screen/sessions"
)

// Why a session ends that nobody quit.
var (
	ErrIdle     = errors.New("no key was pressed for too long")
	ErrLongest  = errors.New("the session lasted as long as one may")
	ErrStopping = errors.New("the server stops")
	ErrRevoked  = errors.New("the key is no longer allowed, or its role has changed")
	ErrFault    = errors.New("the program had a fault; other sessions go on")
)

// drainTime is how long the end of a program waits for the end of its input.
const drainTime = 2 * time.Second

// frames a second, at most: people look from afar, and every frame is traffic.
const frames = 20

// resizeEvery is the least time between two sizes that are drawn.
const resizeEvery = 50 * time.Millisecond

// Options of a session.
type Options struct {
	Rights Rights
	Desk   *Desk
	// Doing is told what the person looks at; nil is nobody.
	Doing func(string)
	// Sessions are those who are connected, for an admin; nil is none to tell of.
	Sessions func() []Session
	// Fetch is the command that fetches files, such as "sftp -P 2222 host"; the
	// file's name follows a colon. "" is none.
	Fetch string
	// Idle is how long the person may type nothing, Longest how long a session
	// may last; 0 is for ever. Both are told on the screen before they end it.
	Idle, Longest time.Duration
	// JobsEnd: the jobs are this session's own and end with it. Otherwise they
	// are the server's, go on, and nobody is asked before he leaves them.
	JobsEnd bool
}

// Run shows a console on a terminal until the person quits it (nil), the client
// is gone (nil), or ctx ends (its cause). d is what the console is made of as
// if the person sat at the server; Run takes from it what the role does not
// have. It ends no job.
func Run(ctx context.Context, t Terminal, d tui.Deps, o Options) error {
	if term := t.Env.Get("TERM"); term == "" || term == "dumb" {
		return ErrNoTerminal
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := &session{o: o, stop: stop, log: d.Log}
	s.in = newInput(t.In, func() { stop(ErrFlood) }, s.guard)
	defer s.in.end()

	m := tui.New(s.limit(d, t.Env))
	defer m.Close()
	// The program's own context ends only when its input had time to.
	running, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	s.program = tea.NewProgram(
		&shown{m: m, doing: o.Doing, size: t.Size},
		tea.WithContext(running), tea.WithInput(s.in), tea.WithOutput(newCooked(t.Out)),
		tea.WithEnvironment(t.Env.List()), tea.WithColorProfile(profile(t.Env)),
		tea.WithWindowSize(t.Size.Width, t.Size.Height), tea.WithFPS(frames),
		tea.WithoutSignalHandler(), tea.WithFilter(s.in.filter),
	)
	var beside sync.WaitGroup
	over := make(chan struct{})
	for _, do := range []func(){
		func() { s.resize(over, t.Sizes) }, func() { s.watchTime(ctx) }, func() { s.drain(ctx, over, kill) },
	} {
		beside.Go(func() {
			defer s.guard()
			do()
		})
	}
	_, err := s.program.Run()
	ended := context.Cause(ctx)
	close(over)
	stop(nil)
	beside.Wait()
	switch {
	case ended != nil:
		_, _ = io.WriteString(t.Out, "The session was ended: "+text.Untrusted(ended.Error()).Safe()+".\r\n"+s.whatStays(ended)) // the client may be gone
		return ended
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("run the console: %w", err)
	}
	_, _ = io.WriteString(t.Out, s.whatStays(nil))
	return nil // an input that ended, or a client that is gone
}

// ErrNoTerminal is a session without a terminal that a console can be drawn on.
// With OpenSSH it takes ssh -t.
var ErrNoTerminal = errors.New("the console needs a terminal: ssh -t")

// session is one console that runs.
type session struct {
	o       Options
	in      *input
	stop    context.CancelCauseFunc
	program *tea.Program
	jobs    func() []job.Snapshot // that the person knows of
	log     *slog.Logger          // may be nil
}

// guard is deferred where a panic would end the server: it ends this session.
// Bubble Tea does the same for what runs in the program.
func (s *session) guard() {
	v := recover()
	if v == nil {
		return
	}
	if s.log != nil {
		s.log.Error("panic", "in", "a console", "value", text.Untrusted(fmt.Sprint(v)).Safe(), "stack", string(debug.Stack()))
	}
	s.stop(ErrFault)
}

// limit is d as the role has it.
func (s *session) limit(d tui.Deps, env Env) tui.Deps {
	now := d.Now
	if now == nil {
		now = time.Now
	}
	if d.Jobs != nil {
		d.Jobs = newJobs(d.Jobs, s.o.Rights, s.o.Desk, now, s.refused)
		s.jobs = d.Jobs.List
	}
	if d.Accounts != nil {
		a := &accounts{
			inner: d.Accounts, start: d.StartProfile, rights: s.o.Rights, desk: s.o.Desk, now: now,
			refused: s.refused, open: map[tui.Jobs]*jobs{},
		}
		d.Accounts, s.jobs = a, a.jobs
	}
	if d.Files != nil {
		d.Files = files{d.Files, s.o.Rights}
	}
	if s.o.Sessions != nil {
		d.Sessions = s.sessions
	}
	if fetch := s.o.Fetch; fetch != "" && s.o.Rights.Who.Role >= Operator {
		d.Fetch = func(file string) string { return fetch + ":" + filepath.Base(file) }
	}
	if zone := env.Get("TZ"); zone != "" {
		if loc, err := time.LoadLocation(zone); err == nil {
			d.Location = loc
		}
	}
	d.Role = s.o.Rights.Who.Role.String()
	d.Remote, d.Env, d.Home, d.JobsStay = true, env.List(), "", !s.o.JobsEnd
	return d
}

// sessions tells an admin who is connected.
func (s *session) sessions() ([]sessions.Session, error) {
	if s.o.Rights.Who.Role < Admin {
		return nil, s.o.Rights.Allow(Admin, "see who is connected", Event{Action: "sessions"})
	}
	all := s.o.Sessions()
	out := make([]sessions.Session, len(all))
	for i, x := range all {
		out[i] = sessions.Session{
			ID: x.ID, Name: x.Who.Name, Role: x.Who.Role.String(), From: x.Who.From, Key: x.Who.Key,
			Since: x.Since, Doing: x.Doing, Own: x.Who.Session == s.o.Rights.Who.Session,
		}
	}
	return out, nil
}

// refused tells the person. A job service's methods may be called from where
// the program waits, so it is told from elsewhere.
func (s *session) refused(err error) {
	said := message.Of(err)
	s.tell(nav.Failure, text.Untrusted(said.Text+" "+said.Hint).Safe())
}

// tell shows a notice. It does not wait: a client that reads nothing holds its
// program up.
func (s *session) tell(level nav.Level, words string) {
	go s.program.Send(nav.Toast{Level: level, Text: words})
}

// drain ends the program when ctx or the input ends, and by force if that takes
// too long.
func (s *session) drain(ctx context.Context, over <-chan struct{}, kill func()) {
	select {
	case <-over:
		return
	case <-ctx.Done():
		s.in.end()
	case <-s.in.stop:
	}
	late := time.NewTimer(drainTime)
	defer late.Stop()
	select {
	case <-over:
	case <-late.C:
		kill()
	}
}

// resize draws the newest size, not every one: a client may send thousands.
func (s *session) resize(over <-chan struct{}, sizes <-chan Size) {
	for {
		select {
		case <-over:
			return
		case size, ok := <-sizes:
			if !ok {
				return
			}
			s.program.Send(tea.WindowSizeMsg{Width: size.Width, Height: size.Height})
		}
		pause := time.NewTimer(resizeEvery)
		select {
		case <-over:
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

// warnings are when a session's end is told beforehand: each stays on the screen
// until about the next, and the last seconds are counted down.
func warnings() []time.Duration {
	out := []time.Duration{time.Minute, 50 * time.Second, 40 * time.Second, 30 * time.Second, 20 * time.Second, 10 * time.Second}
	for left := 5 * time.Second; left > 0; left -= time.Second {
		out = append(out, left)
	}
	return out
}

// watchTime ends the session when nobody types, and when it lasted too long.
func (s *session) watchTime(ctx context.Context) {
	begun := time.Now()
	var warned time.Duration // the last warning that was given for this end
	var end time.Time
	for {
		next, why := s.ends(begun)
		if next.IsZero() {
			return
		}
		if !next.Equal(end) {
			end, warned = next, 0
		}
		left := time.Until(end)
		if left <= 0 {
			s.stop(why)
			return
		}
		wait := left
		for _, w := range warnings() {
			if left > w {
				wait = min(wait, left-w)
				continue
			}
			if warned == 0 || w < warned {
				warned = w
				s.tell(nav.Warning, fmt.Sprintf("This session ends in %.0f s: %s.", left.Seconds(), why))
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// ends is when the session ends as things stand, and why.
func (s *session) ends(begun time.Time) (at time.Time, why error) {
	if s.o.Idle > 0 {
		at, why = s.in.last().Add(s.o.Idle), ErrIdle
	}
	if s.o.Longest > 0 {
		if last := begun.Add(s.o.Longest); at.IsZero() || last.Before(at) {
			at, why = last, ErrLongest
		}
	}
	return at, why
}

// whatStays is the last that a person reads, on the restored screen, while
// something runs: what comes of it now.
func (s *session) whatStays(ended error) string {
	switch {
	case s.jobs == nil || !nav.Running(s.jobs()):
		return ""
	case s.o.JobsEnd, errors.Is(ended, ErrStopping):
		return "What has arrived of a file is kept; download it again to go on from there.\r\n"
	}
	return "What runs goes on at the server; open the console again to see it.\r\n"
}

// profile is the colours of a terminal, by what the client says of it: its
// output is no terminal of this machine, so there is nothing else to go by.
func profile(env Env) colorprofile.Profile {
	if env.Get("NO_COLOR") != "" {
		return colorprofile.ASCII
	}
	return colorprofile.Env(env.List())
}

// shown is a console that is watched: what the person looks at is told.
type shown struct {
	m     *tui.Model
	doing func(string)
	size  Size // at the start
	at    string
}

// Init gives the model its size before anything else can come: Bubble Tea's own
// message of it has no place before keys that were typed ahead, and a console
// without a size takes none.
func (s *shown) Init() tea.Cmd {
	_, sized := s.m.Update(tea.WindowSizeMsg{Width: s.size.Width, Height: s.size.Height})
	return tea.Batch(sized, s.m.Init())
}

func (s *shown) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := s.m.Update(msg)
	if at := s.m.Where(); at != s.at && s.doing != nil {
		s.at = at
		s.doing(text.Untrusted(at).SafeN(60))
	}
	return s, cmd
}

func (s *shown) View() tea.View { return s.m.View() }
