package sandbox

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

const maxBody = 64 << 10

// postExport makes an export, one at a time.
func (s *Server) postExport(w http.ResponseWriter, r *http.Request, who role) {
	if f, ok := s.faults.take("post-status"); ok {
		s.faultStatus(w, f)
		return
	}
	if s.faults.hit("drop-post") {
		panic(http.ErrAbortHandler)
	}
	if f, ok := s.faults.take("busy"); ok {
		s.refuseBusy(w, f.status(http.StatusConflict), "")
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.refuse(w, http.StatusBadRequest, "bad_request", "The request body cannot be read or is too large")
		return
	}
	now := s.now().UnixMilli()
	j, err := parseRequest(raw, now)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, "bad_request", err.Error())
		return
	}
	s.prepare(j, now)
	running, err := s.enter(j, r, who)
	switch {
	case err != nil:
		s.broken(w, err)
	case running != "":
		if s.faults.hit("bare") {
			running = ""
		}
		s.refuseBusy(w, http.StatusConflict, running)
	case s.faults.hit("lose-post"):
		s.tend(j.ID)
		panic(http.ErrAbortHandler)
	default:
		s.tend(j.ID)
		answer(w, http.StatusOK, map[string]string{"exportJobId": j.ID})
	}
}

// prepare fills what does not come from the request.
func (s *Server) prepare(j *job, now int64) {
	j.ID, j.CreatedAt = newID(), now
	j.Seed, j.PerYear = s.cfg.Seed, s.cfg.Records
	j.Escape, j.Bare = s.faults.on("escape"), s.faults.on("bare")
}

// enter puts the job into the state unless another one runs, whose id it returns.
func (s *Server) enter(j *job, r *http.Request, who role) (running string, err error) {
	err = s.store.update(func(st *state) (bool, error) {
		for _, x := range st.Jobs {
			if x.running(j.CreatedAt) {
				running = x.ID
				return false, nil
			}
		}
		// Only a POST that makes an export uses these up.
		if f, ok := s.faults.take("fail"); ok {
			j.Fail = "Data collection from stripe timed out"
			if f.arg != "" {
				j.Fail = f.arg
			}
			if j.Escape {
				j.Fail += " " + hostileText
			}
		}
		j.Stuck, j.Leak = s.faults.hit("stuck"), s.faults.hit("credential")
		j.Records = contentOf(j, 0, st.Born, st.Audit).records()
		j.Span = max(1, int64(float64(typicalSpan(j.Records).Milliseconds())/s.cfg.Speed))
		st.Jobs = append(st.Jobs, j)
		st.Audit = append(st.Audit, auditOf(j, r, who))
		if n := len(st.Audit); n > maxAudit {
			st.Audit = append([]auditEntry(nil), st.Audit[n-maxAudit:]...)
		}
		return true, nil
	})
	return running, err
}

func auditOf(j *job, r *http.Request, who role) auditEntry {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		ip = "unknown"
	}
	return auditEntry{
		At: j.CreatedAt, Job: j.ID, Format: j.Format, Range: j.rangeText(),
		User: who.user(), IP: ip, Agent: bounded(r.UserAgent()),
	}
}

func (s *Server) refuseBusy(w http.ResponseWriter, status int, running string) {
	code := "export_in_progress"
	if status != http.StatusConflict {
		code = "bad_request"
	}
	answer(w, status, apiError{Error: code, Message: "Another export is in progress", ExportJobID: running})
}

// exportView is a job as the API shows it. All but Status, DownloadURL and
// Error are assumed fields.
type exportView struct {
	ID          string `json:"id,omitempty"`
	ExportJobID string `json:"exportJobId,omitempty"`
	Status      string `json:"status"`
	Format      string `json:"format,omitempty"`
	DateRange   any    `json:"dateRange,omitempty"`
	Metrics     *bool  `json:"includeMetrics,omitempty"`
	Connections *bool  `json:"includeConnections,omitempty"`
	Dashboards  *bool  `json:"includeDashboards,omitempty"`
	AuditLogs   *bool  `json:"includeAuditLogs,omitempty"`
	Progress    *int64 `json:"progress,omitempty"`
	RecordCount *int64 `json:"recordCount,omitempty"`
	FileSize    *int64 `json:"fileSize,omitempty"`
	CreatedAt   int64  `json:"createdAt,omitempty"`
	StartedAt   int64  `json:"startedAt,omitempty"`
	CompletedAt int64  `json:"completedAt,omitempty"`
	ExpiresAt   int64  `json:"expiresAt,omitempty"` // of the link in this answer
	Checksum    string `json:"checksum,omitempty"`
	DownloadURL string `json:"downloadUrl,omitempty"`
	Error       string `json:"error,omitempty"`
}

