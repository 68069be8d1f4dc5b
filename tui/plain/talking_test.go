package plain_test

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/plain"
)

func noKey(c *talk, _ *plain.Deps) {
	c.acc.Fails("work", message.New(message.NoKey, "There is no API key.", ""))
}

func TestFirstStart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, noKey)
		c.say("?", "9", "1")
		c.whisper("")
		c.say("1")
		c.whisper("dk_test_wrong")
		c.need("refused this key")
		c.say("")
		c.whisper("  Bearer " + goodKey + "  ")
		c.say("1", "q")
		c.golden("first_start")
		if err := c.result(); err != nil {
			t.Error(err)
		}
		c.needNot(goodKey, "dk_test")
	})
}

func TestDemo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, noKey)
		c.say("2")
		c.need("This is the demo", "(demo)", "Main menu")
		c.say("profiles", "3")
		c.need("work, default, key from keyring")
		c.needNot("Open the demo\n4")
	})
}

func TestNoHiddenInput(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, func(c *talk, d *plain.Deps) { noKey(c, d); d.ReadHidden = nil })
		c.needNot("paste")
		c.say("?")
		c.need("auth login")
	})
}

func TestSlowKeyring(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, func(c *talk, _ *plain.Deps) {
			c.acc.Slow(time.Hour, "Asking the keyring; it may show a window.")
		})
		c.need("it may show a window. Type back")
		c.settle(15 * time.Second)
		c.need("Still waiting.")
		c.say("back")
		c.need("An API key of the profile work is needed.")
		c.acc.Slow(0, "")
		c.say("3")
		c.need("Main menu")
		if calls := c.acc.Calls(); !strings.Contains(calls[0], "canceled") {
			t.Errorf("the search was not ended: %q", calls)
		}
	})
}

func TestTypedAheadIsNotLost(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, func(c *talk, _ *plain.Deps) { c.acc.Slow(time.Minute, "One moment.") })
		c.say("2") // Exports, before the main menu is there
		c.jobs.SetListing(listing(time.Now()), nil, 0)
		c.acc.Slow(0, "")
		c.settle(2 * time.Minute)
		c.need("4 exports, newest first.")
	})
}

func TestKeyRefusedWhileListing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		c.jobs.SetListing(listing(time.Now()), &client.Error{Kind: client.ErrUnauthorized, Step: "list the exports", Status: 401}, 0)
		c.say("2")
		c.need("The server refused the API key.", "Type or paste an API key")
		c.say("back")
		c.need("Without a key", "4 exports, newest first.")
		c.jobs.SetListing(listing(time.Now()), nil, 0)
		c.mark()
		c.say("refresh")
		c.need("4 exports, newest first.")
		c.needNot("refused")
	})
}

func TestOffline(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		l := listing(time.Now())
		l.Offline = &client.Error{Kind: client.ErrNetwork, Step: "list the exports"}
		l.Budget = client.Budget{Known: true, Limit: 1000, Remaining: 12, Reset: time.Now().Add(time.Hour)}
		c.jobs.SetListing(l, nil, 0)
		c.say("2")
		c.need("Error: The server gave no answer", "What follows is what this machine remembers.", "Only 12 requests of the project's 1000 an hour")
	})
}

func TestExports(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, withFiles)
		c.jobs.SetListing(listing(time.Now()), nil, 0)
		c.say("2", "?", "7", "more", "sort", "sort", "sort", "/FAILED", "/nothing like it", "/", "1", "1", "2", "back", "3", "back", "2", "b", "back", "q")
		c.golden("exports")
	})
}

// withFiles makes files that can be looked into.
func withFiles(_ *talk, d *plain.Deps) {
	d.Inspect = func(_ context.Context, path string, _ archive.Expect) ([]string, error) {
		if !strings.Contains(path, "/home/u/") {
			return nil, message.New(message.NotFound, "There is no file "+path+".", "Check its name.")
		}
		return []string{"Metrics: 3", "Monthly recurring revenue  ▁▂▃▅▇  last 15,000", "⠿⠿"}, nil
	}
	d.Verify = func(context.Context, string, archive.Expect) (archive.Report, error) {
		return archive.Report{OK: true, Bytes: 1000, SHA256: "abc", Records: archive.Counts{Metrics: 3, AuditLogs: 1}}, nil
	}
}

