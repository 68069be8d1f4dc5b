package cli

import (
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// openLog opens the log if one was asked for: by its file, or by its level
// alone, and then it is in the state folder. The file stays open until the
// process ends; every line is written at once.
func (a *app) openLog(cmd *cobra.Command) error {
	a.log = slog.New(slog.DiscardHandler)
	// What the standard library says by itself, such as that a server sent more
	// than it was asked for, would go to the terminal, into the console's picture.
	log.SetOutput(io.Discard)
	flags := cmd.Flags()
	if !flags.Changed("log-file") && !flags.Changed("log-level") {
		return nil
	}
	level, err := logLevel(cmd, a.logLevel)
	if err != nil {
		return err
	}
	path := a.logFile
	if path == "" && flags.Changed("log-file") {
		return usageError(cmd, "--log-file is empty.")
	}
	if !flags.Changed("log-file") {
		folders, err := a.folders()
		if err != nil {
			return err
		}
		path = folders.Log()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return usageError(cmd, "The log's folder cannot be made: %v.", err)
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return usageError(cmd, "The log cannot be opened: %v.", err)
	}
	a.logPath = path
	o := &slog.HandlerOptions{Level: level}
	a.log = slog.New(slog.NewTextHandler(f, o))
	if ext := filepath.Ext(path); ext == ".json" || ext == ".jsonl" {
		a.log = slog.New(slog.NewJSONHandler(f, o))
	}
	log.SetOutput(slog.NewLogLogger(a.log.Handler(), slog.LevelWarn).Writer())
	a.log.Info("started", "command", cmd.CommandPath(), "version", version)
	return nil
}

// logToErr has warnings and errors go to standard error if there is no log: for
// a server nobody sits at, whose standard error is somebody's journal.
func (a *app) logToErr() {
	if a.logPath != "" {
		return
	}
	o := &slog.HandlerOptions{Level: slog.LevelWarn}
	if a.quiet {
		o.Level = slog.LevelError
	}
	a.log = slog.New(slog.NewTextHandler(a.Err, o))
}

func logLevel(cmd *cobra.Command, word string) (slog.Level, error) {
	switch word {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, oneOf(cmd, "log-level", word, "debug", "info", "warn", "error")
}
