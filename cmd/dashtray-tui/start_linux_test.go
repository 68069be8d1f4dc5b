package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"
)

// What a person waits for, measured on the built program in a real
// pseudo-terminal that answers no question: `make bench`.

// BenchmarkVersion is the time of `dashtray-tui version`, from start to end. At most 20 ms.
func BenchmarkVersion(b *testing.B) {
	bin := buildProgram(b)
	var times []time.Duration
	for b.Loop() {
		p := startProgram(b, bin, "version")
		p.readFor(b, 10*time.Second)
		times = append(times, time.Since(p.started))
		p.end(b)
	}
	reportTimes(b, times, 20*time.Millisecond)
}

// BenchmarkFirstFrame is the time from the start of the console to the first
// text on the terminal. At most 50 ms.
func BenchmarkFirstFrame(b *testing.B) {
	bin := buildProgram(b)
	var times []time.Duration
	for b.Loop() {
		p := startProgram(b, bin, "--demo")
		if !p.readUntil(b, 10*time.Second, showsText) {
			b.Fatal("no text on the terminal after 10 s")
		}
		times = append(times, time.Since(p.started))
		p.end(b)
	}
	reportTimes(b, times, 50*time.Millisecond)
}

// BenchmarkIdle is what the console writes when nothing happens, watched from
// two quiet seconds on, a quarter of a second each turn. It must be nothing.
func BenchmarkIdle(b *testing.B) {
	const rest, turn = 2 * time.Second, 250 * time.Millisecond
	p := startProgram(b, buildProgram(b), "--demo")
	defer p.end(b)
	for deadline, before := time.Now().Add(30*time.Second), -1; len(p.got) != before; {
		if time.Now().After(deadline) {
			b.Fatal("the console never came to rest")
		}
		before = len(p.got)
		p.readFor(b, rest)
	}
	if !showsText(p.got) {
		b.Fatal("the console came to rest without a text")
	}
	before, turns := len(p.got), 0
	for b.Loop() {
		p.readFor(b, turn)
		turns++
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(p.got)-before)/(float64(turns)*turn.Seconds()), "B/s")
}

// BenchmarkTransferScreen is what the console writes while a file arrives and
// the screen shows it, half a second each turn. At most 1,500 B/s.
func BenchmarkTransferScreen(b *testing.B) {
	const turn = 500 * time.Millisecond
	bin := buildProgram(b)
	url, key := startSandbox(b, bin, "--records", "400000", "--speed", "1000", "--fault", "slow=300K")
	p := startWith(b, bin, []string{"DASHTRAY_API_URL=" + url, "DASHTRAY_API_KEY=" + key})
	defer p.end(b)
	for _, step := range []struct{ see, keys string }{
		{"No exports yet", "n\r\x1b[B\x1b[B\x1b[B\r\r"}, // all time, all data
		{"free in", "\r"},
		{"shell command", "\r"},
		{"Receiving", ""},
	} {
		if !p.readUntil(b, 30*time.Second, func(got []byte) bool {
			return strings.Contains(ansi.Strip(string(got)), step.see)
		}) {
			b.Fatalf("no %q on the terminal after 30 s", step.see)
		}
		if _, err := p.terminal.WriteString(step.keys); err != nil {
			b.Fatal(err)
		}
	}
	p.readFor(b, 2*time.Second)
	before, turns := len(p.got), 0
	for b.Loop() {
		p.readFor(b, turn)
		turns++
	}
	if strings.Contains(ansi.Strip(string(p.got)), "verified") {
		b.Fatal("the file was there before the end")
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(p.got)-before)/(float64(turns)*turn.Seconds()), "B/s")
	b.ReportMetric(1500, "limit-B/s")
}

// startSandbox serves the sandbox until the end of the benchmark.
func startSandbox(b *testing.B, bin string, args ...string) (url, key string) {
	b.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), bin, append([]string{"sandbox"}, args...)...)
	home := b.TempDir()
	cmd.Env = []string{"HOME=" + home, "TMPDIR=" + home}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended by itself
		_ = cmd.Wait()
	})
	var doc struct {
		URL  string
		Keys struct{ Owner string }
	}
	if err := json.NewDecoder(out).Decode(&doc); err != nil {
		b.Fatalf("read the sandbox's document: %v", err)
	}
	return doc.URL, doc.Keys.Owner
}

