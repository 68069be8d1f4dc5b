package sandbox

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// role of a key in its project.
type role int

const (
	roleNone role = iota
	roleOwner
	roleEditor
	roleViewer
	roleFree // owner of a project without the Scale plan
)

func (r role) user() string {
	if r == roleEditor {
		return "user_9qz71c"
	}
	return "user_4m8x2k"
}

// ServeHTTP answers the API's calls (under /api/v1, and under /v1 as an older
// page has it), the signed links under /files/, and the control calls under
// /_sandbox/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.log.Debug("sandbox request", "method", r.Method, "path", r.URL.Path)
	h := w.Header()
	h.Set("Date", s.now().UTC().Format(http.TimeFormat)) // by our clock, not by net/http's
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if s.ctx.Err() != nil {
		refuse(w, http.StatusServiceUnavailable, "unavailable", "The sandbox is shutting down")
		return
	}
	path := r.URL.Path
	if name, ok := strings.CutPrefix(path, "/files/"); ok {
		s.serveLink(w, r, name)
		return
	}
	if call, ok := strings.CutPrefix(path, "/_sandbox/"); ok {
		s.serveControl(w, r, call)
		return
	}
	for _, base := range [...]string{"/api/v1/", "/v1/"} {
		if call, ok := strings.CutPrefix(path, base); ok {
			s.serveAPI(w, r, call)
			return
		}
	}
	refuse(w, http.StatusNotFound, "not_found", "No such call. The API's calls are under /api/v1, such as /api/v1/projects")
}

// serveAPI goes through what every call has in common, and then to the call.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, call string) {
	who := s.roleOf(r)
	limit := callsPerHour
	if f, ok := s.faults.peek("budget"); ok {
		limit = int(f.n)
	}
	rateHeaders(w.Header(), limit, limit, s.now().Add(budgetWindow))
	if who != roleNone {
		project := "paid"
		if who == roleFree {
			project = "free"
		}
		if wait, ok := s.budget.spend(w.Header(), project, limit, s.now()); !ok {
			s.refuseFor(w, wait)
			return
		}
	}
	if s.faults.hit("html-api") {
		htmlPage(w)
		return
	}
	if f, ok := s.faults.take("api-status"); ok {
		s.faultStatus(w, f)
		return
	}
	if call == "health" {
		s.health(w, r)
		return
	}
	if who == roleNone {
		w.Header().Set("WWW-Authenticate", `Bearer realm="dashtray"`)
		s.refuse(w, http.StatusUnauthorized, "unauthorized", "Missing or invalid API key")
		return
	}
	s.dispatch(w, r, who, call)
}

func (s *Server) dispatch(w http.ResponseWriter, r *http.Request, who role, call string) {
	id, one := strings.CutPrefix(call, "exports/")
	switch {
	case call == "projects":
		if s.allow(w, r, http.MethodGet) {
			s.getProject(w, who)
		}
	case call != "exports" && (!one || id == "" || strings.Contains(id, "/")):
		s.refuse(w, http.StatusNotFound, "not_found", "No such call")
	case who == roleFree:
		s.refuse(w, http.StatusForbidden, "plan_required", "Data export is only available on the Scale plan. Upgrade your plan to export data")
	case who == roleViewer:
		s.refuse(w, http.StatusForbidden, "forbidden", "Only owners and editors can export data. Your role is viewer")
	case one:
		if s.allow(w, r, http.MethodGet) {
			s.getExport(w, r, id)
		}
	case r.Method == http.MethodPost:
		s.postExport(w, r, who)
	default:
		if s.allow(w, r, http.MethodGet, http.MethodPost) {
			s.listExports(w, r)
		}
	}
}

// allow answers 405 to other methods. The first one stands for HEAD too.
func (s *Server) allow(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if r.Method == methods[0] || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	s.refuse(w, http.StatusMethodNotAllowed, "method_not_allowed", "This call has no such method")
	return false
}

func (s *Server) roleOf(r *http.Request) role {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return roleNone
	}
	got := sha256.Sum256([]byte(strings.TrimSpace(key)))
	keys := s.store.keys()
	found := roleNone
	for i, k := range [...]string{keys.Owner, keys.Editor, keys.Viewer, keys.Free} {
		want := sha256.Sum256([]byte(k))
		if subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
			found = roleOwner + role(i)
		}
	}
	return found
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	if s.faults.hit("bare") {
		s.refuse(w, http.StatusNotFound, "not_found", "No such call")
		return
	}
	if s.allow(w, r, http.MethodGet) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	}
}

func (s *Server) getProject(w http.ResponseWriter, who role) {
	hostile := s.faults.hit("escape")
	var p projectInfo
	err := s.store.view(func(st *state) {
		p = paidProject(st.Born, hostile)
		if who == roleFree {
			p = freeProject(st.Born)
		}
	})
	if err != nil {
		s.broken(w, err)
		return
	}
	type project struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		Slug      string `json:"slug"`
		CreatedAt int64  `json:"createdAt"`
	}
	answer(w, http.StatusOK, map[string]project{"data": {p.id, p.name, p.slug, p.createdAt}})
}

type apiError struct {
	Error       string `json:"error"`
	Message     string `json:"message"`
	RetryAfter  int64  `json:"retryAfter,omitempty"` // s
	ExportJobID string `json:"exportJobId,omitempty"`
}

// answer writes JSON as the product does: the "&" of a signed link as it is, so
// that a link can also be cut out of the answer by hand.
func answer(w http.ResponseWriter, status int, body any) {
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		status = http.StatusInternalServerError
		raw.Reset()
		raw.WriteString(`{"error":"internal","message":"The answer has no JSON form"}` + "\n")
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(raw.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(raw.Bytes()) // the client may have gone
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, apiError{Error: code, Message: message})
}

// refuse is an API refusal; the fault "escape" makes its words hostile.
func (s *Server) refuse(w http.ResponseWriter, status int, code, message string) {
	if s.faults.hit("escape") {
		code, message = code+"\x1b[5m", message+" "+hostileText
	}
	refuse(w, status, code, message)
}

// refuseFor says that the rate budget is used up.
func (s *Server) refuseFor(w http.ResponseWriter, wait time.Duration) {
	secs := max(1, ceilDiv(wait.Milliseconds(), 1000))
	if !s.faults.hit("bare") {
		w.Header().Set("Retry-After", strconv.FormatInt(secs, 10))
	}
	answer(w, http.StatusTooManyRequests, apiError{Error: "rate_limited", Message: "Rate limit exceeded. Try again later", RetryAfter: secs})
}

// faultStatus answers with the fault's status.
func (s *Server) faultStatus(w http.ResponseWriter, f Fault) {
	status := f.status(http.StatusInternalServerError)
	if status == http.StatusTooManyRequests {
		s.refuseFor(w, time.Second)
		return
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	s.refuse(w, status, "fault", http.StatusText(status)+" (by a sandbox fault)")
}

func (s *Server) broken(w http.ResponseWriter, err error) {
	if errors.Is(err, errNoJob) {
		s.refuse(w, http.StatusNotFound, "not_found", "No such export")
		return
	}
	s.log.Error("sandbox request", "err", err)
	s.refuse(w, http.StatusInternalServerError, "internal", "Something went wrong in the sandbox; its log says what")
}

// htmlPage is what a captive portal or a proxy's login answers to anything.
func htmlPage(w http.ResponseWriter) {
	const page = "<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head><body><h1>Please sign in</h1></body></html>\n"
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(page))
}
