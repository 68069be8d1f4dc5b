package cli

import (
	"runtime"
	"strconv"
	"strings"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/config"
)

// shellCommand is the command that does the same as a Spec with these settings:
// what differs from the defaults, and the global flags that this run has. It is
// written for a POSIX shell, on Windows for PowerShell.
func (a *app) shellCommand(demo bool, s config.Settings, spec job.Spec) string {
	words := append([]string{"dashtray-tui"}, a.globalWords(demo, s)...)
	if spec.ID != "" {
		words = append(words, "download")
	} else {
		words = append(append(words, "export"), makingWords(spec)...)
	}
	words = append(words, keepingWords(spec)...)
	if spec.ID != "" {
		// The server chose the id: it must not be taken for a flag, and what
		// cannot be shown cannot be typed either.
		id := spec.ID.Safe()
		if strings.HasPrefix(id, "-") {
			words = append(words, "--")
		}
		words = append(words, id)
	}
	for i, w := range words {
		words[i] = quoteWord(runtime.GOOS, w)
	}
	return strings.Join(words, " ")
}

// shellInspect is the command that tells what is in a file.
func shellInspect(file string) string {
	return "dashtray-tui inspect " + quoteWord(runtime.GOOS, file)
}

func (a *app) globalWords(demo bool, s config.Settings) []string {
	var words []string
	if demo {
		words = append(words, "--demo")
	}
	if s.APIURL.Origin == config.FromFlag {
		words = append(words, "--api-url", s.APIURL.Value)
	}
	if s.Profile.Origin == config.FromFlag {
		words = append(words, "--profile", s.Profile.Value)
	}
	if a.cacert != "" {
		words = append(words, "--cacert", a.cacert)
	}
	return words
}

func makingWords(spec job.Spec) []string {
	var words []string
	r := spec.Request
	if f := string(r.Format); f != "" && f != defaultFormat {
		words = append(words, "--format", f)
	}
	if r.Range.Name != "" && r.Range.Name != defaultRange {
		words = append(words, "--range", r.Range.Name)
	}
	if names := r.Include.Names(); len(names) > 0 && !r.Include.All() {
		words = append(words, "--include", strings.Join(names, ","))
	}
	if b := string(spec.IfBusy); b != "" && b != defaultIfBusy {
		words = append(words, "--if-busy", b)
	}
	if spec.Detach {
		words = append(words, "--detach")
	}
	if spec.New {
		words = append(words, "--new")
	}
	return words
}

func keepingWords(spec job.Spec) []string {
	var words []string
	if spec.Output != "" {
		words = append(words, "-o", spec.Output)
	}
	if spec.Force {
		words = append(words, "--force")
	}
	if spec.Connections > 0 && spec.Connections != defaultConnections {
		words = append(words, "--connections", strconv.Itoa(spec.Connections))
	}
	if spec.LimitRate > 0 {
		words = append(words, "--limit-rate", config.FormatRate(spec.LimitRate))
	}
	for _, to := range strings.Split(spec.EncryptTo, "\n") {
		if to != "" {
			words = append(words, "--encrypt-to", to)
		}
	}
	if spec.Timeout > 0 && spec.Timeout != defaultTimeout {
		words = append(words, "--timeout", spec.Timeout.String())
	}
	return words
}

// harmless are the characters that mean nothing to any of the shells.
const harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+"

// quoteWord writes one word so that a shell reads it as it is.
func quoteWord(goos, w string) string {
	plain := harmless
	if goos == "windows" {
		plain += `\`
	}
	if w != "" && strings.Trim(w, plain) == "" {
		return w
	}
	if goos == "windows" {
		return "'" + strings.ReplaceAll(w, "'", "''") + "'"
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
