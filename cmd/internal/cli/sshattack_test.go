package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pkg/sftp"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
)

// sshAs does something as a client of the served console; what it is told is
// then in ssh.out, why it failed in ssh.err: [!] ssh WHO VERB [ARG…].
//
//	login [OPTION…]            logs in, and out again
//	run COMMAND [OPTION…]      runs a command
//	console NAME [OPTION…]     opens a console; sees and types are about it then
//	channel, request, global, subsystem NAME    asks for what there is not
//	flood env|sizes|channels|sessions           until the server has enough
//	get FILE, put FILE, list                    by SFTP
func sshAs(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] ssh WHO VERB [ARG…]")
	}
	f, who, verb, args := worldOf(ts).far, args[0], args[1], args[2:]
	if f.keys[who] == nil {
		ts.Fatalf("there is nobody called %s", who)
	}
	var out bytes.Buffer
	err := f.attempt(who, verb, args, &out)
	said := ""
	if err != nil {
		said = err.Error() + "\n"
	}
	work := ts.Getenv("WORK")
	ts.Check(errors.Join(
		os.WriteFile(filepath.Join(work, "ssh.out"), out.Bytes(), 0o600), os.WriteFile(filepath.Join(work, "ssh.err"), []byte(said), 0o600)))
	if neg != (err != nil) {
		ts.Fatalf("ssh %s %s: %v\n%s", who, verb, err, out.Bytes())
	}
}

// attempt does what sshAs says.
func (f *far) attempt(who, verb string, args []string, out io.Writer) error {
	name := ""
	if verb != "login" && verb != "list" {
		if len(args) == 0 {
			return fmt.Errorf("%s takes a name", verb)
		}
		name, args = args[0], args[1:]
	}
	o, err := options(args)
	if err != nil {
		return err
	}
	if verb == "console" {
		f.screens[name], err = f.console(who, o)
		return err
	}
	c, err := f.dial(who, o)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if verb == "flood" {
		return flood(c, name, out)
	}
	do := map[string]func(*farClient, string, io.Writer) error{
		"login": func(*farClient, string, io.Writer) error { return nil },
		"run":   runFar, "channel": askChannel, "request": askRequest, "global": askGlobal, "subsystem": askSubsystem,
		"get": fetch, "put": place, "list": listFar,
	}[verb]
	if do == nil {
		return fmt.Errorf("there is no verb %s", verb)
	}
	return c.try(func() error { return do(c, name, out) })
}

// runFar runs a command; an exit code that is not 0 is an error that names it.
func runFar(c *farClient, command string, out io.Writer) error {
	s, err := c.NewSession()
	if err != nil {
		return err
	}
	var said bytes.Buffer
	s.Stdout, s.Stderr = out, &said
	err = s.Run(command)
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("exit code %d: %s", exit.ExitStatus(), said.Bytes())
	}
	return err
}

func askChannel(c *farClient, kind string, _ io.Writer) error {
	_, _, err := c.OpenChannel(kind, nil)
	return err
}

func refusedUnless(ok bool, err error) error {
	if err == nil && !ok {
		return errors.New("refused")
	}
	return err
}

func askRequest(c *farClient, kind string, _ io.Writer) error {
	s, err := c.NewSession()
	if err != nil {
		return fmt.Errorf("no session: %w", err)
	}
	return refusedUnless(s.SendRequest(kind, true, nil))
}

func askGlobal(c *farClient, kind string, _ io.Writer) error {
	ok, _, err := c.SendRequest(kind, true, ssh.Marshal(struct {
		Addr string
		Port uint32
	}{"127.0.0.1", 0}))
	return refusedUnless(ok, err)
}

func askSubsystem(c *farClient, kind string, _ io.Writer) error {
	s, err := c.NewSession()
	if err != nil {
		return fmt.Errorf("no session: %w", err)
	}
	return s.RequestSubsystem(kind)
}

// most is how often a flood is answered at most before the server has enough.
const most = 300