// A file is held against what the server told of its export.
func TestFilesAreHeldAgainstTheirExports(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var told []archive.Expect
		c := open(t, func(c *talk, d *plain.Deps) {
			withFiles(c, d)
			d.Inspect = func(_ context.Context, _ string, expect archive.Expect) ([]string, error) {
				told = append(told, expect)
				return nil, nil
			}
			d.Verify = func(_ context.Context, _ string, expect archive.Expect) (archive.Report, error) {
				told = append(told, expect)
				return archive.Report{OK: true}, nil
			}
		})
		list := listing(time.Now())
		c.jobs.SetListing(list, nil, 0)
		c.say("2", "1", "1", "2", "back", "back", "q")
		if len(told) != 2 || told[0].Format == "" || !reflect.DeepEqual(told[0], told[1]) || !reflect.DeepEqual(told[0], nav.Expected(list.Entries[0].Export)) {
			t.Errorf("held against %+v", told)
		}
	})
}

func TestPagesOfExports(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		c.jobs.SetListing(many(time.Now(), 25), nil, 0)
		c.say("2")
		c.need("25 exports, newest first. Here are 1 to 10.", "\n10. ", "Enter means more:")
		c.needNot("\n11. ")
		c.say("", "")
		c.need("Here are 21 to 25.", "\n25. ", "Enter means back:")
		c.say("3")
		c.need("\"3\" is none of the choices. Type a number from 21 to 25")
		c.say("21")
		c.need("Export exp_" + strings.Repeat("i", 21))
		c.say("back", "less")
		c.need("Here are 11 to 20.")
	})
}

func TestDownloadFromTheList(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		c.jobs.SetListing(listing(time.Now()), nil, 0)
		c.say("2", "2")
		c.need("1. Go on with the download", "dashtray-tui download exp_3")
		c.say("1")
		if s := c.jobs.Started(); len(s) != 1 || s[0].ID != "exp_3" {
			t.Fatalf("started %+v", s)
		}
		c.say("b")
		c.need("It goes on.")
		c.say("2")
		c.need("1. Watch the job that works on it")
		c.say("1", "s")
		c.need("Stopped here.", "What next?")
	})
}

func TestLookIntoAFile(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, withFiles)
		c.say("3", "", "?", "~/x.json", "1", "2", "back", "/etc/passwd", "1", "back", "back")
		c.need("An answer is needed here.", "The file /home/u/x.json", "Monthly recurring revenue last 15,000",
			"The file is whole and consistent.", "Records: 3 metrics, 1 audit log entry", "There is no file /etc/passwd.")
	})
}

func TestProfiles(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		c.acc.Has(tui.Profile{Name: "home", APIURL: "https://api.example.com"}, tui.Account{Profile: "home", Jobs: c.jobs, ShellCommand: command})
		c.say("3", "1", "?", "back", "2", "2", "back") // another key for home, and back
		c.say("2", "3", "2", "3", "1", "2", "3", "2")  // default, keep it, remove it
		c.say("2", "bad name", "work", "new", "ftp://x", "back", "side", "http://127.0.0.1:8080", "1")
		c.whisper(goodKey)
		c.say("2", "q")
		c.golden("profiles")
		want := "open work|use home|remove home|add side http://127.0.0.1:8080|check side|keep side in "
		if got := strings.Join(c.acc.Calls(), "|"); got != want {
			t.Errorf("calls %q, want %q", got, want)
		}
	})
}

func TestSwitchProfile(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		c.acc.Has(tui.Profile{Name: "home"}, tui.Account{Profile: "home", Jobs: c.jobs})
		c.say("3", "2", "1")
		c.need("The project is My SaaS App, the profile home.", "Main menu")
		c.acc.ChangesFail(errTest)
		c.say("3", "1", "3", "2")
		c.need("Error: Something went wrong that this program does not know: the test's own error.")
	})
}

