package cli

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
)

// answersFile keeps the last answers of the form from one console to the next,
// in the state folder. They are a convenience: what cannot be read is not
// remembered, and what cannot be written is in the log.
type answersFile struct {
	path string
	log  *slog.Logger
}

// maxAnswers bounds what is read: a few words.
const maxAnswers = 16 << 10

// Load reads the answers; the form replaces what is no answer of its own.
func (f answersFile) Load() newexport.Answers {
	file, err := os.Open(f.path)
	if err != nil {
		return newexport.Answers{}
	}
	defer func() { _ = file.Close() }()
	var a newexport.Answers
	if err := json.NewDecoder(io.LimitReader(file, maxAnswers)).Decode(&a); err != nil {
		f.log.Info("the form's last answers are not remembered", "error", err)
		return newexport.Answers{}
	}
	return a
}

// Save replaces the file in one step, so that two consoles never mix theirs.
func (f answersFile) Save(a newexport.Answers) {
	if err := f.save(a); err != nil {
		f.log.Warn("the form's answers are not remembered", "error", err)
	}
}

func (f answersFile) save(a newexport.Answers) error {
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".answers-*")
	if err != nil {
		return err
	}
	err = json.NewEncoder(tmp).Encode(a)
	if closed := tmp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(tmp.Name(), f.path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}
