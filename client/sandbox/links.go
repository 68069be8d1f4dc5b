package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// link signs a download link for the job's file: absolute, on the host that
// the request went to.
func (s *Server) link(r *http.Request, j *job, expires time.Time) string {
	name := j.objectName()
	at := strconv.FormatInt(expires.Unix(), 10)
	u := url.URL{
		Path:     "/files/" + name,
		RawQuery: url.Values{"expires": {at}, "sig": {s.sign(name, at)}}.Encode(),
	}
	if !s.faults.hit("relative-link") {
		u.Scheme, u.Host = schemeOf(r), r.Host
	}
	return u.String()
}

func schemeOf(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// sign covers the method too: a link that is signed for GET allows no HEAD,
// as with the signed links of object stores.
func (s *Server) sign(name, expires string) string {
	mac := hmac.New(sha256.New, s.store.signKey())
	_, _ = io.WriteString(mac, "GET\n"+name+"\n"+expires) // a hash takes everything
	return hex.EncodeToString(mac.Sum(nil))
}

// storeError is an error as object stores write it.
type storeError struct {
	XMLName    xml.Name `xml:"Error"`
	Code       string   `xml:"Code"`
	Message    string   `xml:"Message"`
	Expires    string   `xml:"Expires,omitempty"`
	ServerTime string   `xml:"ServerTime,omitempty"`
}

func storeRefuse(w http.ResponseWriter, status int, e storeError) {
	raw, err := xml.Marshal(e)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte("<Error><Code>InternalError</Code></Error>")
	}
	raw = append([]byte(xml.Header), raw...)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

// serveLink answers a signed link. The order of the checks is that of object
// stores: who asks, with which signature, how late, for what.
func (s *Server) serveLink(w http.ResponseWriter, r *http.Request, name string) {
	if f, ok := s.faults.take("file-status"); ok {
		if f.n == http.StatusTooManyRequests || f.n == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		storeRefuse(w, f.status(http.StatusInternalServerError), storeError{Code: "Fault", Message: "by a sandbox fault"})
		return
	}
	if s.faults.hit("html") {
		htmlPage(w)
		return
	}
	if r.Header.Get("Authorization") != "" {
		storeRefuse(w, http.StatusBadRequest, storeError{Code: "InvalidArgument", Message: "Only one auth mechanism allowed"})
		return
	}
	q := r.URL.Query()
	at := q.Get("expires")
	if r.Method != http.MethodGet || !hmac.Equal([]byte(q.Get("sig")), []byte(s.sign(name, at))) {
		storeRefuse(w, http.StatusForbidden, storeError{Code: "SignatureDoesNotMatch", Message: "The request signature does not match the signature of the link"})
		return
	}
	if status := s.expired(at); status != 0 {
		storeRefuse(w, status, storeError{
			Code: "AccessDenied", Message: "Request has expired",
			Expires: isoSeconds(at), ServerTime: s.now().UTC().Format(time.RFC3339),
		})
		return
	}
	if q.Get("moved") == "" {
		if f, ok := s.faults.take("redirect"); ok {
			redirect(w, r, f.arg)
			return
		}
	}
	s.serveObject(w, r, name)
}

// expired returns the status of an expired link, 0 for one that is not.
func (s *Server) expired(at string) int {
	sec, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !s.now().Before(time.Unix(sec, 0)) {
		return http.StatusForbidden
	}
	if f, ok := s.faults.take("expire-link"); ok {
		return f.status(http.StatusForbidden)
	}
	return 0
}

func isoSeconds(s string) string {
	sec, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return ""
	}
	return time.Unix(sec, 0).UTC().Format(time.RFC3339)
}

// redirect sends the client to the same file, with a mark that ends the chain.
func redirect(w http.ResponseWriter, r *http.Request, origin string) {
	target := "/files" + strings.TrimPrefix(r.URL.EscapedPath(), "/files") + "?" + r.URL.RawQuery + "&moved=1"
	if origin != "" {
		if !strings.Contains(origin, "://") {
			origin = schemeOf(r) + "://" + origin
		}
		target = origin + target
	}
	w.Header().Set("Location", target)
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusFound)
}

// object is an opened file of the store with what its headers say.
type object struct {
	job  *job
	body io.ReadSeeker
	size int64
	etag string
	time time.Time
}

func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, name string) {
	if s.faults.on("change-file") {
		if j, err := s.byObjectName(name); err == nil && s.faults.hit("change-file") {
			if err := s.changeFile(r.Context(), j.ID); err != nil {
				s.broken(w, err)
				return
			}
		}
	}
	o, f, err := s.open(name)
	if errors.Is(err, errNoJob) {
		storeRefuse(w, http.StatusNotFound, storeError{Code: "NoSuchKey", Message: "The specified key does not exist"})
		return
	}
	if err != nil {
		s.broken(w, err)
		return
	}
	defer func() { _ = f.Close() }()
	if s.faults.hit("truncate") {
		o.size /= 2
		o.body = io.NewSectionReader(f, 0, o.size)
		o.etag = `"half-` + o.etag[1:]
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if o.job.Format == "csv" {
		h.Set("Content-Type", "text/csv; charset=utf-8")
	}
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("ETag", o.etag)
	s.serveShaped(w, r, o)
}

// byObjectName finds the job of a link that has its file; errNoJob.
func (s *Server) byObjectName(name string) (*job, error) {
	id, _, _ := strings.Cut(strings.TrimPrefix(name, "dashtray-export-"), ".")
	j, err := s.lookup(id)
	if err == nil && (j.File == nil || j.objectName() != name) {
		err = errNoJob
	}
	return j, err
}

func (s *Server) open(name string) (*object, *os.File, error) {
	j, err := s.byObjectName(name)
	if err != nil {
		return nil, nil, err
	}
	f, err := os.Open(s.store.filePath(j.File.Name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, errNoJob
	}
	if err != nil {
		return nil, nil, err
	}
	return &object{
		job: j, body: f, size: j.File.Size,
		etag: `"` + j.File.SHA256[:32] + `"`,
		time: time.UnixMilli(j.File.At),
	}, f, nil
}