// Wherever the person is, the end of the input ends the console politely, and
// the end of ctx ends it at once.
func TestEnds(t *testing.T) {
	places := map[string]func(c *talk){
		"main menu": func(*talk) {},
		"list":      func(c *talk) { c.say("2") },
		"waiting": func(c *talk) {
			c.jobs.SetListing(job.Listing{}, nil, time.Hour)
			c.say("2")
			c.settle(20 * time.Second)
		},
		"text":         func(c *talk) { c.say("1", "1", "8") },
		"a job":        func(c *talk) { c.say("1", "1", "1", "", "", "1") },
		"quit or not":  func(c *talk) { c.say("1", "1", "1", "", "", "1", "q") },
		"hidden input": func(c *talk) { c.say("3", "1", "1", "1") },
	}
	for name, goThere := range places {
		t.Run(name+", end of input", func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				c := open(t, nil)
				goThere(c)
				if err := c.close(); err != nil {
					t.Error(err)
				}
				if !strings.HasSuffix(c.text(), "\nGoodbye.\n") {
					t.Errorf("no goodbye:\n%s", c.text())
				}
			})
		})
		t.Run(name+", end of ctx", func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				c := open(t, nil)
				goThere(c)
				c.cancel(errTest)
				c.settle(0)
				if err := c.result(); !errors.Is(err, errTest) {
					t.Errorf("ended with %v", err)
				}
				if !strings.HasSuffix(c.text(), "\n") {
					t.Errorf("the last line is open: %q", c.text())
				}
			})
		})
		t.Run(name+", quit", func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				c := open(t, nil)
				goThere(c)
				if name == "hidden input" {
					c.whisper("quit")
				} else {
					c.say("quit")
				}
				if !c.over() { // something runs
					c.need("1 job still running")
					c.say("2")
				}
				if err := c.result(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestQuittingAsksWhileAJobRuns(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		c.jobs.Start(job.Spec{ID: "exp_9"})
		c.say("q", "1")
		if c.over() {
			t.Fatal("it ended")
		}
		c.say("q", "q")
		c.need("What arrived is kept.", "Goodbye.")
	})
}

func TestLongLine(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		c.typed <- strings.Repeat("x", 1<<20) + "\n"
		c.settle(0)
		c.need("That line is too long to be an answer.")
		c.say("q")
		if err := c.result(); err != nil {
			t.Error(err)
		}
	})
}

func TestOutputFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		c.mu.Lock()
		c.failed = io.ErrClosedPipe
		c.mu.Unlock()
		c.say("1")
		if err := c.result(); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestInputFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, func(_ *talk, d *plain.Deps) { d.In = broken{} })
		if err := c.result(); !errors.Is(err, errTest) {
			t.Errorf("ended with %v", err)
		}
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errTest }

func TestPanicIsAnError(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, func(_ *talk, d *plain.Deps) {
			d.Inspect = func(context.Context, string, archive.Expect) ([]string, error) { panic("in the\x1b[31m background") }
			d.Message = func(err error) (string, string) { return err.Error(), "" }
			d.Answers = panicking{}
		})
		c.say("3", "x")
		c.need("internal error: in the")
		c.say("back", "1")
		if err := c.result(); err == nil || !strings.Contains(err.Error(), "no answers") {
			t.Errorf("ended with %v", err)
		}
	})
}

// Nothing is written while nothing happens.
func TestIdle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		c.mark()
		c.settle(24 * time.Hour)
		if got := c.text(); got != "" {
			t.Errorf("written while idle: %q", got)
		}
	})
}

func TestHiddenInputFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, func(c *talk, d *plain.Deps) {
			noKey(c, d)
			d.ReadHidden = func(context.Context) (string, error) { return "", errTest }
		})
		c.say("1")
		c.need("Error: ", "the test's own error")
		c.say("2")
		c.need("Main menu")
	})
}
