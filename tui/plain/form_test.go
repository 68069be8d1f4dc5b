package plain_test

import (
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/plain"
	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
)

type panicking struct{}

func (panicking) Load() newexport.Answers { panic("no answers") }
func (panicking) Save(newexport.Answers)  {}

func TestForm(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var memory newexport.InMemory
		c := open(t, func(_ *talk, d *plain.Deps) { d.Answers = &memory })
		c.settle(40 * 24 * time.Hour)
		c.say("1", "?", "2", "8", "", "x", "2000-02-30", "2090-01-01", "2000-01-05", "?", "2000-01-01", "2000-01-31")
		c.say("5", "0", "1, 3", "back", "1 4", "~/Pläne")
		c.say("2", "1", "back", "", "1")
		c.golden("form")
		specs := c.jobs.Started()
		if len(specs) != 1 {
			t.Fatalf("started %+v", specs)
		}
		r := specs[0].Request
		if r.Format != client.JSON || r.Range.Name != "2000-01-05..2000-01-31" || specs[0].Output != "/home/u/Pläne/" ||
			r.Include != (client.Include{Metrics: true, AuditLogs: true}) || r.Range.From.Format(time.RFC3339) != "2000-01-04T23:00:00Z" {
			t.Errorf("started %+v", specs[0])
		}
		if a := memory.Load(); a.Range != "custom" || a.From != "2000-01-05" || a.Folder != "~/Pläne" || len(a.Include) != 2 {
			t.Errorf("remembered %+v", a)
		}
		c.say("s", "1", "1", "")
		c.need("Enter means 1:", "\n8. Other days")
		c.mark()
		c.say("8", "", "", "", ".")
		c.need("Enter means 2000-01-05:", "Enter means 2000-01-31:", "Enter means 1 4:", "Enter means ~/Pläne:", "Folder: /home/u/exports")
	})
}

func TestFormFolderThatCannotBe(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		c.jobs.SetFolder(func(output string) (string, int64, error) {
			if output != "" {
				return "", 0, &job.PathError{Kind: job.ErrFolder, Path: output, Err: errTest}
			}
			return "/home/u/exports", 1 << 30, nil
		})
		c.say("1", "1", "1", "", "/root/x", "")
		c.need("Error: The folder of \"/root/x/\" cannot be written", "Folder: /home/u/exports, 1.00 GiB free")
	})
}

func TestFormWaitsForItsTurn(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		ref := c.jobs.Start(job.Spec{Request: client.ExportRequest{Format: client.JSON, Range: client.Range{Name: "last_year"}, Include: client.Include{Metrics: true}}})
		c.jobs.Step(ref, job.StepCollecting)
		c.settle(64 * time.Second)
		c.say("1")
		c.need("An export is running for 1 minute 4 seconds: JSON, last year, metrics, collecting.")
		c.say("2")
		c.need("While it runs", "Collecting: 1 minute 4 seconds so far.")
		c.say("b", "1", "1")
		c.need("Which format?")
	})
}

// An answer that was remembered may be none any more.
func TestFormForgivesItsMemory(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var memory newexport.InMemory
		memory.Save(newexport.Answers{Format: "\x1b[2J", Range: "custom", From: "\x1b", To: "x", Include: []string{"nonsense"}, Folder: "a\x07b"})
		c := open(t, func(_ *talk, d *plain.Deps) { d.Answers = &memory })
		c.say("1", "", "", "", "2000-01-01", "", "", "")
		c.need("Format: JSON", "Range: 2000-01-01, CET", "Data: all data types")
	})
}
