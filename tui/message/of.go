package message

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
)

// again is the advice whenever a part is kept.
const again = "Run the same command again: it goes on where this one stopped."

// Of gives the words for an error; nil gives the zero Message.
//
// One error often wraps others, so the order counts: first what the person did,
// then what this machine cannot do, then what the server refused, and last what
// went wrong on the way.
func Of(err error) Message {
	if err == nil {
		return Message{}
	}
	var own *Error
	if errors.As(err, &own) {
		return own.Message
	}
	for _, words := range []func(error) (Message, bool){
		ofStopping, ofProfiles, ofSettings, ofJob, ofRefusal, ofTransfer, ofClient,
	} {
		if m, ok := words(err); ok {
			return m
		}
	}
	return Message{
		Internal,
		"Something went wrong that this program does not know: " + clean(err.Error()) + ".",
		"Run it again with --log-level debug and look into the log.",
	}
}

func ofStopping(err error) (Message, bool) {
	switch {
	case errors.Is(err, job.ErrStopped):
		return Message{Interrupted, "Stopped; what arrived is kept.", again}, true
	case errors.Is(err, context.Canceled):
		return Message{Interrupted, "Interrupted; what arrived is kept.", again}, true
	}
	return Message{}, false
}

// bare takes the path out of an error of the file system: the sentence has it.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func id(i client.ID) string { return clean(i.Safe()) }

// longest is how much of foreign words a sentence takes.
const longest = 240

// clean makes one safe line of bounded length.
func clean(s string) string {
	s = strings.Join(strings.Fields(text.Untrusted(s).Safe()), " ")
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}

func unstopped(s string) string { return strings.TrimRight(s, ". ") }

// sentence gives a phrase its full stop.
func sentence(s string) string { return unstopped(s) + "." }

// duration is a span without what is zero in it: "30 m", "1 m 30 s".
func duration(d time.Duration) string {
	var parts []string
	rest := d.Round(time.Second)
	for _, u := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := rest / u.size; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, u.name))
			rest %= u.size
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}
