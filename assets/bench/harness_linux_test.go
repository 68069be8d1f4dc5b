// Package bench measures the program beside the tools that people use today:
// the same file, the same server (nginx on loopback), the same run, rounds
// interleaved, medians. `make bench` runs it; nothing asserts on a time.
package bench

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"
)

// rounds that count; one more warms up.
const rounds = 5

// onDemand skips unless `make bench` asks for the comparisons: they take
// minutes, gigabytes, and other people's programs.
func onDemand(t *testing.T, tools ...string) {
	t.Helper()
	if os.Getenv("DASHTRAY_BENCH") == "" {
		t.Skip("set DASHTRAY_BENCH=1, or run make bench")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
}

// build makes a program of this module.
func build(t *testing.T, dir, pkg string) string {
	t.Helper()
	bin := filepath.Join(dir, filepath.Base(pkg))
	run(t, "../..", "go", "build", "-o", bin, pkg)
	return bin
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// contestant is one line of a table: a shell line that makes a result anew.
type contestant struct {
	name string
	line string // for sh -e; $OUT is a folder that is empty before each round
	env  []string
}

// sample is what one round cost.
type sample struct {
	wall, cpu time.Duration
	rss       int64 // bytes, the largest of its processes
}

type samples []sample

func (s samples) median(of func(sample) float64) float64 {
	v := make([]float64, len(s))
	for i := range s {
		v[i] = of(s[i])
	}
	slices.Sort(v)
	return v[len(v)/2]
}

func (s samples) wall() float64 { return s.median(func(x sample) float64 { return x.wall.Seconds() }) }

func (s samples) cpu() float64 { return s.median(func(x sample) float64 { return x.cpu.Seconds() }) }

func (s samples) rss() float64 { return s.median(func(x sample) float64 { return float64(x.rss) }) }

// race runs everybody in turn, so that a noisy minute hits all of them.
func race(t *testing.T, dir string, who []contestant) map[string]samples {
	t.Helper()
	out := map[string]samples{}
	for round := range rounds + 1 {
		for _, c := range who {
			s := once(t, dir, c)
			if round > 0 {
				out[c.name] = append(out[c.name], s)
			}
		}
	}
	return out
}

func once(t *testing.T, dir string, c contestant) sample {
	t.Helper()
	target := filepath.Join(dir, "out")
	if err := os.RemoveAll(target); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(target, 0o700); err != nil {
		t.Fatal(err)
	}
	// What the last one left to be written must not be this one's burden.
	syscall.Sync()
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", c.line)
	cmd.Env = append(append(os.Environ(), "OUT="+target, "LC_ALL=C"), c.env...)
	cmd.Dir = target
	var said strings.Builder
	cmd.Stderr = &said
	start := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", c.name, err, said.String())
	}
	wall := time.Since(start)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("the system tells no usage")
	}
	return sample{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss << 10}
}

// table prints everybody beside the first.
func table(t *testing.T, title string, who []contestant, got map[string]samples) {
	t.Helper()
	base := got[who[0].name]
	fmt.Printf("\n%s (medians of %d, interleaved)\n", title, rounds)
	w := tabwriter.NewWriter(os.Stdout, 2, 8, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "wall s\tCPU s\tRSS MiB\t× wall\t× CPU\t\t")
	for _, c := range who {
		s := got[c.name]
		_, _ = fmt.Fprintf(w, "%.2f\t%.2f\t%.0f\t%.2f\t%.2f\t\t%s\n",
			s.wall(), s.cpu(), s.rss()/(1<<20), s.wall()/base.wall(), s.cpu()/base.cpu(), c.name)
	}
	_ = w.Flush()
}

// web starts nginx on loopback with these locations and gives its address.
func web(t *testing.T, dir, locations string) string {
	t.Helper()
	var free net.ListenConfig
	l, err := free.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	home := filepath.Join(dir, "nginx")
	if err := os.MkdirAll(filepath.Join(home, "tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	conf := strings.NewReplacer("ADDR", addr, "LOCATIONS", strings.ReplaceAll(locations, "ADDR", addr), "USER", user()).Replace(nginxConf)
	if err := os.WriteFile(filepath.Join(home, "nginx.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "nginx", "-p", home+"/", "-c", "nginx.conf", "-e", "error.log", "-g", "daemon off;")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) } // its workers end with it
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	for range 200 {
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", addr)
		if err == nil {
			_ = c.Close()
			return "http://" + addr
		}
		wait(t, 50*time.Millisecond)
	}
	t.Fatal("nginx does not answer")
	return ""
}

func wait(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

// user keeps nginx's workers from becoming somebody who cannot read the files.
func user() string {
	if os.Geteuid() == 0 {
		return "user root;"
	}
	return ""
}

const nginxConf = `USER
pid nginx.pid;
worker_processes 2;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path tmp/body; proxy_temp_path tmp/proxy; fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi; scgi_temp_path tmp/scgi;
  sendfile on;
  default_type application/json;
  server {
    listen ADDR;
    LOCATIONS
  }
}
`
