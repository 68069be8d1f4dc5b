package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dashtray/dashtray-tui/client/backup"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// defaultBackupRange is all there is: a backup that lacks a day is none.
const defaultBackupRange = "all_time"

func (a *app) backupCommand() *cobra.Command {
	var b backing
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Make an export into the backup folder, and keep as many as a policy says",
		Long: "Make an export (all time, JSON, all types) into the backup folder, verify it,\n" +
			"note it in the folder's manifest, and remove the backups that no rule keeps.\n" +
			"Rules unite; without any, all are kept. The newest one always stays, and only\n" +
			"files that this command put there are ever removed.\n\n" +
			"Run again after it was cut off, it goes on where it stopped; what was cut off\n" +
			"more than a day ago is made anew, and its part removed. [backup] in the settings\n" +
			"file has what the flags do not say.",
		Example: "  dashtray-tui backup\n" +
			"  dashtray-tui backup --keep-daily 7 --keep-weekly 4 --keep-monthly 12\n" +
			"  dashtray-tui backup --encrypt-to age1… --dir /srv/backups/dashtray\n" +
			"  # what the policy would remove, and why the rest stays\n" +
			"  dashtray-tui backup --keep-last 3 --dry-run",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := b.plan(a, cmd)
			if err != nil {
				return err
			}
			if b.all {
				return a.backupAll(cmd.Context(), plan)
			}
			return a.backupOne(cmd.Context(), plan)
		},
	}
	cmd.Flags().SortFlags = false
	b.register(cmd.Flags())
	completeRequest(cmd)
	cmd.AddCommand(a.backupVerifyCommand())
	return cmd
}

// backing is the flags of backup.
type backing struct {
	making                                       making
	timeout                                      time.Duration
	encryptTo                                    []string
	recipientsFile, dir                          string
	keepLast, keepDaily, keepWeekly, keepMonthly int
	dryRun, all                                  bool
}

func (b *backing) register(f *pflag.FlagSet) {
	b.making.registerRequest(f, defaultBackupRange)
	f.DurationVar(&b.timeout, "timeout", defaultTimeout, "how long to wait for the server, being busy included")
	f.BoolVar(&b.making.fresh, "new", false, "do not continue an unfinished run of the same command")
	word(f, &b.dir, "dir", "", "DIR", "the backup folder, if not the profile's own in the data folder")
	f.VarP(&wordsValue{&b.encryptTo, "KEY"}, "encrypt-to", "", "encrypt to this age recipient or SSH public key; may be given several times")
	word(f, &b.recipientsFile, "recipients-file", "", "FILE", "encrypt to the keys in this file, one a line")
	f.IntVar(&b.keepLast, "keep-last", 0, "keep the last N backups")
	f.IntVar(&b.keepDaily, "keep-daily", 0, "keep the newest of each of the last N days that have one")
	f.IntVar(&b.keepWeekly, "keep-weekly", 0, "keep the newest of each of the last N weeks that have one")
	f.IntVar(&b.keepMonthly, "keep-monthly", 0, "keep the newest of each of the last N months that have one")
	f.BoolVar(&b.dryRun, "dry-run", false, "make nothing and remove nothing: tell what would stay, why, and what would go")
	f.BoolVar(&b.all, "all-profiles", false, "one profile after the other, with what they have of their own")
}

// backupPlan is what a backup does, for any profile.
type backupPlan struct {
	spec   job.Spec // without Output
	policy backup.Policy
	dir    string // as it was asked for; "" is the profile's own
	all    bool
	dryRun bool
}

// plan checks the flags, and takes what they do not say from the settings.
func (b *backing) plan(a *app, cmd *cobra.Command) (backupPlan, error) {
	flags, set := cmd.Flags(), a.settings.Backup
	for _, d := range []struct {
		flag string
		into *string
		from config.Setting
	}{
		{"format", &b.making.format, set.Format},
		{"range", &b.making.dates, set.Range},
		{"include", &b.making.include, set.Include},
		{"dir", &b.dir, set.Dir},
		{"recipients-file", &b.recipientsFile, set.RecipientsFile},
	} {
		if !flags.Changed(d.flag) {
			*d.into = d.from.Value
		}
	}
	p := backupPlan{dir: b.dir, all: b.all, dryRun: b.dryRun}
	if err := b.making.apply(a, cmd, &p.spec); err != nil {
		return p, err
	}
	if b.timeout <= 0 {
		return p, usageError(cmd, "--timeout is a time above 0, such as 90s or 30m, not %s.", b.timeout)
	}
	p.spec.Timeout = b.timeout
	if flags.Changed("dir") && b.dir == "" {
		return p, usageError(cmd, "--dir is empty.")
	}
	var err error
	if p.policy, err = b.policy(cmd, set); err != nil {
		return p, err
	}
	p.spec.EncryptTo, err = b.recipients(cmd, set)
	if err == nil && b.all {
		err = a.allowAll(cmd)
	}
	return p, err
}

