// Package schedule makes the system start a backup by itself: it writes what
// systemd, cron, launchd and Windows' Task Scheduler read, and installs it where
// there is a systemd that serves the user.
//
// What is written comes from pure functions of a [Plan]. Whatever runs another
// program does so through a [Runner], by its arguments and never by a shell.
package schedule

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Every says how often a backup runs.
type Every string

// How often: each day, each Monday, each first day of a month.
const (
	Daily   Every = "daily"
	Weekly  Every = "weekly"
	Monthly Every = "monthly"
)

// Clock is a time of day, of the machine's local zone.
type Clock struct{ Hour, Minute int }

// ParseClock reads HH:MM, from 00:00 to 23:59.
func ParseClock(s string) (Clock, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return Clock{}, fmt.Errorf("%q is no time of day from 00:00 to 23:59", s)
	}
	return Clock{t.Hour(), t.Minute()}, nil
}

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c.Hour, c.Minute) }

// Variable is one of the environment's.
type Variable struct{ Name, Value string }

// Credential is a file whose content systemd hands to the backup under the name
// ID (systemd.exec(5), LoadCredential=). The zero value is none.
type Credential struct {
	ID        string
	Path      string // absolute
	Encrypted bool   // by systemd-creds
}

// Plan is a backup that is to run by itself. All paths are absolute.
type Plan struct {
	Profile string   // "" is all profiles
	Argv    []string // the program's path, then its arguments
	Env     []Variable
	Every   Every
	At      Clock
	// Writes are the folders that the backup writes into. They should exist.
	Writes     []string
	Credential Credential
	// RunsCommands says that the backup runs commands of the person's, a key
	// command or a hook, which may need more than the program itself does.
	RunsCommands bool
	// Log is a file for what the backup says, where the system would lose it.
	Log string
}

// WordError is a word that a schedule cannot hold. Choose another name for the
// file or folder.
type WordError struct {
	Word   string
	Reason string
}

func (e *WordError) Error() string { return fmt.Sprintf("%q %s", e.Word, e.Reason) }

// errNoProgram says that a plan's first word is not a program's absolute path.
var errNoProgram = errors.New("a plan starts with the absolute path of a program")

const (
	namePrefix = "dashtray-backup"
	// allName cannot be a profile's: those have no dot.
	allName = namePrefix + ".all-profiles"
	// madeBy stands in all that is written, marker in what Remove takes away.
	madeBy = `Made by "dashtray-tui schedule".`
	marker = `Made by "dashtray-tui schedule"; "dashtray-tui schedule remove" takes it away.`
)

// Name is what a profile's backup is called by the system; "" is all profiles.
func Name(profile string) string {
	if profile == "" {
		return allName
	}
	return namePrefix + "-" + profile
}

// profileOf is the profile that a name is of; ok is false for a stranger's name.
func profileOf(name string) (profile string, ok bool) {
	if name == allName {
		return "", true
	}
	return strings.CutPrefix(name, namePrefix+"-")
}

// about tells a person whose backup it is.
func (p Plan) about() string {
	if p.Profile == "" {
		return "all profiles"
	}
	return "profile " + p.Profile
}

// check refuses what no schedule can hold. All of them are lines of text, and
// none says how its system reads a control character.
func (p Plan) check() error {
	if len(p.Argv) == 0 || !absolute(p.Argv[0]) {
		return errNoProgram
	}
	words := append(append([]string{}, p.Argv...), p.Writes...)
	words = append(words, p.Log, p.Credential.Path)
	for _, v := range p.Env {
		words = append(words, v.Name, v.Value)
	}
	for _, w := range words {
		if !utf8.ValidString(w) {
			return &WordError{w, "is not valid UTF-8"}
		}
		if strings.ContainsFunc(w, unprintable) {
			return &WordError{w, "has a control character in it"}
		}
	}
	return nil
}

// unprintable are the characters that end a line for one reader or another, or
// that XML 1.0 (section 2.2) cannot hold.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufffe' || r == '\uffff'
}

// absolute goes by the rules of every system: a plan for one may be made, and
// tested, on another.
func absolute(path string) bool {
	drive := len(path) > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/')
	return filepath.IsAbs(path) || strings.HasPrefix(path, "/") || strings.HasPrefix(path, `\\`) || drive
}

// Next is when a backup runs next after now, by now's own zone. Systems may
// start it some minutes later.
func Next(now time.Time, every Every, at Clock) time.Time {
	year, month, day := now.Date()
	for {
		t := time.Date(year, month, day, at.Hour, at.Minute, 0, 0, now.Location())
		due := every == Daily || every == Weekly && t.Weekday() == time.Monday || every == Monthly && t.Day() == 1
		if due && t.After(now) {
			return t
		}
		day++
	}
}
