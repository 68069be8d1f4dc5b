package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/config/secret"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// How a finding stands.
const (
	findingOK      = "ok"
	findingWarning = "warning" // works, with a disadvantage
	findingProblem = "problem" // something will not work
)

// finding is one line of doctor.
type finding struct {
	Name    string  `json:"name"`
	State   string  `json:"state"`
	Message string  `json:"message"`
	Hint    *string `json:"hint"`
}

type doctorDocument struct {
	OK       bool      `json:"ok"`
	Findings []finding `json:"findings"`
}

// skewLimit is how far the clock may be off before links and ranges suffer.
const skewLimit = 2 * time.Minute

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Tell what works here and what does not",
		Long: "Tell what works here and what does not: the API and its answer, the clock, the\n" +
			"key and the keyring, the folders and their room, the proxy, the terminal. Exit\n" +
			"code 1 says that something will not work.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
}

func (a *app) doctor(ctx context.Context) error {
	doc := doctorDocument{OK: true, Findings: a.examine(ctx)}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, f := range doc.Findings {
		doc.OK = doc.OK && f.State != findingProblem
	}
	err := a.printFindings(doc)
	if !doc.OK {
		err = errors.Join(err, &toldError{message.New(message.Internal, "Something here does not work.", "See the problems above.")})
	}
	return err
}

func (a *app) printFindings(doc doctorDocument) error {
	if a.json {
		return a.printDocument(doc)
	}
	if a.quiet && doc.OK {
		return nil
	}
	for _, f := range doc.Findings {
		if a.quiet && f.State == findingOK {
			continue
		}
		if _, err := fmt.Fprintf(a.Out, "%-8s %s: %s\n", f.State, f.Name, f.Message); err != nil {
			return unwritable(err)
		}
		if f.Hint != nil {
			_, _ = fmt.Fprintf(a.Out, "         %s\n", *f.Hint)
		}
	}
	return nil
}

// examine looks at everything; each question has its own time limit.
func (a *app) examine(ctx context.Context) []finding {
	out := a.examineAPI(ctx)
	if !a.demo {
		out = append(out, a.examineKeyring(ctx))
	}
	out = append(out, a.examineFolders()...)
	return append(out, a.examineProxy(), a.examineTerminal())
}

func good(name, format string, args ...any) finding {
	return finding{Name: name, State: findingOK, Message: text.Untrusted(fmt.Sprintf(format, args...)).Safe()}
}

func bad(state, name, what, do string) finding {
	return finding{Name: name, State: state, Message: text.Untrusted(what).Safe(), Hint: known(text.Untrusted(do).Safe())}
}

func wrong(name string, err error) finding {
	m := message.Of(err)
	return bad(findingProblem, name, m.Text, m.Hint)
}

// examineAPI asks with the key if there is one, else whether anybody is there.
func (a *app) examineAPI(ctx context.Context) []finding {
	if a.demo {
		return []finding{good("API", "the sandbox inside this program")}
	}
	acc, err := a.account(a.settings, a.Env)
	if err != nil {
		return []finding{wrong("API", err)}
	}
	found, keyErr := a.findKey(ctx, acc, a.ring)
	key := found.Key
	if keyErr != nil {
		key = client.NewKey("none") // refused with 401, which is an answer
	}
	limited, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	api, err := client.New(client.Options{
		BaseURL: acc.settings.APIURL.Value, Key: key, Transport: newTransport(a.roots), UserAgent: userAgent(), Now: a.Now, Log: a.log,
	})
	if err != nil {
		return []finding{wrong("API", err)}
	}
	before := a.Now()
	project, err := api.Project(limited)
	answered := err == nil || errors.Is(err, client.ErrUnauthorized) || errors.Is(err, client.ErrForbiddenPlan) ||
		errors.Is(err, client.ErrForbiddenRole) || errors.Is(err, client.ErrNotFound)
	if !answered {
		return append([]finding{wrong("API", err)}, keyFinding(found, keyErr, nil, client.Project{})...)
	}
	out := []finding{good("API", "%s answers in %d ms", acc.id.Origin, a.Now().Sub(before).Milliseconds()), a.examineClock(api)}
	return append(out, keyFinding(found, keyErr, err, project)...)
}

