package transfer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestGrowth feeds rates for numbers of connections and looks at how many are
// wanted from one half second to the next.
func TestGrowth(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		most int
		rate func(n int) float64
		want []int
	}{
		"each brings the same":     {8, func(n int) float64 { return 100 * float64(n) }, []int{2, 4, 8, 8, 8}},
		"five at most":             {5, func(n int) float64 { return 100 * float64(n) }, []int{2, 4, 5, 5}},
		"one is enough":            {8, func(int) float64 { return 100 }, []int{2, 1, 1, 1}},
		"room for three":           {8, func(n int) float64 { return 100 * float64(min(n, 3)) }, []int{2, 4, 8, 7, 7}},
		"room for two":             {8, func(n int) float64 { return 100 * float64(min(n, 2)) }, []int{2, 4, 3, 3}},
		"half of what it could be": {8, func(n int) float64 { return 100 * (1 + 0.5*float64(n-1)) }, []int{2, 4, 8, 8}},
		"nothing comes":            {8, func(int) float64 { return 0 }, []int{1, 1, 1}},
	} {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		g := growth{most: c.most, want: 1, since: now}
		bytes := 0.0
		var got []int
		for range c.want {
			now = now.Add(growEvery)
			bytes += c.rate(g.want) * growEvery.Seconds()
			g.look(now, int64(bytes), false, true)
			got = append(got, g.want)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestGrowthAfterLosses(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g := growth{most: 8, want: 8, since: now}
	g.lost(now, &failure{err: errors.New("reset")}, 7)
	if g.want != 8 || g.mayStart(now) || !g.mayStart(now.Add(time.Second)) {
		t.Errorf("after one reset: %+v", g)
	}
	g.lost(now, &failure{crowded: true, after: 90 * time.Second}, 7)
	if g.want != 4 || g.mayStart(now.Add(89*time.Second)) {
		t.Errorf("after it was too much: %+v", g)
	}
	g.look(now.Add(30*time.Second), 1<<30, false, true)
	if g.want != 4 {
		t.Errorf("%d connections soon after it was too much", g.want)
	}
}

// TestSpansStayInOrder does to the map whatever can be done to it, by chance.
// There is never a gap or an overlap, nothing is done twice, and in the end all
// of it is done.
func TestSpansStayInOrder(t *testing.T) {
	t.Parallel()
	content := newServer(60*mib + 123).body
	size := int64(len(content))
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 8))
		d := newData(nil, size, "")
		workers := make([]*worker, 4)
		has := map[*worker]*span{}
		now := time.Now()
		for i := range workers {
			workers[i] = &worker{reach: size, answered: true, heard: now, began: now, got: 1, cancel: func(error) {}}
		}
		for steps := 0; d.front < size; steps++ {
			if steps > 100_000 {
				t.Fatal("does not end")
			}
			now = now.Add(time.Duration(r.IntN(400)) * time.Millisecond)
			w := workers[r.IntN(len(workers))]
			s := has[w]
			switch {
			case s == nil || s.by != w:
				has[w] = d.spans.claim(w, r.IntN(8) == 0, d.front+window)
				if has[w] == nil {
					has[w] = d.spans.takeOver(w, now)
				}
			case s.at == s.to:
				if has[w] = d.spans.follow(s, d.front+window); has[w] == nil {
					d.spans.release(w)
				}
			case r.IntN(20) == 0:
				d.spans.release(w)
				has[w] = nil
			case r.IntN(20) == 0:
				d.spans.open()
			default:
				n := min(s.to-s.at, int64(1+r.IntN(3*mib)))
				d.spans.add(s, content[s.at:s.at+n])
				w.heard = now
			}
			if to := d.spans.contiguous(d.front); to > d.front {
				d.advance(content[d.front : d.front+1+r.Int64N(to-d.front)])
			}
			inOrder(t, d, content)
		}
	}
}

func inOrder(t *testing.T, d *data, content []byte) {
	t.Helper()
	var story []string
	at := int64(-1)
	for _, s := range d.spans.list {
		story = append(story, fmt.Sprintf("[%d %d %d)", s.from, s.at, s.to))
		if at >= 0 && s.from != at || at < 0 && s.from > d.front || s.at < s.from || s.to < s.at {
			t.Fatalf("front %d, %v", d.front, story)
		}
		at = s.to
	}
	size := int64(len(content))
	if at >= 0 && at != size {
		t.Fatalf("ends at %d: %v", at, story)
	}
	var sum int64
	for _, p := range d.spans.parts(d.front, size) {
		sum += p.Done
	}
	if sum != d.done() {
		t.Fatalf("the map says %d, the count %d: %v", sum, d.done(), story)
	}
}

// TestNoTakeOverWhileTheHashIsBehind: when parts have to wait for the hash, a
// second connection for what another one has brings nothing.
func TestNoTakeOverWhileTheHashIsBehind(t *testing.T) {
	t.Parallel()
	const size = 4 * window
	for behind, want := range map[int64]bool{0: true, window / 2: false} {
		p := &Part{size: size, sizeProven: true}
		p.data = newData(nil, -1, "")
		busy := &worker{answered: true, began: time.Now().Add(-time.Second), heard: time.Now(), got: 1, cancel: func(error) {}}
		p.data.spans = spans{list: []*span{
			{at: behind, to: behind},
			{from: behind, at: behind, to: behind + pieceSize, by: busy},
			{from: behind + pieceSize, at: size, to: size},
		}}
		f := &flight{p: p, live: 2, growth: growth{want: 2}}
		if got := f.take(&worker{}) != nil; got != want {
			t.Errorf("%d bytes behind: taken over %v, want %v", behind, got, want)
		}
	}
}
