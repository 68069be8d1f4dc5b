package cli

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/seal"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// What the flags are when they are not written.
const (
	defaultFormat      = string(client.JSON)
	defaultRange       = "last_30_days"
	defaultInclude     = "all"
	defaultIfBusy      = string(job.BusyWait)
	defaultTimeout     = 30 * time.Minute
	defaultConnections = config.DefaultConnections
	maxConnections     = 8
)

// making is the flags that say which export is made, and how it is waited for.
type making struct {
	format, dates, include, ifBusy string
	utc, detach, fresh             bool
}

func (m *making) register(f *pflag.FlagSet) {
	m.registerRequest(f, defaultRange)
	f.BoolVar(&m.detach, "detach", false, "make the export, print its id, and leave")
	f.BoolVar(&m.fresh, "new", false, "do not continue an unfinished run of the same command")
}

// registerRequest is what every command has that makes exports.
func (m *making) registerRequest(f *pflag.FlagSet, dates string) {
	word(f, &m.format, "format", defaultFormat, "FORMAT", "json or csv")
	word(f, &m.dates, "range", dates, "RANGE", "last_7_days, last_30_days, last_90_days, last_year, all_time,\n"+
		"last_month, last_quarter, 2026, 2026-03, 2026-Q1, or FROM..TO,\nboth YYYY-MM-DD and inclusive")
	f.BoolVar(&m.utc, "utc", false, "days of the range are days of UTC, not of the local time zone")
	word(f, &m.include, "include", defaultInclude, "TYPES", "all, or some of metrics,connections,dashboards,audit_logs")
	word(f, &m.ifBusy, "if-busy", defaultIfBusy, "WHAT", "when another export runs: wait, attach (take that one) or fail")
}

// apply checks the flags and writes them into the spec.
func (m *making) apply(a *app, cmd *cobra.Command, spec *job.Spec) error {
	if err := oneOf(cmd, "format", m.format, string(client.JSON), string(client.CSV)); err != nil {
		return err
	}
	if err := oneOf(cmd, "if-busy", m.ifBusy, string(job.BusyWait), string(job.BusyAttach), string(job.BusyFail)); err != nil {
		return err
	}
	zone := a.Location
	if m.utc {
		zone = time.UTC
	}
	dates, err := client.ParseRange(m.dates, a.Now(), zone)
	if err != nil {
		return rangeError(cmd, err)
	}
	include, err := client.ParseInclude(m.include)
	if err != nil {
		return usageError(cmd, "--include: %v.", err)
	}
	spec.Request = client.ExportRequest{Format: client.Format(m.format), Range: dates, Include: include}
	spec.IfBusy, spec.Detach, spec.New = job.IfBusy(m.ifBusy), m.detach, m.fresh
	return nil
}

// rangeError keeps the hint that comes with a range that cannot be meant.
func rangeError(cmd *cobra.Command, err error) error {
	var wrong *client.RangeError
	if !errors.As(err, &wrong) {
		return usageError(cmd, "--range: %v.", err)
	}
	return &message.Error{
		Message: message.Message{Code: message.Usage, Text: "--range: " + wrong.Error() + ".", Hint: wrong.Hint},
	}
}

// keeping is the flags that say where the file goes and how it comes.
type keeping struct {
	output, limitRate string
	encryptTo         []string
	force             bool
	connections       int
	timeout           time.Duration
}

func (k *keeping) register(f *pflag.FlagSet) {
	f.VarP(&wordValue{&k.output, "FILE"}, "output", "o", "write to this file, into a folder (DIR/), or to standard output (-); else into the current folder")
	f.BoolVar(&k.force, "force", false, "replace the output file if it exists")
	f.IntVar(&k.connections, "connections", defaultConnections, "connections at most, 1 to 8")
	word(f, &k.limitRate, "limit-rate", "", "RATE", "bytes a second of all connections together: 500K, 5M")
	f.VarP(&wordsValue{&k.encryptTo, "KEY"}, "encrypt-to", "", "encrypt the file to this age recipient or SSH public key; may be given several times")
	f.DurationVar(&k.timeout, "timeout", defaultTimeout, "how long to wait for the server, being busy included")
}

func (k *keeping) apply(a *app, cmd *cobra.Command, spec *job.Spec) error {
	switch {
	case cmd.Flags().Changed("output") && k.output == "":
		return usageError(cmd, "--output is empty.")
	case k.output == "-" && a.json:
		return usageError(cmd, "-o - and --json both want standard output.")
	case k.output == "-" && a.OutTerminal:
		return usageError(cmd, "-o - writes the file to standard output, which is a terminal: redirect it.")
	case k.connections < 1 || k.connections > maxConnections:
		return usageError(cmd, "--connections is 1 to %d, not %d.", maxConnections, k.connections)
	case k.timeout <= 0:
		return usageError(cmd, "--timeout is a time above 0, such as 90s or 30m, not %s.", k.timeout)
	}
	to, err := recipients(cmd, k.encryptTo)
	if err != nil {
		return err
	}
	spec.Output, spec.Force, spec.EncryptTo = k.output, k.force, to
	spec.Connections, spec.Timeout = k.connections, k.timeout
	if !cmd.Flags().Changed("connections") {
		spec.Connections = a.settings.Connections.Int()
	}
	spec.LimitRate = a.settings.LimitRate.Rate()
	if cmd.Flags().Changed("limit-rate") {
		rate, ok := config.ParseRate(k.limitRate)
		if !ok {
			return usageError(cmd, "--limit-rate is a number of bytes such as 500K, 5M or 1G, not %q.", k.limitRate)
		}
		spec.LimitRate = rate
	}
	return nil
}

// recipients checks each of the keys, so that the wrong one is named, and gives
// them as a job takes them.
func recipients(cmd *cobra.Command, keys []string) (string, error) {
	for i, key := range keys {
		if _, err := seal.ParseRecipient(key); err != nil {
			// The key itself is not repeated: it may be the private one.
			return "", usageError(cmd, "--encrypt-to, number %d: %v.", i+1, err)
		}
	}
	return strings.Join(keys, "\n"), nil
}