func keyFinding(found secret.Found, keyErr, refused error, project client.Project) []finding {
	var out []finding
	switch {
	case keyErr != nil:
		return []finding{wrong("key", keyErr)}
	case refused != nil && !errors.Is(refused, client.ErrNotFound):
		out = append(out, wrong("key", refused))
	case project.Name != "":
		out = append(out, good("key", "from %s, of project %q", found.Place, project.Name.Safe()))
	default:
		out = append(out, good("key", "from %s", found.Place))
	}
	for _, w := range found.Warnings {
		out = append(out, bad(findingWarning, "key", w, ""))
	}
	return out
}

func (a *app) examineClock(api *client.Client) finding {
	skew := api.ServerTime().Sub(a.Now())
	if skew.Abs() <= skewLimit {
		return good("clock", "within %d s of the server's", int(skew.Abs().Seconds())+1)
	}
	return bad(findingWarning, "clock", fmt.Sprintf("it differs from the server's by %s", skew.Abs().Round(time.Second)),
		"Set the clock: date ranges and the time left on links go by it.")
}

func (a *app) examineKeyring(ctx context.Context) finding {
	err := a.ring.Probe(ctx)
	var fault *secret.KeyringError
	switch {
	case err == nil:
		return good("keyring", "ready")
	case errors.As(err, &fault):
		return bad(findingWarning, "keyring", fault.Error(), fault.Hint())
	}
	return bad(findingWarning, "keyring", "it was not asked", "")
}

// examineFolders looks whether each folder can be written, making none that
// would not be made anyway.
func (a *app) examineFolders() []finding {
	var out []finding
	if dir, err := a.downloads(); err != nil {
		out = append(out, wrong("download folder", err))
	} else {
		out = append(out, examineFolder("download folder", dir))
	}
	folders, err := a.folders()
	if err != nil {
		return append(out, wrong("state folder", err))
	}
	return append(out, examineFolder("state folder", folders.State), examineFolder("settings folder", folders.Config))
}

func examineFolder(name, dir string) finding {
	at := dir
	for {
		if _, err := os.Stat(at); err == nil || filepath.Dir(at) == at {
			break
		}
		at = filepath.Dir(at) // it is made when it is needed
	}
	f, err := os.CreateTemp(at, ".dashtray-*")
	if err != nil {
		return bad(findingProblem, name, fmt.Sprintf("%q cannot be written: %v", dir, bare(err)), "Get the right to write there, or choose another folder.")
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	free, err := transfer.Free(at)
	if err != nil {
		return good(name, "%q can be written", dir)
	}
	return good(name, "%q can be written, %s free", dir, component.Size(free))
}

// examineProxy tells which way the calls go; a proxy's password is not shown.
func (a *app) examineProxy() finding {
	u, err := url.Parse(a.settings.APIURL.Value)
	if err != nil || a.demo {
		return good("proxy", "none")
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	switch {
	case err != nil:
		return bad(findingProblem, "proxy", "HTTPS_PROXY is no address", "Correct it, or unset it.")
	case proxy == nil:
		return good("proxy", "none")
	}
	at, ok := proxyAddress(proxy)
	if !ok {
		return bad(findingProblem, "proxy", "HTTPS_PROXY is no address", "Correct it, or unset it.")
	}
	return good("proxy", "%s", at)
}

// proxyAddress is what may be shown of a proxy: neither a user nor a password.
// What the library makes of an address that is none has a path, and there may
// be a password in that.
func proxyAddress(proxy *url.URL) (at string, ok bool) {
	if strings.Trim(proxy.Path, "/") != "" || proxy.RawQuery != "" || proxy.Hostname() == "" {
		return "", false
	}
	return proxy.Scheme + "://" + proxy.Host, true
}

func (a *app) examineTerminal() finding {
	if !a.OutTerminal || !a.InTerminal {
		return good("terminal", "none: the commands work, the console needs one")
	}
	term := a.Env.Get("TERM")
	if term == "" || term == "dumb" {
		return bad(findingWarning, "terminal", "TERM is "+fmt.Sprintf("%q", term)+": the console needs a terminal that can move its cursor", "Set TERM, for example to xterm-256color; the commands work as they are.")
	}
	words := []string{term}
	if w := a.Width(); w > 0 {
		words = append(words, fmt.Sprintf("%d columns", w))
	}
	if !a.colored(true) {
		words = append(words, "no colours")
	}
	return good("terminal", "%s", strings.Join(words, ", "))
}
