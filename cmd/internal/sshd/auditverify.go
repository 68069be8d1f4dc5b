package sshd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// AuditReport is what a check of an audit log found.
type AuditReport struct {
	Lines uint64
	Bytes int64
	Head  string // the hash of the last line that holds
	First time.Time
	Last  time.Time
	// Line is the first that does not hold, 0 if all do; Problem says why.
	Line    uint64
	Problem string
	// Unfinished is how many bytes at the end are no whole line: what a process
	// leaves that is killed while it writes. The next one takes them out.
	Unfinished int
}

// OK reports whether the chain holds.
func (r AuditReport) OK() bool { return r.Problem == "" }

// VerifyAudit reads a log from its first line to its last, or to the first that
// does not hold. The error is for a log that cannot be read.
func VerifyAudit(path string) (AuditReport, error) {
	f, err := os.Open(path)
	if err != nil {
		return AuditReport{}, fmt.Errorf("read audit log %q: %w", path, bare(err))
	}
	defer func() { _ = f.Close() }()
	var r AuditReport
	lines := bufio.NewReaderSize(f, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		r.Bytes += int64(len(line))
		switch {
		case errors.Is(err, io.EOF):
			r.Unfinished = len(line)
			return r, nil
		case errors.Is(err, bufio.ErrBufferFull):
			r.Line, r.Problem = r.Lines+1, "the line is too long"
			return r, nil
		case err != nil:
			return r, fmt.Errorf("read audit log %q: %w", path, bare(err))
		}
		if r.Problem = r.next(bytes.TrimSuffix(line, []byte("\n"))); r.Problem != "" {
			r.Line = r.Lines + 1
			return r, nil
		}
	}
}

// next takes one line, or says why it does not hold.
func (r *AuditReport) next(line []byte) string {
	e, err := parseEntry(line)
	switch {
	case err != nil:
		return err.Error()
	case e.Prev != r.Head:
		return "it does not follow the line before it"
	case e.Seq != r.Lines+1:
		return fmt.Sprintf("its number is %d", e.Seq)
	}
	r.Lines++
	r.Head, r.Last = e.Hash, e.Time
	if r.Lines == 1 {
		r.First = e.Time
	}
	return ""
}
