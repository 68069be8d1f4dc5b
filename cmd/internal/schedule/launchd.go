package schedule

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/dashtray/dashtray-tui/assets"
)

// AgentName is the label of a plan's launchd agent, and with ".plist" the name
// of its file in ~/Library/LaunchAgents.
func AgentName(profile string) string { return "com.dashtray." + Name(profile) }

// Launchd writes the property list of a launchd agent (launchd.plist(5)).
func Launchd(p Plan) (string, error) {
	if err := p.check(); err != nil {
		return "", err
	}
	data := map[string]any{
		"Marker": xmlText(madeBy), "Name": xmlText(AgentName(p.Profile)), "Log": xmlText(p.Log),
		"Weekly": p.Every == Weekly, "Monthly": p.Every == Monthly, "Hour": p.At.Hour, "Minute": p.At.Minute,
	}
	var argv []string
	for _, w := range p.Argv {
		argv = append(argv, xmlText(w))
	}
	var env []Variable
	for _, v := range p.Env {
		env = append(env, Variable{xmlText(v.Name), xmlText(v.Value)})
	}
	data["Argv"], data["Env"] = argv, env
	return fill(assets.BackupPlist(), data)
}

func xmlText(s string) string {
	var b strings.Builder
	// A strings.Builder takes everything.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// InPlist reads back what Launchd wrote; found is false for another's file.
func InPlist(plist string) (entry Entry, found bool) {
	if !strings.Contains(plist, "<!-- "+xmlText(madeBy)+" -->") {
		return Entry{}, false
	}
	at := Clock{-1, -1}
	every := Daily
	for key, into := range map[string]*int{"Hour": &at.Hour, "Minute": &at.Minute} {
		_, rest, _ := strings.Cut(plist, "<key>"+key+"</key>")
		if _, err := fmt.Sscanf(strings.TrimSpace(rest), "<integer>%d</integer>", into); err != nil {
			return Entry{}, true
		}
	}
	switch {
	case strings.Contains(plist, "<key>Weekday</key>"):
		every = Weekly
	case strings.Contains(plist, "<key>Day</key>"):
		every = Monthly
	}
	return Entry{Every: every, At: at}, true
}
