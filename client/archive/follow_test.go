package archive

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
)

// growing is a file that grows by some bytes a second.
type growing struct {
	file  []byte
	step  int64
	n     int64
	end   error // instead of done
	asked int
}

func (g *growing) Front(ctx context.Context, after int64) (int64, bool, error) {
	g.asked++
	for g.n <= after {
		if g.n == int64(len(g.file)) {
			return g.n, g.end == nil, g.end
		}
		select {
		case <-ctx.Done():
			return 0, false, ctx.Err()
		case <-time.After(time.Second):
			g.n = min(g.n+g.step, int64(len(g.file)))
		}
	}
	return g.n, g.end == nil && g.n == int64(len(g.file)), nil
}

func (g *growing) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(g.file[:g.n]).ReadAt(p, off) // what is not there yet cannot be read
}

func TestFollow(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"page.json", "page.csv"} {
		file := []byte(page(t, name))
		for _, step := range []int64{1, 100, 1 << 20} {
			synctest.Test(t, func(t *testing.T) {
				g := &growing{file: file, step: step}
				got, err := Check(t.Context(), Follow(t.Context(), g, g), Expect{}, nil)
				if want := check(t, string(file), Expect{}); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s, %d bytes a second: %+v, %v", name, step, got, err)
				}
			})
		}
	}
}

func TestFollowEnds(t *testing.T) {
	t.Parallel()
	restarted := errors.New("the transfer begins anew")
	synctest.Test(t, func(t *testing.T) {
		g := &growing{file: []byte(page(t, "page.json")), step: 100, end: restarted}
		if _, err := Check(t.Context(), Follow(t.Context(), g, g), Expect{}, nil); !errors.Is(err, restarted) {
			t.Errorf("a transfer that fails: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		g := &growing{file: []byte(page(t, "page.json")), step: 100}
		if _, err := Check(ctx, Follow(ctx, g, g), Expect{}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// still is a front that tells what it was made with.
type still struct {
	n    int64
	done bool
}

func (s still) Front(context.Context, int64) (int64, bool, error) { return s.n, s.done, nil }

func TestFollowOfBrokenFronts(t *testing.T) {
	t.Parallel()
	file := bytes.NewReader([]byte("0123456789"))
	for _, tt := range []struct {
		front still
		want  string
	}{
		{still{10, true}, ""},
		{still{0, true}, ""},
		{still{0, false}, "its front is 0 after 0"},
		{still{-1, true}, "its front is -1 after 0"},
		{still{11, true}, "the file ends at 10, its front is 11"},
		{still{5, false}, "its front is 5 after 5"},
	} {
		b, err := io.ReadAll(Follow(t.Context(), file, tt.front))
		if tt.want == "" {
			if err != nil || int64(len(b)) != tt.front.n {
				t.Errorf("%+v: %q, %v", tt.front, b, err)
			}
			continue
		}
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(tt.want)) {
			t.Errorf("%+v: %v", tt.front, err)
		}
	}
}

// A sum that is known is not computed again, and is the one that is compared.
func TestKnownSum(t *testing.T) {
	t.Parallel()
	known := func() (int64, string, error) { return 7, "ab", nil }
	file := []byte(page(t, "page.json"))
	r, err := CheckWith(t.Context(), bytes.NewReader(file), Expect{Bytes: ptr(7), SHA256: "AB"}, Options{Sum: known})
	if err != nil || !r.OK || len(r.Warnings) > 0 || r.Bytes != 7 || r.SHA256 != "ab" {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = CheckWith(t.Context(), bytes.NewReader(file), Expect{SHA256: "cd"}, Options{Sum: known})
	if err != nil || codes(r.Problems) != ChecksumMismatch {
		t.Errorf("%+v, %v", r, err)
	}
	lost := errors.New("nobody knows")
	if _, err := CheckWith(t.Context(), bytes.NewReader(file), Expect{}, Options{Sum: func() (int64, string, error) { return 0, "", lost }}); !errors.Is(err, lost) {
		t.Errorf("a sum with an error: %v", err)
	}
}
