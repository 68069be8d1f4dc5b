package export

import (
	"errors"
	"slices"
	"time"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
)

// stage is one line of the checklist and the job's steps that belong to it.
type stage struct {
	name  string
	steps []job.Step
}

// stagesOf are the stages of the product's page. A server that tells no more
// than "processing" gets one stage for collecting and generating, since
// nobody knows how long each takes.
func stagesOf(s job.Snapshot) []stage {
	queued := stage{"Queued", []job.Step{job.StepQueued}}
	ready := stage{"Link ready", []job.Step{job.StepTransferring, job.StepVerifying, job.StepDone}}
	for _, t := range s.Steps {
		if t.Step == job.StepProcessing {
			both := stage{"Processing", []job.Step{job.StepProcessing, job.StepCollecting, job.StepGenerating}}
			return []stage{queued, both, ready}
		}
	}
	return []stage{
		queued,
		{"Collecting", []job.Step{job.StepCollecting}},
		{"Generating", []job.Step{job.StepGenerating}},
		ready,
	}
}

// checklist says where each stage stands. A stage has a time only if it was seen.
func checklist(s job.Snapshot, now time.Time) []component.Stage {
	stages := stagesOf(s)
	times := spent(s, now)
	reached := -1
	for i, st := range stages {
		for _, t := range s.Steps {
			if slices.Contains(st.steps, t.Step) {
				reached = i
			}
		}
	}
	lines := make([]component.Stage, len(stages))
	for i, st := range stages {
		lines[i] = component.Stage{Name: st.name, State: stateOf(s, i, reached, len(stages)-1)}
		var took time.Duration
		seen := false
		for _, step := range st.steps {
			d, ok := times[step]
			took, seen = took+d, seen || ok
		}
		// The last stage is reached or not; it takes no time of its own.
		if seen && i < len(stages)-1 {
			lines[i].Time = component.Duration(took)
		}
	}
	return lines
}

func stateOf(s job.Snapshot, i, reached, last int) component.StageState {
	switch {
	case i < reached || (i == reached && i == last):
		return component.StageDone
	case i > reached:
		return component.StagePending
	case !s.Step.Over():
		return component.StageCurrent
	}
	var failed *job.ExportFailedError
	if errors.As(s.Err, &failed) {
		return component.StageFailed
	}
	// This job has ended, and not the server's.
	return component.StageHalted
}

// spent is how long each step lasted, to its successor or until now.
func spent(s job.Snapshot, now time.Time) map[job.Step]time.Duration {
	times := make(map[job.Step]time.Duration, len(s.Steps))
	for i, t := range s.Steps {
		end := now
		if i+1 < len(s.Steps) {
			end = s.Steps[i+1].At
		}
		times[t.Step] += max(0, end.Sub(t.At))
	}
	return times
}

// begun is since when the server has been at work; zero if it has not begun.
// An export that was found and not made may be older than this job.
func begun(s job.Snapshot) time.Time {
	var first time.Time
	for _, t := range s.Steps {
		if t.Step.OnServer() {
			first = t.At
			break
		}
	}
	created := s.Export.CreatedAt
	found := s.Adopted || s.Continued || s.Spec.ID != ""
	if found && !first.IsZero() && !created.IsZero() && created.Before(first) {
		return created
	}
	return first
}

// adviceAfter is the time after which support has to look, by the product's
// page on data export.
const adviceAfter = 30 * time.Minute

// recordsOf is the size of an export as far as the server told, else -1.
func recordsOf(s job.Snapshot) int64 {
	switch e := s.Export; {
	case e.Progress != nil && e.Progress.Total > 0:
		return e.Progress.Total
	case e.Records != nil && *e.Records >= 0:
		return *e.Records
	}
	return -1
}
