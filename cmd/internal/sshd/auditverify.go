package sshd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// AuditReport is what a check of an audit log found.
type AuditReport struct {
	Lines uint64 // that hold
	Bytes int64
	Head  string // the hash of the last line that holds
	First time.Time
	Last  time.Time
	// From is the number of the first line that is here, 0 if there is none. If
	// it is not 1, the lines before it are in files that were taken elsewhere.
	From uint64
	// Files are those that were read, the oldest first.
	Files []AuditFile
	// Line is the first that does not hold, counted in the last of Files; 0 if
	// all do. Problem says why.
	Line    uint64
	Problem string
	// Unfinished is how many bytes at the end are no whole line: what a process
	// leaves that is killed while it writes. The next one takes them out.
	Unfinished int

	seq uint64 // of the last line that holds
}

// AuditFile is one file of an audit log.
type AuditFile struct {
	Path     string
	From, To uint64 // the numbers of its first and last line that hold; 0 is none
	Bytes    int64  // that were read
}

// OK reports whether the chain holds.
func (r AuditReport) OK() bool { return r.Problem == "" }

// VerifyAudit reads a log from the first line that is here to the last, or to
// the first that does not hold. The error is for a log that cannot be read.
// Others may write to it meanwhile.
func VerifyAudit(path string) (AuditReport, error) {
	var r AuditReport
	newest, err := os.Open(path)
	if err == nil {
		defer func() { _ = newest.Close() }()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return r, fmt.Errorf("read audit log %q: %w", path, bare(err))
	}
	// What was put aside since the newest file was opened is in this list.
	list, listing := setAside(path)
	if listing != nil || newest == nil && len(list) == 0 {
		return r, fmt.Errorf("read audit log %q: %w", path, bare(errors.Join(listing, err)))
	}
	for _, old := range list {
		f, err := os.Open(old.path)
		if err != nil {
			return r, fmt.Errorf("read audit log %q: %w", old.path, bare(err))
		}
		if sameFile(f, newest) {
			newest = nil
		}
		if err := r.file(old.path, f, old.last); err != nil || !r.OK() {
			return r, errors.Join(err, f.Close())
		}
		if err := f.Close(); err != nil {
			return r, err
		}
	}
	if newest == nil {
		return r, nil
	}
	return r, r.file(path, newest, 0)
}

func sameFile(a, b *os.File) bool {
	if b == nil {
		return false
	}
	one, err := a.Stat()
	other, err2 := b.Stat()
	return err == nil && err2 == nil && os.SameFile(one, other)
}

// file reads one file of the log. last is what the number of its last line has
// to be; 0 is the file that is written to.
func (r *AuditReport) file(path string, f io.Reader, last uint64) error {
	r.Files = append(r.Files, AuditFile{Path: path})
	here := &r.Files[len(r.Files)-1]
	lines := bufio.NewReaderSize(f, maxLine)
	for n := uint64(1); ; n++ {
		line, err := lines.ReadSlice('\n')
		r.Bytes += int64(len(line))
		here.Bytes += int64(len(line))
		switch {
		case errors.Is(err, io.EOF):
			r.end(n, len(line), last)
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
			r.Line, r.Problem = n, "the line is too long"
			return nil
		case err != nil:
			return fmt.Errorf("read audit log %q: %w", path, bare(err))
		}
		if r.Problem = r.next(bytes.TrimSuffix(line, []byte("\n")), n == 1); r.Problem != "" {
			r.Line = n
			return nil
		}
		if here.To = r.seq; n == 1 {
			here.From = r.seq
		}
	}
}

// end judges where a file ends: one that was put aside ends with the line that
// its name has.
func (r *AuditReport) end(n uint64, unfinished int, last uint64) {
	switch {
	case last == 0:
		r.Unfinished = unfinished
	case unfinished > 0:
		r.Line, r.Problem = n, "it is not finished"
	case r.seq != last:
		r.Line, r.Problem = n, fmt.Sprintf("lines are missing from here to number %d, the last by the name of the file", last)
	}
}

// next takes one line, or says why it does not hold. Only the first line of a
// file may say that it goes on from one that is not here.
func (r *AuditReport) next(line []byte, first bool) string {
	e, err := parseEntry(line)
	switch {
	case err != nil:
		return err.Error()
	case r.seq == 0 && first && e.Action == continued && e.Seq > 1 && e.Prev != "":
		r.Head, r.seq = e.Prev, e.Seq-1
	case r.seq > 0 && first && e.Action == continued && e.Seq > r.seq+1:
		return fmt.Sprintf("the file before it is missing, with lines %d to %d", r.seq+1, e.Seq-1)
	}
	switch {
	case e.Prev != r.Head:
		return "it does not follow the line before it"
	case e.Seq != r.seq+1:
		return fmt.Sprintf("its number is %d", e.Seq)
	}
	r.Lines++
	r.Head, r.Last, r.seq = e.Hash, e.Time, e.Seq
	if r.Lines == 1 {
		r.First, r.From = e.Time, e.Seq
	}
	return ""
}

// Before is the name of the file that ended before the first line that is here,
// "" if the log is whole.
func (r AuditReport) Before(path string) string {
	if r.From <= 1 {
		return ""
	}
	return filepath.Base(asideName(path, r.From-1))
}