func (b *backing) policy(cmd *cobra.Command, set config.Backup) (backup.Policy, error) {
	var p backup.Policy
	for _, rule := range []struct {
		flag  string
		value int
		from  config.Setting
		into  *int
	}{
		{"keep-last", b.keepLast, set.KeepLast, &p.Last},
		{"keep-daily", b.keepDaily, set.KeepDaily, &p.Daily},
		{"keep-weekly", b.keepWeekly, set.KeepWeekly, &p.Weekly},
		{"keep-monthly", b.keepMonthly, set.KeepMonthly, &p.Monthly},
	} {
		*rule.into = rule.from.Int()
		if cmd.Flags().Changed(rule.flag) {
			if rule.value < 1 {
				return p, usageError(cmd, "--%s is 1 or more, not %d.", rule.flag, rule.value)
			}
			*rule.into = rule.value
		}
	}
	return p, nil
}

// recipients are those of the flags and of the file, or else of the settings.
func (b *backing) recipients(cmd *cobra.Command, set config.Backup) (string, error) {
	keys := b.encryptTo
	if !cmd.Flags().Changed("encrypt-to") {
		keys = set.EncryptTo.Values
	}
	to, err := recipients(cmd, keys)
	if err != nil || b.recipientsFile == "" {
		return to, err
	}
	f, err := os.Open(b.recipientsFile)
	if err != nil {
		return "", usageError(cmd, "--recipients-file %q: %v.", b.recipientsFile, bare(err))
	}
	defer func() { _ = f.Close() }()
	text, err := readRecipients(f)
	if err != nil {
		return "", usageError(cmd, "--recipients-file %q: %v.", b.recipientsFile, err)
	}
	return to + "\n" + text, nil
}

// scheduled checks the flags as a run of backup would, for a schedule.
func (b *backing) scheduled(a *app, cmd *cobra.Command) (scheduledBackup, error) {
	p, err := b.plan(a, cmd)
	if err != nil {
		return scheduledBackup{}, err
	}
	var out scheduledBackup
	names := []string{a.settings.Profile.Value}
	if b.all {
		names = a.profileNames()
		out.profiles = names
	}
	for _, name := range names {
		dir, err := a.backupFolder(p, name)
		if err != nil {
			return scheduledBackup{}, err
		}
		out.folders = append(out.folders, dir)
	}
	return out, nil
}

// backupFolder is a profile's. Several profiles under one --dir each have a
// folder there, since a policy counts the backups of a folder.
func (a *app) backupFolder(p backupPlan, profile string) (string, error) {
	dir := p.dir
	switch {
	case dir == "":
		folders, err := a.folders()
		if err != nil {
			return "", err
		}
		base := folders.Data
		if a.demo {
			base, profile = folders.Demo(), "demo"
		}
		dir = filepath.Join(base, "backups", profile)
	case p.all:
		dir = filepath.Join(dir, profile)
	}
	return filepath.Abs(dir)
}

// backupResult is what one backup left.
type backupResult struct {
	job     job.Result
	removed []string
	kept    []backup.Kept
}

// backupOne makes the backup of the profile of this run.
func (a *app) backupOne(ctx context.Context, p backupPlan) error {
	profile := a.settings.Profile.Value
	dir, err := a.backupFolder(p, profile)
	if err != nil {
		return err
	}
	if p.dryRun {
		doc, err := a.dryRun(ctx, p, profile, dir)
		if err != nil {
			return err
		}
		return a.printDryRuns(doc)
	}
	res, err := a.backupInto(ctx, p, dir, a.settings, a.Env)
	a.callHook(ctx, profile, res, err)
	return a.printBackup(res, err)
}

