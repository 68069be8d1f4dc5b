package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/verdict"
)

// How much of what a file has the text tells; --json has all.
const (
	newestRows = 10
	topTallies = 10
)

// The width of the text: that of the terminal, within bounds.
const (
	leastInspection = 40
	mostInspection  = 160
)

// inspection writes what is in a file for people.
type inspection struct {
	th       *theme.Theme
	loc      *time.Location
	width    int
	colored  bool
	pictures bool // sparklines; not where the text is read aloud
	lines    []string
}

// printInspection tells what is in a file.
func (a *app) printInspection(path string, r archive.Report) error {
	n := &inspection{
		th: theme.New(theme.ASCIILocale(a.Environ())), loc: a.settings.TimeZone.Location(a.Location),
		width: defaultWidth, colored: a.colored(a.OutTerminal), pictures: !a.speaks(),
	}
	if w := a.Width(); a.OutTerminal && w > 0 {
		n.width = max(leastInspection, min(w, mostInspection))
	}
	if _, err := io.WriteString(a.Out, strings.Join(n.tell(path, r), "\n")+"\n"); err != nil {
		return unwritable(err)
	}
	return nil
}

// tell gives the lines. Nothing in them can act on a terminal.
func (n *inspection) tell(path string, r archive.Report) []string {
	n.summary(path, r)
	n.metrics(r)
	n.connections(r)
	n.dashboards(r)
	n.audit(r)
	return n.lines
}

// SGR sequences: bold, and bold in a colour of the terminal's own palette.
const (
	bold   = "1"
	red    = "1;31"
	green  = "1;32"
	yellow = "1;33"
)

func (n *inspection) paint(sgr, s string) string {
	if !n.colored {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

// add adds a line. What component.Together held together needs that no more.
func (n *inspection) add(line string) {
	n.lines = append(n.lines, strings.TrimRight(strings.ReplaceAll(line, "\u00a0", " "), " "))
}

// hang adds a text, wrapped, after a head that is there already; the lines
// that follow begin under the first.
func (n *inspection) hang(head, s string) {
	indent := ansi.StringWidth(head)
	room := max(1, n.width-indent)
	line := ""
	for _, word := range strings.Split(s, " ") {
		if line != "" && ansi.StringWidth(line)+1+ansi.StringWidth(word) > room {
			n.add(head + line)
			head, line = strings.Repeat(" ", indent), ""
		}
		if line != "" {
			line += " "
		}
		parts := strings.Split(ansi.Hardwrap(word, room, true), "\n")
		for _, part := range parts[:len(parts)-1] {
			n.add(head + part)
			head = strings.Repeat(" ", indent)
		}
		line += parts[len(parts)-1]
	}
	n.add(head + line)
}

func (n *inspection) summary(path string, r archive.Report) {
	for _, f := range reportFacts(path, r) {
		head := fmt.Sprintf("%-10s ", f.name)
		switch {
		case f.name == "File": // to be copied, so it is not broken
			n.add(head + f.value)
			continue
		case f.name == problemFact, f.name == verdictFact && !r.OK:
			head = n.paint(red, f.name) + head[len(f.name):]
		case f.name == warningFact:
			head = n.paint(yellow, f.name) + head[len(f.name):]
		case f.name == verdictFact:
			head = n.paint(green, f.name) + head[len(f.name):]
		}
		n.hang(head, f.value)
	}
}

// section begins a part of the text.
func (n *inspection) section(name string, count int64, facts string) {
	n.add("")
	head := fmt.Sprintf("%s (%s)", name, component.Count(count))
	if facts == "" {
		n.add(n.paint(bold, head))
		return
	}
	n.hang(n.paint(bold, head)+"  ", facts)
}

func (n *inspection) metrics(r archive.Report) {
	p := r.Profile
	if len(p.Metrics) == 0 {
		return
	}
	n.section("Metrics", int64(len(p.Metrics)), "")
	for i := range p.Metrics {
		n.metric(&p.Metrics[i])
	}
	if p.MetricsBeyond > 0 {
		n.hang("  ", "and "+component.Plural(p.MetricsBeyond, "point")+" of other metrics, beyond what is told one by one")
	}
}

func (n *inspection) metric(m *archive.Metric) {
	width := 0
	if n.pictures {
		width = max(16, min(n.width/3, 48))
	}
	about := strings.Join(verdict.Filled(m.Unit, m.Service), ", ")
	name := orNothing(cmp.Or(m.Name, m.Key).Safe())
	if about != "" {
		about = " (" + about + ")"
	}
	room := n.width - width - 2*columnGap
	title := component.Cut(n.th, name+about, room)
	if len(title) >= len(name) {
		title = n.paint(bold, name) + title[len(name):]
	}
	points := verdict.Course(m)
	trend := component.Trend(n.th, points, width)
	n.add("  " + component.Pad(title, room) + strings.Repeat(" ", columnGap) + trend)

	told := []string{component.Plural(m.Points, "point")}
	if !m.First.At.IsZero() {
		told = append(told, n.span(m.First.At, m.Last.At))
	}
	n.hang("    ", strings.Join(append(told, verdict.Tallies(m.Quality)...), ", "))
	if values := verdict.Values(m); len(values) > 0 {
		n.hang("    ", strings.Join(values, ", "))
	}
	if component.HasGap(points) {
		n.hang("    ", "no points from "+n.moment(m.GapFrom)+" to "+n.moment(m.GapTo))
	}
}

// span is from when to when: the days, or on one day the times.
func (n *inspection) span(from, to time.Time) string {
	first, last := from.In(n.loc).Format(time.DateOnly), to.In(n.loc).Format(time.DateOnly)
	begin, end := n.moment(from), to.In(n.loc).Format("15:04")
	switch {
	case first != last:
		return first + " to " + last
	case strings.HasSuffix(begin, end):
		return begin
	}
	return begin + " to " + end
}