// flood asks for more and more of something, until the server ends the
// connection or refuses. It is an error if it never does.
func flood(c *farClient, what string, out io.Writer) error {
	var once func(int) error
	switch what {
	case "env":
		ch, reqs, err := c.OpenChannel("session", nil)
		if err != nil {
			return err
		}
		go ssh.DiscardRequests(reqs)
		once = func(i int) error {
			_, err := ch.SendRequest("env", true, ssh.Marshal(struct{ Name, Value string }{fmt.Sprintf("LC_%d", i), strings.Repeat("C", 200)}))
			return err
		}
	case "channels":
		once = func(int) error {
			_, _, err := c.OpenChannel("direct-tcpip", nil)
			var no *ssh.OpenChannelError
			if errors.As(err, &no) {
				return nil // an answer
			}
			return err
		}
	case "sessions":
		once = func(int) error {
			s, err := c.NewSession()
			if err != nil {
				return err
			}
			_ = s.Close()
			return nil
		}
	default:
		return fmt.Errorf("there is no flood of %s", what)
	}
	for i := range 10_000 {
		if err := c.try(func() error { return once(i) }); err != nil {
			if i > most {
				return fmt.Errorf("%d were answered before: %w", i, err)
			}
			_, err = fmt.Fprintf(out, "%d were answered: %v\n", i, err)
			return err
		}
	}
	return errors.New("it never had enough")
}

func withFiles(c *farClient, do func(*sftp.Client) error) error {
	files, err := sftp.NewClient(c.Client)
	if err != nil {
		return err
	}
	return errors.Join(do(files), files.Close())
}

func fetch(c *farClient, path string, out io.Writer) error {
	return withFiles(c, func(files *sftp.Client) error {
		f, err := files.Open(path)
		if err != nil {
			return err
		}
		_, err = f.WriteTo(out)
		return errors.Join(err, f.Close())
	})
}

func place(c *farClient, path string, _ io.Writer) error {
	return withFiles(c, func(files *sftp.Client) error {
		_, err := files.Create(path)
		return err
	})
}

func listFar(c *farClient, _ string, out io.Writer) error {
	return withFiles(c, func(files *sftp.Client) error {
		entries, err := files.ReadDir("/")
		for _, e := range entries {
			_, _ = fmt.Fprintln(out, e.Name())
		}
		return err
	})
}

// knocks opens connections that say nothing, until the script ends: knocks 20.
// It checks how many of them the server speaks to: knocks 20 16.
func knocks(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: knocks COUNT ANSWERED")
	}
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	answered := 0
	for range count {
		nc, err := new(net.Dialer).DialContext(context.Background(), "tcp", worldOf(ts).far.addr)
		ts.Check(err)
		ts.Defer(func() { _ = nc.Close() })
		if _, err := nc.Read(make([]byte, 1)); err == nil {
			answered++
		}
	}
	if want := args[1]; strconv.Itoa(answered) != want {
		ts.Fatalf("%d of %d were answered, not %s", answered, count, want)
	}
}

// keptOut has somebody fail to log in until somebody else of the same address,
// whose key is right, is not let in either: keptout STRANGER VIEWER.
func keptOut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keptout STRANGER VIEWER")
	}
	f := worldOf(ts).far
	for n := range 20 {
		if c, err := f.dial(args[0], nil); err == nil {
			_ = c.Close()
			ts.Fatalf("%s is in", args[0])
		}
		c, err := f.dial(args[1], nil)
		if err != nil {
			ts.Logf("%s is kept out after %d failures: %v", args[1], n+1, err)
			return
		}
		_ = c.Close()
	}
	ts.Fatalf("nobody is kept out")
}

// auditLog fills the audit log with lines, few of them in a file: auditlog 12.
func auditLog(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: auditlog LINES")
	}
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	clock := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) } // so that all lines are as long
	log, err := sshd.OpenAudit(filepath.Join(ts.Getenv("XDG_STATE_HOME"), "dashtray-tui", "serve", "audit.jsonl"), clock, 1400)
	ts.Check(err)
	for range count {
		ts.Check(log.Append(sshd.Entry{Action: "login"}))
	}
	ts.Check(log.Close())
}