// printBackup is the result of one backup.
func (a *app) printBackup(res backupResult, err error) error {
	var invalid *job.InvalidError
	switch {
	case err != nil && !errors.As(err, &invalid):
		return err
	case a.json:
		return errors.Join(err, a.printDocument(backupDocumentOf(res, a.warnings)))
	case err != nil:
		return err
	}
	return a.printLine(res.job.File)
}

// backupInto makes one backup in a folder that it locks. The folder is locked
// before anything is asked of the server, and the manifest has the file before
// the run counts as over: killed in between, the next run notes it.
func (a *app) backupInto(ctx context.Context, p backupPlan, dir string, s config.Settings, env config.Lookup) (res backupResult, err error) {
	folder, err := backup.Open(dir, backup.Options{Now: a.Now})
	if err != nil {
		return res, folderError(dir, err)
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	spec := p.spec
	spec.Output = folder.Dir() + string(filepath.Separator)
	origin := ""
	c, err := a.connectAs(ctx, s, env, func(r job.Result) error {
		return folderError(dir, folder.Add(backupEntry(origin, r, spec)))
	})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	origin = c.api.Origin()
	if res.job, err = a.runUnattended(ctx, c.jobs, spec); err != nil {
		return res, err
	}
	err = a.retain(ctx, folder, p.policy, &res)
	if err == nil {
		a.sweep(folder)
	}
	return res, folderError(dir, err)
}

// sweep removes what earlier runs left that were cut off, and that no run goes
// on with. What stays is no reason to call the backup failed.
func (a *app) sweep(folder *backup.Folder) {
	removed, err := folder.Sweep(job.ContinueFor)
	for _, name := range removed {
		a.log.Info("unfinished download removed", "file", name)
	}
	if err != nil {
		a.warn(fmt.Sprintf("an unfinished download of an earlier run stays in the backup folder: %v", err))
	}
}

// folderError tells what the system has against a backup folder.
func folderError(dir string, err error) error {
	var system *fs.PathError
	if errors.Is(err, backup.ErrLocked) || !errors.As(err, &system) {
		return err
	}
	return &message.Error{
		Message: message.Message{
			Code: message.Disk,
			Text: fmt.Sprintf("The backup folder %q cannot be used: %v.", dir, bare(err)),
			Hint: "Name another one with --dir, get the right to it, or make room, then run the same command again.",
		},
		Err: err,
	}
}

// runUnattended runs a job and shows how it goes.
func (a *app) runUnattended(ctx context.Context, js jobs, spec job.Spec) (job.Result, error) {
	ref := js.Start(spec)
	a.watch(ctx, js, ref)
	res, err := js.Result(ctx, ref)
	a.log.Info("job ended", "export", res.ExportID, "error", err)
	var invalid *job.InvalidError
	if snap, ok := js.Snapshot(ref); ok && err != nil && !errors.As(err, &invalid) && snap.Export.ID != "" {
		err = &ofExport{snap.Export.ID, err}
	}
	return res, err
}

// retain removes what the policy does not keep.
func (a *app) retain(ctx context.Context, folder *backup.Folder, policy backup.Policy, res *backupResult) error {
	inv, err := folder.Inventory(ctx)
	if err != nil {
		return err
	}
	for _, bad := range inv.Bad {
		a.warn(fmt.Sprintf("line %d of the manifest cannot be used; its file, if it is there, is left alone", bad.Number))
	}
	keep, remove := backup.Plan(inv.Entries, policy, a.Now(), a.Location)
	done, err := folder.Apply(ctx, remove)
	for _, e := range done.Removed {
		res.removed = append(res.removed, e.File)
	}
	res.kept = append(keep, done.Kept...)
	return err
}

// backupEntry is what the manifest says of a file.
func backupEntry(origin string, r job.Result, spec job.Spec) backup.Entry {
	e := backup.Entry{
		File: filepath.Base(r.File), Bytes: r.Bytes, SHA256: r.SHA256, Encrypted: r.Encrypted,
		Format: r.Format, Range: r.Range, Include: r.Include, Records: r.Report.Records, ExportID: r.ExportID,
		ProjectID: r.Project.ID, ProjectSlug: r.Project.Slug, Origin: text.Untrusted(origin),
		CreatedAt: r.CreatedAt,
	}
	if r.Encrypted {
		e.PlainSHA256 = r.Report.SHA256
		e.Recipients = fingerprints(spec.EncryptTo)
	}
	return e
}
