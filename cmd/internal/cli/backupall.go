package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client/backup"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/seal"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// allowAll refuses what names one key or one address where several are meant.
func (a *app) allowAll(cmd *cobra.Command) error {
	for _, name := range []string{secret.EnvKey, secret.EnvKeyFile, secret.EnvKeyCommand} {
		if a.Env.Get(name) != "" {
			return usageError(cmd, "--all-profiles goes by the key of each profile, and %s is set: unset it.", name)
		}
	}
	switch {
	case a.demo:
		return usageError(cmd, "--demo has no profiles: it does not go with --all-profiles.")
	case a.flags.Profile.Set:
		return usageError(cmd, "--profile names one, and --all-profiles means all of them.")
	case a.flags.APIURL.Set || a.Env.Get(config.EnvAPIURL) != "":
		return usageError(cmd, "--all-profiles goes by the address of each profile: leave out --api-url and %s.", config.EnvAPIURL)
	}
	return nil
}

// profileNames are the profiles of the settings file, or the default one.
func (a *app) profileNames() []string {
	var names []string
	for _, p := range a.file.Profiles() {
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return []string{config.DefaultProfile}
	}
	return names
}

// severalError is what went wrong with some of several profiles. Its exit code
// is the largest of theirs.
type severalError struct{ errs []error }

func (e *severalError) Error() string   { return errors.Join(e.errs...).Error() }
func (e *severalError) Unwrap() []error { return e.errs }

func (e *severalError) exitCode() int {
	most := exitDone
	for _, err := range e.errs {
		most = max(most, exitCode(err))
	}
	return most
}

type allDocument struct {
	Profiles []profileRun `json:"profiles"`
}

type profileRun struct {
	Profile  string          `json:"profile"`
	ExitCode int             `json:"exitCode"`
	Result   *backupDocument `json:"result"`
	Error    *reasonDocument `json:"error"`
}

// backupAll makes the backups of all profiles, one after the other. One that
// fails does not keep the next from its turn; a signal does.
func (a *app) backupAll(ctx context.Context, p backupPlan) error {
	doc := allDocument{Profiles: []profileRun{}}
	var dry []dryRunDocument
	var several severalError
	for _, name := range a.profileNames() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		a.warnings = nil
		if p.dryRun {
			one, err := a.dryRunOf(ctx, p, name)
			if err != nil {
				return err
			}
			dry = append(dry, one)
			continue
		}
		res, err := a.backupProfile(ctx, p, name)
		a.callHook(ctx, name, res, err)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		run := profileRun{Profile: name, ExitCode: exitCode(err)}
		var invalid *job.InvalidError
		if err == nil || errors.As(err, &invalid) {
			d := backupDocumentOf(res, a.warnings)
			run.Result = &d
		}
		if err != nil {
			several.errs = append(several.errs, err)
			m := message.Of(err)
			run.Error = &reasonDocument{m.Code, m.Text, m.Hint}
		}
		doc.Profiles = append(doc.Profiles, run)
		if err := a.printProfileRun(run); err != nil {
			return err
		}
	}
	if p.dryRun {
		return a.printDryRuns(dry...)
	}
	var err error
	if a.json {
		err = a.printDocument(doc)
	}
	if len(several.errs) > 0 {
		err = errors.Join(err, &toldError{&several})
	}
	return err
}

func (a *app) backupProfile(ctx context.Context, p backupPlan, name string) (backupResult, error) {
	settings, err := a.settingsOf(name)
	if err != nil {
		return backupResult{}, err
	}
	dir, err := a.backupFolder(p, name)
	if err != nil {
		return backupResult{}, err
	}
	return a.backupInto(ctx, p, dir, settings, a.ownEnv())
}

// printProfileRun tells a person how one of several ended.
func (a *app) printProfileRun(run profileRun) error {
	switch {
	case run.Error != nil:
		_, _ = fmt.Fprintf(a.Err, "Profile %s: ", run.Profile)
		a.sayError(message.Message{Text: run.Error.Message, Hint: run.Error.Hint})
		return nil
	case a.json || run.Result == nil || run.Result.File == nil:
		return nil
	}
	return a.printLine(*run.Result.File)
}

// backupDocument is the document of export, and what the policy did.
type backupDocument struct {
	exportDocument
	Removed []string       `json:"removed"`
	Kept    []keptDocument `json:"kept"`
}

type keptDocument struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

func backupDocumentOf(r backupResult, notes []string) backupDocument {
	return backupDocument{exportResult(r.job, notes), append([]string{}, r.removed...), keptDocuments(r.kept)}
}

func keptDocuments(kept []backup.Kept) []keptDocument {
	out := make([]keptDocument, 0, len(kept))
	for _, k := range kept {
		out = append(out, keptDocument{k.File, k.Reason()})
	}
	return out
}

type dryRunDocument struct {
	Profile string         `json:"profile"`
	Dir     string         `json:"dir"`
	Removed []string       `json:"removed"` // would be
	Kept    []keptDocument `json:"kept"`
}

func (a *app) dryRunOf(ctx context.Context, p backupPlan, name string) (dryRunDocument, error) {
	dir, err := a.backupFolder(p, name)
	if err != nil {
		return dryRunDocument{}, err
	}
	return a.dryRun(ctx, p, name, dir)
}