// audited waits until so many lines of the audit log are like that, and checks
// that there are not more: audited 2 PATTERN.
func audited(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: audited COUNT PATTERN")
	}
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	pattern, err := regexp.Compile("(?m)^.*" + args[1])
	ts.Check(err)
	path := filepath.Join(ts.Getenv("XDG_STATE_HOME"), "dashtray-tui", "serve", "audit.jsonl")
	found := 0
	waitFor(ts, fmt.Sprintf("%d lines with %s in the audit log", count, args[1]), func() bool {
		found = len(pattern.FindAllString(ts.ReadFile(path), -1))
		return found >= count
	})
	if found != count {
		ts.Fatalf("%d lines have %s", found, args[1])
	}
}

// tame checks that nothing in a file would do anything to a terminal, nor
// in the strings of its lines where those are JSON: tame FILE….
func tame(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: tame FILE…")
	}
	for _, file := range args {
		b, err := os.ReadFile(ts.MkAbs(file))
		ts.Check(err)
		if len(b) == 0 {
			ts.Fatalf("%s is empty", file)
		}
		for line := range strings.Lines(string(b)) {
			words := []string{strings.TrimSuffix(line, "\n")}
			var object map[string]any
			if json.Unmarshal([]byte(line), &object) == nil {
				for _, v := range object {
					words = append(words, fmt.Sprint(v))
				}
			}
			if i := slices.IndexFunc(words, dangerous); i >= 0 {
				ts.Fatalf("%s has %q", file, words[i])
			}
		}
	}
}

// dangerous are control characters and those that turn the direction of text.
func dangerous(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
	})
}

// neverSent checks that none of the texts, which may have escapes of Go, was
// ever sent to a console: neversent CONSOLE TEXT….
func neverSent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: neversent CONSOLE TEXT…")
	}
	raw := worldOf(ts).far.screen(ts, args[0]).raw()
	for _, text := range args[1:] {
		want, err := strconv.Unquote(`"` + text + `"`)
		ts.Check(err)
		if bytes.Contains(raw, []byte(want)) {
			ts.Fatalf("%s was sent %q", args[0], want)
		}
	}
}

// resized changes the size of a console's terminal, as often as it says:
// resized CONSOLE WIDTHxHEIGHT TIMES.
func resized(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: resized CONSOLE WIDTHxHEIGHT TIMES")
	}
	var w, h, times int
	_, err := fmt.Sscanf(args[1]+" "+args[2], "%dx%d %d", &w, &h, &times)
	ts.Check(err)
	s := worldOf(ts).far.screen(ts, args[0])
	for range times {
		ts.Check(s.session.WindowChange(h, w))
	}
}

// peak checks how much memory the server had at most, in MiB: peak 300. It is
// found by its arguments and a variable of the script; only Linux tells.
func peak(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: peak MIB")
	}
	limit, err := strconv.Atoi(args[0])
	ts.Check(err)
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	ts.Check(err)
	for _, line := range lines {
		b, err := os.ReadFile(line)
		env, err2 := os.ReadFile(filepath.Join(filepath.Dir(line), "environ"))
		if err != nil || err2 != nil || !bytes.Contains(b, []byte("\x00serve\x00")) || !bytes.Contains(env, []byte(printed+"="+ts.Getenv(printed)+"\x00")) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(line), "status"))
		ts.Check(err)
		var kib int
		_, most, _ := strings.Cut(string(status), "VmHWM:")
		_, err = fmt.Sscan(most, &kib)
		ts.Check(err)
		ts.Logf("the server had %d MiB at most", kib>>10)
		if kib>>10 >= limit {
			ts.Fatalf("the server had %d MiB", kib>>10)
		}
		return
	}
	ts.Fatalf("the server is not found")
}
