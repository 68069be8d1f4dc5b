package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
)

// serveControl answers the control calls, which take no key but come from
// this machine only:
//
//	GET    /_sandbox/faults  {"faults":["cut=1048576*2"]}
//	POST   /_sandbox/faults  the same, or a JSON array, or a line for each fault; adds them
//	DELETE /_sandbox/faults  clears them, see Server.ClearFaults
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request, call string) {
	if !fromHere(r) {
		refuse(w, http.StatusForbidden, "forbidden", "Control calls are answered on loopback only, and to no browser")
		return
	}
	if call != "faults" {
		refuse(w, http.StatusNotFound, "not_found", "No such control call")
		return
	}
	switch r.Method {
	case http.MethodGet:
	case http.MethodPost:
		if err := s.addFaults(w, r); err != nil {
			refuse(w, http.StatusBadRequest, "bad_request", err.Error())
			return
		}
	case http.MethodDelete:
		if err := s.ClearFaults(); err != nil {
			s.broken(w, err)
			return
		}
	default:
		w.Header().Set("Allow", "GET, POST, DELETE")
		refuse(w, http.StatusMethodNotAllowed, "method_not_allowed", "This call has no such method")
		return
	}
	answer(w, http.StatusOK, map[string][]string{"faults": s.faults.all()})
}

// fromHere refuses other machines, and web pages that make this machine's
// browser ask: those send an Origin or a Sec-Fetch-Site.
func fromHere(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && at.Addr().Unmap().IsLoopback() &&
		r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == ""
}

func (s *Server) addFaults(w http.ResponseWriter, r *http.Request) error {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return errors.New("the body cannot be read or is too large")
	}
	fs, err := parseFaults(raw)
	if err != nil {
		return err
	}
	return s.faults.addAll(fs)
}

// parseFaults reads {"faults":[…]}, […], or a line for each fault.
func parseFaults(raw []byte) ([]Fault, error) {
	raw = bytes.TrimSpace(raw)
	var words []string
	switch {
	case bytes.HasPrefix(raw, []byte("{")):
		var body struct {
			Faults []string `json:"faults"`
		}
		if err := json.Unmarshal(raw, &body); err != nil {
			return nil, errors.New(`want {"faults":["NAME[=ARG][*COUNT]", …]}`)
		}
		words = body.Faults
	case bytes.HasPrefix(raw, []byte("[")):
		if err := json.Unmarshal(raw, &words); err != nil {
			return nil, errors.New(`want ["NAME[=ARG][*COUNT]", …]`)
		}
	default:
		for line := range strings.Lines(string(raw)) {
			if line = strings.TrimSpace(line); line != "" {
				words = append(words, line)
			}
		}
	}
	if len(words) == 0 || len(words) > maxFaults {
		return nil, fmt.Errorf("want 1 to %d faults", maxFaults)
	}
	fs := make([]Fault, 0, len(words))
	for _, word := range words {
		f, err := ParseFault(word)
		if err != nil {
			return nil, err
		}
		fs = append(fs, f)
	}
	return fs, nil
}
