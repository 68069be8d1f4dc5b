package job

import (
	"strconv"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/seal"
)

const maxSlug = 60

// FileName is the name that an export of this request made at that time gets:
// dashtray-SLUG-RANGE-YYYYMMDDTHHMMSSZ.json. A name that the server suggests
// is never used.
func FileName(slug string, r client.ExportRequest, at time.Time) string {
	word := r.Range.FileWord()
	if r.Range == (client.Range{}) || word == "" {
		word = "export" // nobody told its range
	}
	return "dashtray-" + reduce(slug) + "-" + word + "-" +
		at.UTC().Format("20060102T150405Z") + extension(r.Format)
}

func extension(f client.Format) string {
	if f == client.CSV {
		return ".csv"
	}
	return ".json"
}

// reduce keeps a-z, 0-9 and single dashes of a stranger's slug.
func reduce(slug string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(slug) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= maxSlug {
			break
		}
	}
	s := strings.Trim(b.String(), "-")
	if s == "" {
		return "project"
	}
	return s
}

// numbered is name, name-1, name-2, … with the number before the extensions.
func numbered(name string, n int) string {
	if n == 0 {
		return name
	}
	dot := strings.LastIndexByte(strings.TrimSuffix(name, seal.Suffix), '.')
	return name[:dot] + "-" + strconv.Itoa(n) + name[dot:]
}
