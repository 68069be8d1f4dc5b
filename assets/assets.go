// Package assets holds the files that the program carries in itself.
package assets

import _ "embed"

//go:embed config.toml
var sampleConfig string

// SampleConfig is a settings file with every setting in it, each commented out
// and explained, with its default or else an example.
func SampleConfig() string { return sampleConfig }

//go:embed unit/backup.service
var backupService string

//go:embed unit/backup.timer
var backupTimer string

//go:embed unit/backup.plist
var backupPlist string

//go:embed unit/backup.task.xml
var backupTask string

// BackupService is the template (text/template) of a systemd user service that
// makes a backup.
func BackupService() string { return backupService }

// BackupTimer is the template of the systemd timer that starts it.
func BackupTimer() string { return backupTimer }

// BackupPlist is the template of a launchd agent that does the same.
func BackupPlist() string { return backupPlist }

// BackupTask is the template of a task for Windows' Task Scheduler that does
// the same.
func BackupTask() string { return backupTask }
