package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"
)

// worker makes the file of one running export in the background.
type worker struct {
	kick chan struct{} // capacity 1: look at the clock again
}

// restore goes on with what an earlier process left: it removes files that no
// job names, and starts the worker of a running export.
func (s *Server) restore() error {
	lock := s.store.generateLock()
	// While another process generates, its file is not in the state yet.
	quiet, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock the generator: %w", err)
	}
	var pending []string
	named := map[string]bool{}
	err = s.store.view(func(st *state) {
		for _, j := range st.Jobs {
			if j.needsFile() {
				pending = append(pending, j.ID)
			}
			if j.File != nil {
				named[j.File.Name] = true
			}
		}
	})
	if quiet {
		if err == nil {
			s.sweep(named)
		}
		err = errors.Join(err, lock.Unlock())
	}
	for _, id := range pending {
		s.tend(id)
	}
	return err
}

// sweep removes all files but the named ones. What cannot be removed costs room only.
func (s *Server) sweep(named map[string]bool) {
	list, err := os.ReadDir(s.store.filePath(""))
	if err != nil {
		s.log.Warn("sandbox leftovers", "err", err)
	}
	for _, e := range list {
		if !named[e.Name()] {
			_ = os.Remove(s.store.filePath(e.Name()))
		}
	}
}

// tend sees to it that a worker has the job, and makes it look at the clock.
func (s *Server) tend(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	w := s.workers[id]
	if w == nil {
		w = &worker{kick: make(chan struct{}, 1)}
		s.workers[id] = w
		s.wg.Go(func() { s.work(id, w) })
	}
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// work waits until generating begins and makes the file. A panic in the
// generator ends this worker and no more; the next look at the job tries again.
func (s *Server) work(id string, w *worker) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("sandbox generator panicked", "export", id, "panic", p, "stack", string(debug.Stack()))
		}
		s.mu.Lock()
		delete(s.workers, id)
		s.mu.Unlock()
	}()
	if !s.awaitGenerating(id, w) {
		return
	}
	lock := s.store.generateLock()
	free, err := lock.TryLock()
	if err != nil || !free {
		return // another process makes it; if that one dies, the next look finds the lock free
	}
	defer func() { _ = lock.Unlock() }()
	if err := s.makeFile(id, false); err != nil && s.ctx.Err() == nil {
		s.log.Error("sandbox generator", "export", id, "err", err)
	}
}

// awaitGenerating returns true when generating has begun and the job still
// needs a file.
func (s *Server) awaitGenerating(id string, w *worker) bool {
	for {
		j, err := s.lookup(id)
		if err != nil || !j.needsFile() {
			return false
		}
		left := time.Duration(j.generatesAt()-s.now().UnixMilli()) * time.Millisecond
		if left <= 0 {
			return true
		}
		t := time.NewTimer(left)
		select {
		case <-t.C:
		case <-w.kick:
			t.Stop()
		case <-s.ctx.Done():
			t.Stop()
			return false
		}
	}
}

// makeFile generates the job's file and enters it into the state. With again
// it makes the next generation though there is a file.
func (s *Server) makeFile(id string, again bool) error {
	var c *content
	var gen int64
	err := s.store.view(func(st *state) {
		j := st.job(id)
		if j == nil || (j.File != nil) != again {
			return
		}
		if again {
			gen = j.File.Gen + 1
		}
		own := *j
		c = contentOf(&own, gen, st.Born, st.Audit)
	})
	if err != nil || c == nil {
		return err
	}
	began := time.Now()
	f, err := s.generate(c, fmt.Sprintf("%s-%d.%s", id, gen, c.job.Format))
	if err != nil {
		return err
	}
	f.Gen = gen
	old := ""
	err = s.store.update(func(st *state) (bool, error) {
		j := st.job(id)
		if j == nil {
			return false, errors.New("the export is gone")
		}
		if j.File != nil {
			old = j.File.Name
		}
		j.File, j.Records = f, c.records()
		return true, nil
	})
	if err != nil {
		return err
	}
	if old != "" {
		_ = os.Remove(s.store.filePath(old)) // open readers keep what they have
	}
	s.log.Info("sandbox file made", "export", id, "bytes", f.Size, "took", time.Since(began))
	return nil
}

// generate writes a file that has its name only when it is whole and on disk.
func (s *Server) generate(c *content, name string) (*objFile, error) {
	tmp, err := os.CreateTemp(filepath.Dir(s.store.filePath(name)), name+"-*.tmp") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("make the export's file: %w", err)
	}
	sum := sha256.New()
	err = c.write(s.ctx, io.MultiWriter(tmp, sum))
	if err == nil {
		err = tmp.Sync()
	}
	fi, statErr := tmp.Stat()
	if err = errors.Join(err, statErr, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), s.store.filePath(name))
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return nil, fmt.Errorf("write the export's file: %w", err)
	}
	syncDir(filepath.Dir(s.store.filePath(name)))
	return &objFile{Name: name, Size: fi.Size(), SHA256: hex.EncodeToString(sum.Sum(nil)), At: s.now().UnixMilli()}, nil
}

// changeFile makes the next generation of a file, for the fault "change-file".
func (s *Server) changeFile(ctx context.Context, id string) error {
	lock := s.store.generateLock()
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return fmt.Errorf("lock the generator: %w", err)
	}
	defer func() { _ = lock.Unlock() }()
	return s.makeFile(id, true)
}

var errNoJob = errors.New("no such export")

// lookup gives a copy of the job; errNoJob.
func (s *Server) lookup(id string) (*job, error) {
	var own *job
	err := s.store.view(func(st *state) {
		if j := st.job(id); j != nil {
			c := *j
			own = &c
		}
	})
	if err == nil && own == nil {
		err = errNoJob
	}
	return own, err
}