// dryRun tells what the policy would do with the folder as it is.
func (a *app) dryRun(ctx context.Context, p backupPlan, profile, dir string) (dryRunDocument, error) {
	doc := dryRunDocument{Profile: profile, Dir: dir, Removed: []string{}, Kept: []keptDocument{}}
	inv, err := backup.Read(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return doc, nil
	}
	if err != nil {
		return doc, folderError(dir, err)
	}
	keep, remove := backup.Plan(inv.Entries, p.policy, a.Now(), a.Location)
	for _, e := range remove {
		doc.Removed = append(doc.Removed, e.File)
	}
	doc.Kept = keptDocuments(keep)
	return doc, nil
}

func (a *app) printDryRuns(docs ...dryRunDocument) error {
	if a.json {
		return a.printDocument(struct {
			Profiles []dryRunDocument `json:"profiles"`
		}{docs})
	}
	var lines []string
	for _, d := range docs {
		if len(docs) > 1 {
			lines = append(lines, "Profile "+d.Profile+", "+d.Dir)
		}
		for _, name := range d.Removed {
			lines = append(lines, "remove  "+name)
		}
		for _, k := range d.Kept {
			lines = append(lines, fmt.Sprintf("keep    %s  (%s)", k.File, k.Reason))
		}
	}
	if len(lines) == 0 {
		_, _ = fmt.Fprintln(a.Err, "There are no backups yet.")
		return nil
	}
	return a.printLine(strings.Join(lines, "\n"))
}

func (a *app) backupVerifyCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check the backup folder against its manifest",
		Long: "Check the backup folder against its manifest: every file is read and compared.\n" +
			"Nothing is changed. Exit code 9 says that a file is missing or not what it was.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("dir") && dir == "" {
				return usageError(cmd, "--dir is empty.")
			}
			if dir == "" {
				dir = a.settings.Backup.Dir.Value
			}
			return a.backupVerify(cmd.Context(), dir)
		},
	}
	word(cmd.Flags(), &dir, "dir", "", "DIR", "the backup folder, if not the profile's own in the data folder")
	return cmd
}

type folderDocument struct {
	Dir       string            `json:"dir"`
	OK        bool              `json:"ok"`
	Files     []checkedDocument `json:"files"`
	Strangers []string          `json:"strangers"`
	Warnings  []string          `json:"warnings"`
}

type checkedDocument struct {
	File    string  `json:"file"`
	OK      bool    `json:"ok"`
	Problem *string `json:"problem"` // a code
	Bytes   int64   `json:"bytes"`
	SHA256  *string `json:"sha256"`
}

func (a *app) backupVerify(ctx context.Context, dir string) error {
	dir, err := a.backupFolder(backupPlan{dir: dir}, a.settings.Profile.Value)
	if err != nil {
		return err
	}
	report, err := backup.Verify(ctx, dir, nil)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return unreadable(dir, err)
	}
	if err != nil {
		return folderError(dir, err)
	}
	doc := folderDocument{Dir: report.Dir, OK: report.OK, Files: []checkedDocument{}, Strangers: append([]string{}, report.Strangers...), Warnings: []string{}}
	for _, c := range report.Files {
		doc.Files = append(doc.Files, checkedDocument{c.Entry.File, c.Code == "", known(c.Code), c.Bytes, known(c.SHA256)})
	}
	for _, bad := range report.Bad {
		w := fmt.Sprintf("line %d of the manifest cannot be used", bad.Number)
		doc.Warnings = append(doc.Warnings, w)
		a.warn(w)
	}
	if err := a.printFolder(doc); err != nil {
		return err
	}
	if !report.OK {
		return changedFolder(report)
	}
	return nil
}

// changedFolder names the first file that is not what it was.
func changedFolder(r backup.Report) error {
	var bad []string
	for _, c := range r.Files {
		if c.Code != "" {
			bad = append(bad, fmt.Sprintf("%s (%s)", text.Untrusted(c.Entry.File).Safe(), strings.ReplaceAll(c.Code, "_", " ")))
		}
	}
	more := ""
	if n := len(bad) - 1; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return message.New(message.Invalid,
		fmt.Sprintf("The backup folder %q is not what its manifest says: %s%s.", r.Dir, bad[0], more),
		"Copy it back from another place, or make a new one with \"dashtray-tui backup\"; nothing was changed here.")
}

func (a *app) printFolder(doc folderDocument) error {
	if a.json {
		return a.printDocument(doc)
	}
	if a.quiet {
		return nil
	}
	var lines []string
	for _, f := range doc.Files {
		state := "ok"
		if f.Problem != nil {
			state = strings.ReplaceAll(*f.Problem, "_", " ")
		}
		lines = append(lines, fmt.Sprintf("%-18s %s", state, text.Untrusted(f.File).Safe()))
	}
	for _, name := range doc.Strangers {
		lines = append(lines, fmt.Sprintf("%-18s %s", "not in manifest", text.Untrusted(name).Safe()))
	}
	if len(lines) == 0 {
		lines = []string{"There are no backups in " + text.Untrusted(doc.Dir).Safe()}
	}
	if _, err := fmt.Fprintln(a.Out, strings.Join(lines, "\n")); err != nil {
		return unwritable(err)
	}
	return nil
}

// readRecipients checks a file of recipients and gives its text.
func readRecipients(r io.Reader) (string, error) {
	var b strings.Builder
	if _, err := seal.ParseRecipientsFile(io.TeeReader(r, &b)); err != nil {
		return "", err
	}
	return b.String(), nil
}

// fingerprints of recipients that were checked before.
func fingerprints(keys string) []string {
	to, err := seal.ParseRecipientsFile(strings.NewReader(keys))
	if err != nil {
		return nil
	}
	return seal.Fingerprints(to)
}
