package client

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// rows are JSON exports with the ids e<from> to e<to-1>.
func rows(from, to int) string {
	var all []string
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf(`{"id":"e%d","status":"completed"}`, i))
	}
	return "[" + strings.Join(all, ",") + "]"
}

func collect(t *testing.T, s *script) (ids []string, err error) {
	t.Helper()
	for exp, err := range s.client().Exports(t.Context()) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, exp.ID.Raw())
	}
	return ids, nil
}

func TestExportsPages(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		pages   []string
		want    int
		offsets []string
	}{
		{"none", []string{`{"data":[]}`}, 0, []string{"0"}},
		{"null", []string{`{"data":null}`}, 0, []string{"0"}},
		{"a short page", []string{`{"data":` + rows(0, 3) + `}`}, 3, []string{"0"}},
		{"bare", []string{rows(0, 3)}, 3, []string{"0"}},
		{"exports", []string{`{"exports":` + rows(0, 3) + `,"total":3}`}, 3, []string{"0"}},
		{"data and exports", []string{`{"data":{"exports":` + rows(0, 3) + `}}`}, 3, []string{"0"}},
		{"two and a half pages", []string{rows(0, 50), rows(50, 100), rows(100, 125)}, 125, []string{"0", "50", "100"}},
		{"full to the last", []string{rows(0, 50), "[]"}, 50, []string{"0", "50"}},
		{"offset ignored", []string{rows(0, 50), rows(0, 50)}, 50, []string{"0", "50"}},
		{"limit and offset ignored", []string{rows(0, 120), rows(0, 120)}, 120, []string{"0", "120"}},
		{"one came in between", []string{rows(0, 50), rows(49, 60)}, 60, []string{"0", "50"}},
		{"rows that are none", []string{`[1,null,"x",{"status":"completed"},{"id":"e1"},{"id":{}},{"id":""},[]]`}, 1, []string{"0"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := play(t)
			for _, page := range c.pages {
				s.answers = append(s.answers, says(200, page))
			}
			ids, err := collect(t, s)
			if err != nil || len(ids) != c.want {
				t.Errorf("%d exports, %v; want %d", len(ids), err, c.want)
			}
			slices.Sort(ids)
			if len(slices.Compact(ids)) != c.want {
				t.Error("an export came twice")
			}
			var offsets []string
			for _, a := range s.asked {
				u, err := url.Parse(a.URL)
				if err != nil || u.Path != "/api/v1/exports" || u.Query().Get("limit") != "50" {
					t.Errorf("asked %s", a.URL)
				}
				offsets = append(offsets, u.Query().Get("offset"))
			}
			if !slices.Equal(offsets, c.offsets) {
				t.Errorf("offsets %v, want %v", offsets, c.offsets)
			}
		})
	}
}

func TestExportsErrors(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 405} {
		ids, err := collect(t, play(t, says(status, "")))
		onlyKind(t, err, ErrNotFound)
		if len(ids) > 0 {
			t.Errorf("%d: %v", status, ids)
		}
	}
	for _, body := range []string{`{}`, `1`, `"x"`, `{"data":{"exports":{"exports":[]}}}`, `null`, "<html>", ""} {
		_, err := collect(t, play(t, says(200, body)))
		onlyKind(t, err, ErrProtocol)
	}
	ids, err := collect(t, play(t, says(200, rows(0, 50)), says(401, "")))
	onlyKind(t, err, ErrUnauthorized)
	if len(ids) != 50 {
		t.Errorf("%d exports before the error, want 50", len(ids))
	}
}

// TestExportsStop: the reader may have had enough, and asks no more pages then.
func TestExportsStop(t *testing.T) {
	t.Parallel()
	n := 0
	for _, err := range play(t, says(200, rows(0, 50))).client().Exports(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		if n++; n == 50 {
			break
		}
	}
	errs := 0
	for _, err := range play(t, says(404, "")).client().Exports(t.Context()) {
		onlyKind(t, err, ErrNotFound)
		errs++
	}
	if n != 50 || errs != 1 {
		t.Errorf("%d exports, %d errors", n, errs)
	}
}

func TestExportsAreBounded(t *testing.T) {
	t.Parallel()
	s := play(t)
	for i := range 6 {
		s.answers = append(s.answers, says(200, rows(3000*i, 3000*i+3000)))
	}
	ids, err := collect(t, s)
	if err != nil || len(ids) != maxListed || len(s.asked) != 4 {
		t.Errorf("%d exports in %d pages, %v", len(ids), len(s.asked), err)
	}
	s.answers = nil
}