func (s *Server) viewOf(j *job, now int64) exportView {
	p := j.progress(now)
	v := exportView{
		ID: j.ID, ExportJobID: j.ID, Status: j.stage(now), Format: j.Format, DateRange: j.wireRange(),
		Metrics: &j.Include.Metrics, Connections: &j.Include.Connections,
		Dashboards: &j.Include.Dashboards, AuditLogs: &j.Include.AuditLogs,
		Progress: &p, CreatedAt: j.CreatedAt,
	}
	if v.Status != stageQueued {
		v.StartedAt = j.startsAt()
	}
	switch v.Status {
	case stageCompleted:
		v.CompletedAt, v.RecordCount, v.FileSize = j.completesAt(), &j.Records, &j.File.Size
		v.Checksum = "sha256:" + j.File.SHA256
		if s.faults.hit("bad-checksum") {
			v.Checksum = fmt.Sprintf("sha256:%064x", mix(uint64(j.File.Size)))
		}
	case stageFailed:
		v.CompletedAt, v.Error = j.failsAt(), j.Fail
	default:
		if s.faults.hit("processing-only") {
			v.Status = "processing"
		}
	}
	return v
}

func (s *Server) getExport(w http.ResponseWriter, r *http.Request, id string) {
	j, err := s.lookup(id)
	if err != nil {
		s.broken(w, err)
		return
	}
	if j.needsFile() {
		s.tend(id) // a clock that was set, or another process that has died
	}
	now := s.now()
	v := s.viewOf(j, now.UnixMilli())
	if v.Status == stageCompleted {
		if f, ok := s.faults.take("expired-job"); ok {
			s.expiredJob(w, f, v)
			return
		}
		expires := now.Add(s.cfg.LinkTTL)
		v.ExpiresAt = expires.Truncate(time.Second).UnixMilli()
		v.DownloadURL = s.link(r, j, expires)
	}
	if s.faults.hit("bare") {
		v = bareView(v)
	}
	answer(w, http.StatusOK, v)
}

func (s *Server) expiredJob(w http.ResponseWriter, f Fault, v exportView) {
	if f.n != 0 {
		s.refuse(w, f.status(0), "expired", "This export has expired")
		return
	}
	v.Status, v.FileSize, v.Checksum = "expired", nil, ""
	answer(w, http.StatusOK, v)
}

// bareView keeps what Dashtray documents.
func bareView(v exportView) exportView {
	status := v.Status
	if status != stageCompleted && status != stageFailed {
		status = "processing"
	}
	return exportView{Status: status, DownloadURL: v.DownloadURL, Error: v.Error}
}

// listExports is the history, newest first.
func (s *Server) listExports(w http.ResponseWriter, r *http.Request) {
	if s.faults.hit("no-list") || s.faults.hit("bare") {
		s.refuse(w, http.StatusNotFound, "not_found", "No such call")
		return
	}
	limit, err1 := queryInt(r, "limit", 20, 1, 100)
	offset, err2 := queryInt(r, "offset", 0, 0, 1<<31-1)
	if err1 != nil || err2 != nil {
		s.refuse(w, http.StatusBadRequest, "bad_request", "limit must be 1 to 100, and offset 0 or more")
		return
	}
	now := s.now().UnixMilli()
	page, total := []exportView{}, 0
	err := s.store.view(func(st *state) {
		total = len(st.Jobs)
		for i := total - 1 - offset; i >= 0 && len(page) < limit; i-- {
			j := *st.Jobs[i]
			page = append(page, s.viewOf(&j, now))
		}
	})
	if err != nil {
		s.broken(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"data": page, "total": total, "limit": limit, "offset": offset})
}

func queryInt(r *http.Request, name string, def, least, most int) (int, error) {
	raw := r.URL.Query().Get(name)
	if raw == "" {
		return def, nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s %q: want %d to %d", name, bounded(raw), least, most)
	}
	return n, nil
}
