package schedule

import (
	"fmt"
	"path"
	"strings"
	"text/template"

	"github.com/dashtray/dashtray-tui/assets"
)

// Versions of systemd that brought what a unit here can use (systemd's NEWS).
const (
	versionRestart    = 244 // Restart= for Type=oneshot
	versionCredential = 250 // LoadCredential= that is sound in a user's service
	// VersionEncrypted is the first whose user services can open an encrypted
	// credential.
	VersionEncrypted = 256
)

// CredentialsWork says whether a user's service of this systemd can be handed a
// credential.
func CredentialsWork(version int) bool { return version >= versionCredential }

// Unit is a file of systemd's.
type Unit struct{ Name, Content string }

// Units writes the service and the timer of a plan for this version of systemd.
// A *WordError is a word that they cannot hold.
func Units(p Plan, version int) ([]Unit, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	exec, err := execStart(p.Argv)
	if err != nil {
		return nil, err
	}
	credential, err := loadCredential(p.Credential)
	if err != nil {
		return nil, err
	}
	name := Name(p.Profile)
	environment := make([]string, 0, len(p.Env))
	for _, v := range p.Env {
		environment = append(environment, unitWord(v.Name+"="+v.Value))
	}
	writes := make([]string, 0, len(p.Writes))
	for _, dir := range p.Writes {
		// With the minus a folder that has gone is the backup's to tell of, in
		// plain words, and not a unit that does not start.
		writes = append(writes, unitWord("-"+dir))
	}
	data := map[string]any{
		"Marker": marker, "Name": name, "About": p.about(), "Every": p.Every, "ExecStart": exec,
		"Environment": environment, "Credential": credential, "RunsCommands": p.RunsCommands,
		"ReadWritePaths": strings.Join(writes, " "), "PrivateTmp": !usesTmp(p),
		"Retries": version >= versionRestart, "OnCalendar": onCalendar(p.Every, p.At),
	}
	service, err := fill(assets.BackupService(), data)
	if err != nil {
		return nil, err
	}
	timer, err := fill(assets.BackupTimer(), data)
	if err != nil {
		return nil, err
	}
	return []Unit{{name + ".service", service}, {name + ".timer", timer}}, nil
}

func fill(tmpl string, data any) (string, error) {
	t, err := template.New("").Option("missingkey=error").Parse(tmpl)
	if err != nil {
		return "", fmt.Errorf("read the template: %w", err)
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", fmt.Errorf("fill the template: %w", err)
	}
	return b.String(), nil
}

// onCalendar is the expression of systemd.time(7).
func onCalendar(every Every, at Clock) string {
	switch every {
	case Weekly:
		return fmt.Sprintf("Mon *-*-* %s:00", at)
	case Monthly:
		return fmt.Sprintf("*-*-01 %s:00", at)
	default:
		return fmt.Sprintf("*-*-* %s:00", at)
	}
}

// parseCalendar reads what onCalendar writes; ok is false for anything else.
func parseCalendar(s string) (every Every, at Clock, ok bool) {
	for _, every := range []Every{Daily, Weekly, Monthly} {
		i := strings.LastIndexByte(s, ' ') + 1
		at, err := ParseClock(strings.TrimSuffix(s[i:], ":00"))
		if err == nil && onCalendar(every, at) == s {
			return every, at, true
		}
	}
	return "", Clock{}, false
}

// execStart quotes a command line by systemd.service(5), "Command lines". In
// the program's own path variables are not replaced, so that a dollar stands
// for itself there, and must be doubled in all other words.
func execStart(argv []string) (string, error) {
	words := []string{unitWord(argv[0])}
	for _, w := range argv[1:] {
		words = append(words, unitWord(strings.ReplaceAll(w, "$", "$$")))
	}
	if path.Clean(argv[0]) != argv[0] {
		return "", &WordError{argv[0], "is not the shortest way to write its path"}
	}
	if strings.ContainsAny(argv[0], `"'\`) {
		return "", &WordError{argv[0], "has a quote or a backslash in it, which systemd takes in no program's name"}
	}
	return strings.Join(words, " "), nil
}

// unitWord quotes one word by systemd.syntax(7), "Quoting", and keeps its
// specifiers from being replaced (systemd.unit(5), "Specifiers").
func unitWord(w string) string {
	w = strings.ReplaceAll(w, "%", "%%")
	if w != "" && strings.Trim(w, harmless) == "" {
		return w
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w) + `"`
}

// harmless are the characters that mean nothing to systemd or to a shell.
const harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,"

// loadCredential is a whole line. Its path is not quoted by any rule: it is what
// stands after the colon up to the end of the line.
func loadCredential(c Credential) (string, error) {
	if c == (Credential{}) {
		return "", nil
	}
	if strings.TrimSpace(c.Path) != c.Path || strings.HasSuffix(c.Path, `\`) {
		return "", &WordError{c.Path, "ends in a character that systemd would take off"}
	}
	key := "LoadCredential="
	if c.Encrypted {
		key = "LoadCredentialEncrypted="
	}
	return key + c.ID + ":" + strings.ReplaceAll(c.Path, "%", "%%"), nil
}

// usesTmp says whether the backup needs the /tmp that all share.
func usesTmp(p Plan) bool {
	for _, at := range append(append([]string{p.Credential.Path}, p.Argv...), p.Writes...) {
		if i := strings.IndexByte(at, '='); i >= 0 && strings.HasPrefix(at, "--") {
			at = at[i+1:]
		}
		if strings.HasPrefix(at, "/tmp/") || strings.HasPrefix(at, "/var/tmp/") {
			return true
		}
	}
	for _, v := range p.Env {
		if strings.HasPrefix(v.Value, "/tmp/") || strings.HasPrefix(v.Value, "/var/tmp/") {
			return true
		}
	}
	return false
}
