package job_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
	"github.com/dashtray/dashtray-tui/client/seal"
)

func keyPair(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func opened(t *testing.T, path string, id age.Identity) archive.Report {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	plain, err := age.Decrypt(f, id)
	if err != nil {
		t.Fatal(err)
	}
	report, err := archive.Check(context.Background(), plain, archive.Expect{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestEncrypted(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		one, two := keyPair(t), keyPair(t)
		spec := w.spec()
		spec.EncryptTo = one.Recipient().String() + "\n" + two.Recipient().String()
		res, _, err := w.do(spec)
		if err != nil {
			t.Fatal(err)
		}
		w.whole(res)
		if !res.Encrypted || !strings.HasSuffix(res.File, ".json"+seal.Suffix) {
			t.Errorf("encrypted %v, file %s", res.Encrypted, res.File)
		}
		for _, id := range []age.Identity{one, two} {
			if got := opened(t, res.File, id); !got.OK || got.Records != res.Report.Records || got.SHA256 == res.SHA256 {
				t.Errorf("what is in it: %+v", got)
			}
		}

		// The same export again is here already, and is not fetched again.
		again := job.Spec{ID: res.ExportID, EncryptTo: spec.EncryptTo}
		back, _, err := w.do(again)
		if err != nil || !back.Reused || back.File != res.File || back.SHA256 != res.SHA256 {
			t.Errorf("again: %v %+v", err, back)
		}
		// Asked for plain, the encrypted file is no answer.
		plain, _, err := w.do(job.Spec{ID: res.ExportID})
		if err != nil || plain.Encrypted || filepath.Ext(plain.File) != ".json" {
			t.Errorf("plain: %v %+v", err, plain)
		}
	})
}

func TestEncryptedThoughInvalid(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.inject("credential")
		id := keyPair(t)
		spec := w.spec()
		spec.EncryptTo = id.Recipient().String()
		res, _, err := w.do(spec)
		var invalid *job.InvalidError
		if !errors.As(err, &invalid) || !strings.HasSuffix(res.File, ".json.age.invalid") {
			t.Fatalf("%v, file %s", err, res.File)
		}
		if got := opened(t, res.File, id); got.OK {
			t.Error("what is in it verifies")
		}
		if names := w.names(); len(names) != 1 {
			t.Errorf("plain text beside it: %v", names)
		}
	})
}

func TestRecipientsAreCheckedBeforeAnExportIsMade(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		for to, want := range map[string]error{
			"age1nonsense":              seal.ErrRecipient,
			keyPair(t).String():         seal.ErrPrivateKey,
			"# nobody\n":                seal.ErrNoRecipient,
			"age1yubikey1qwerty0000000": seal.ErrPlugin,
		} {
			spec := w.spec()
			spec.EncryptTo = to
			if _, _, err := w.do(spec); !errors.Is(err, want) {
				t.Errorf("%.8s…: %v, want %v", to, err, want)
			}
		}
		if n := w.made(); n != 0 {
			t.Errorf("%d exports were made", n)
		}
	})
}

// Whoever was killed between naming the encrypted file and removing the plain
// part leaves both; the next run removes the part and makes no second file.
func TestKilledBetweenNamingAndRemovingThePart(t *testing.T) {
	inWorld(t, sandbox.Config{Rate: 50_000}, func(w *world) {
		store, err := history.Open(context.Background(), filepath.Join(w.st, "history.db"), history.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = store.Close() }()
		w.svc.Close()
		w.svc = job.New(job.Deps{API: w.api, Transport: w.sb.Transport(), StateDir: w.st, Folder: w.dir, History: store})
		defer w.svc.Close()
		id := keyPair(t)
		spec := w.spec()
		spec.EncryptTo = id.Recipient().String()
		plain := w.spec()
		first, _, err := w.do(plain)
		if err != nil {
			t.Fatal(err)
		}
		res, _, err := w.do(job.Spec{ID: first.ExportID, EncryptTo: spec.EncryptTo})
		if err != nil {
			t.Fatal(err)
		}
		leavePart(t, w, res)
		back, _, err := w.do(job.Spec{ID: res.ExportID, EncryptTo: spec.EncryptTo})
		if err != nil || !back.Reused || back.File != res.File {
			t.Fatalf("%v %+v", err, back)
		}
		w.whole(back)
	})
}

// leavePart puts a part beside a file as a killed run leaves it: its bytes and
// a checkpoint, taken from a transfer that was cut off.
func leavePart(t *testing.T, w *world, res job.Result) {
	t.Helper()
	other := filepath.Join(w.dir, "other")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	ref := w.svc.Start(job.Spec{ID: res.ExportID, Output: other + string(filepath.Separator)})
	w.until(ref, "some bytes", transferring(20_000))
	w.svc.Stop(ref)
	if _, err := w.svc.Result(context.Background(), ref); !errors.Is(err, job.ErrStopped) {
		t.Fatalf("the transfer was not stopped: %v", err)
	}
	found, err := filepath.Glob(filepath.Join(other, "*.part*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no part was left: %v", err)
	}
	for _, path := range found {
		_, suffix, _ := strings.Cut(filepath.Base(path), ".json.part")
		move(t, path, res.File+".part"+suffix)
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(in)
	_ = in.Close()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Who keeps the files is told before the run is over: when that fails, the same
// command tells it again, and fetches nothing anew.
func TestKeptIsToldUntilItWorks(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.svc.Close()
		var told []string
		full := errors.New("the manifest is full")
		w.svc = job.New(job.Deps{
			API: w.api, Transport: w.sb.Transport(), StateDir: w.st, Folder: w.dir,
			Kept: func(r job.Result) error {
				told = append(told, r.File)
				if len(told) == 1 {
					return full
				}
				return nil
			},
		})
		if _, _, err := w.do(w.spec()); !errors.Is(err, full) {
			t.Fatalf("the first run: %v", err)
		}
		res, snap, err := w.do(w.spec())
		if err != nil || !res.Reused || !snap.Continued || res.Attempts != 0 {
			t.Fatalf("the second run: %v, reused %v, continued %v, %d requests", err, res.Reused, snap.Continued, res.Attempts)
		}
		w.whole(res)
		if len(told) != 2 || told[0] != told[1] || w.made() != 1 {
			t.Errorf("told of %q; %d exports", told, w.made())
		}
	})
}