func reportTimes(b *testing.B, times []time.Duration, limit time.Duration) {
	slices.Sort(times)
	b.ReportMetric(0, "ns/op")
	for name, d := range map[string]time.Duration{
		"median-ms": times[len(times)/2], "worst-ms": times[len(times)-1], "limit-ms": limit,
	} {
		b.ReportMetric(float64(d.Microseconds())/1000, name)
	}
}

// showsText reports whether the alternate screen is open and has a letter on it.
func showsText(got []byte) bool {
	_, screen, open := bytes.Cut(got, []byte("\x1b[?1049h"))
	return open && strings.ContainsFunc(ansi.Strip(string(screen)), unicode.IsLetter)
}

// buildProgram builds the program as `make build` does.
func buildProgram(b *testing.B) string {
	b.Helper()
	bin := filepath.Join(b.TempDir(), "dashtray-tui")
	cmd := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", bin, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// program runs on a pseudo-terminal of 80×24.
type program struct {
	cmd      *exec.Cmd
	terminal *os.File
	started  time.Time
	got      []byte // all that it has written
}

func startProgram(b *testing.B, bin string, args ...string) *program {
	b.Helper()
	return startWith(b, bin, nil, args...)
}

func startWith(b *testing.B, bin string, env []string, args ...string) *program {
	b.Helper()
	terminal, line := openTerminal(b, 80, 24)
	home := b.TempDir()
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), bin, args...)
	cmd.Dir = home
	cmd.Env = append([]string{
		"HOME=" + home, "TERM=xterm-256color", "LANG=C.UTF-8", "PATH=" + os.Getenv("PATH"),
		"XDG_CONFIG_HOME=" + home, "XDG_STATE_HOME=" + home, "XDG_DATA_HOME=" + home, "XDG_CACHE_HOME=" + home,
	}, env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = line, line, line
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p := &program{cmd: cmd, terminal: terminal, started: time.Now()}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	if err := line.Close(); err != nil {
		b.Fatal(err)
	}
	return p
}

// readUntil reads what the program writes until enough says so (true), the
// program ends or the time is up (false).
func (p *program) readUntil(b *testing.B, limit time.Duration, enough func([]byte) bool) bool {
	b.Helper()
	if err := p.terminal.SetReadDeadline(time.Now().Add(limit)); err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := p.terminal.Read(buf)
		p.got = append(p.got, buf[:n]...)
		if enough(p.got) {
			return true
		}
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.EIO) {
			return false // EIO: the other side is closed
		}
		if err != nil {
			b.Fatalf("read the terminal: %v", err)
		}
	}
}

// readFor reads for that long, or until the program ends.
func (p *program) readFor(b *testing.B, d time.Duration) {
	b.Helper()
	p.readUntil(b, d, func([]byte) bool { return false })
}

func (p *program) end(b *testing.B) {
	b.Helper()
	_ = p.cmd.Process.Kill() // it may have ended by itself
	_ = p.cmd.Wait()
	if err := p.terminal.Close(); err != nil {
		b.Fatal(err)
	}
}

// openTerminal opens a pseudo-terminal: our side, and the program's.
func openTerminal(b *testing.B, width, height uint16) (ours, line *os.File) {
	b.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		b.Fatal(err)
	}
	name, err := unlockTerminal(ours, width, height)
	if err != nil {
		b.Fatal(err)
	}
	line, err = os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		b.Fatal(err)
	}
	return ours, line
}

// unlockTerminal sets the size and gives the name of the program's side. It
// goes by SyscallConn because File.Fd would make the file block for good, and
// with that the read deadlines void.
func unlockTerminal(f *os.File, width, height uint16) (name string, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return "", err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed != nil {
			return
		}
		if failed = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height}); failed != nil {
			return
		}
		var n int
		if n, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); failed == nil {
			name = "/dev/pts/" + strconv.Itoa(n)
		}
	})
	if err := errors.Join(err, failed); err != nil {
		return "", fmt.Errorf("set up %s: %w", f.Name(), err)
	}
	return name, nil
}
