package inspect

import (
	"strings"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/verdict"
)

// summaryLines are the verdict and what there is of everything.
func (m *Model) summaryLines() []string {
	th, r, p := m.d.Theme, m.report, m.profile
	words := verdict.Words{Theme: th, Location: m.d.Location, LabelWidth: labelWidth, Width: m.w}
	var lines []string
	add := func(more ...string) { lines = append(lines, more...) }
	fact := func(label, value string) {
		if value != "" {
			add(component.Labelled(th, label, value, th.Text, labelWidth, m.w)...)
		}
	}
	tone, said := theme.Good, "The file is whole and consistent"
	if !r.OK {
		tone, said = theme.Bad, "The file does not verify"
	}
	if n := len(r.Warnings); n > 0 {
		said += ", with " + component.Plural(int64(n), "warning")
	}
	add(component.Notice(th, tone, said, m.w)...)
	for _, f := range r.Problems {
		add(words.Finding(theme.Bad, f)...)
	}
	if m.gone {
		add(component.Notice(th, theme.Caution, "The file was deleted since.", m.w)...)
	}
	add("")
	asked, _ := client.ParseInclude(strings.Join(m.d.Expect.Include, ",")) // none where it is not known
	add(words.Report(m.path, r, asked)...)
	if r.Format != "" {
		fact("Format", strings.ToUpper(r.Format)+verdict.Wrapping(r))
	}
	fact("Compared", verdict.Compared(m.d.Expect))
	if len(p.Metrics) > 0 {
		fact("Metrics", component.Count(int64(len(p.Metrics)))+" with "+component.Plural(r.Records.Metrics, "point"))
	}
	fact("Quality", tallies(m.qualities()))
	fact("Connections", tallies(append(append([]archive.Tally{}, p.ByStatus...), p.ByType...)))
	fact("Actions", tallies(p.Actions))
	fact("Users", tallies(p.Users))
	if len(r.Warnings) > 0 {
		add("")
	}
	for _, f := range r.Warnings {
		add(words.Finding(theme.Caution, f)...)
	}
	return lines
}

// qualities are the points by quality, of all metrics together.
func (m *Model) qualities() []archive.Tally {
	var sums []archive.Tally
	at := map[archive.Tally]int{}
	for i := range m.profile.Metrics {
		for _, q := range m.profile.Metrics[i].Quality {
			kind := archive.Tally{Value: q.Value, Rest: q.Rest}
			k, ok := at[kind]
			if !ok {
				k = len(sums)
				at[kind] = k
				sums = append(sums, kind)
			}
			sums[k].Count += q.Count
		}
	}
	return sums
}

// tallies are the first of a list in words.
func tallies(list []archive.Tally) string {
	const most = 12
	parts := verdict.Tallies(list)
	if rest := len(parts) - most; rest > 0 {
		parts = append(parts[:most], component.Together("and "+component.Count(int64(rest))+" others"))
	}
	return strings.Join(parts, ", ")
}
