package sandbox

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// faulty has one completed export and then the faults.
func faulty(t *testing.T, words ...string) (k *kit, id string, whole []byte) {
	t.Helper()
	k = start(t, Config{Records: 1000})
	id = k.create(everything("json", "all_time"))
	link, _ := k.await(id)["downloadUrl"].(string)
	whole = k.do("GET", link, "").want(t, 200).body
	for _, f := range faults(t, words...) {
		k.Inject(f)
	}
	return k, id, whole
}

func (k *kit) link(id string) string {
	k.t.Helper()
	link, _ := k.api("GET", "exports/"+id, "").want(k.t, 200).json(k.t)["downloadUrl"].(string)
	if link == "" {
		k.t.Fatal("no link")
	}
	return link
}

func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestFileFaultsOnStatusAndHeaders(t *testing.T) {
	half := []string{"Range", "bytes=1000-"}
	tests := []struct {
		fault  string
		header []string
		status int
		check  func(g got, whole []byte) bool
	}{
		{"file-status=503", nil, 503, func(g got, _ []byte) bool { return g.Header.Get("Retry-After") == "1" }},
		{"file-status=410", nil, 410, func(g got, _ []byte) bool { return g.Header.Get("Retry-After") == "" }},
		{"expire-link", nil, 403, func(g got, _ []byte) bool { return bytes.Contains(g.body, []byte("Request has expired")) }},
		{"expire-link=400", nil, 400, func(g got, _ []byte) bool { return bytes.Contains(g.body, []byte("Request has expired")) }},
		{"html", nil, 200, func(g got, _ []byte) bool { return strings.HasPrefix(g.Header.Get("Content-Type"), "text/html") }},
		{"truncate", nil, 200, func(g got, whole []byte) bool { return bytes.Equal(g.body, whole[:len(whole)/2]) && g.err == nil }},
		{"no-etag", nil, 200, func(g got, _ []byte) bool {
			return g.Header.Get("ETag") == "" && g.Header.Get("Last-Modified") != ""
		}},
		{"no-validators", nil, 200, func(g got, _ []byte) bool {
			return g.Header.Get("ETag") == "" && g.Header.Get("Last-Modified") == ""
		}},
		{"no-ranges", half, 200, func(g got, whole []byte) bool {
			return bytes.Equal(g.body, whole) && g.Header.Get("Accept-Ranges") == "none"
		}},
		{"ignore-range", half, 200, func(g got, whole []byte) bool { return bytes.Equal(g.body, whole) }},
		{"ignore-if-range", append([]string{"If-Range", `"other"`}, half...), 206, func(g got, whole []byte) bool { return bytes.Equal(g.body, whole[1000:]) }},
		{"wrong-range", half, 206, func(g got, whole []byte) bool {
			return bytes.Equal(g.body, whole[500:]) && strings.HasPrefix(g.Header.Get("Content-Range"), "bytes 500-")
		}},
		{"wrong-range", []string{"Range", "bytes=0-9"}, 206, func(g got, whole []byte) bool { return bytes.Equal(g.body, whole[1:10]) }},
		{"no-content-range", half, 206, func(g got, whole []byte) bool {
			return bytes.Equal(g.body, whole[1000:]) && g.Header.Get("Content-Range") == ""
		}},
		{"gzip-206", half, 206, func(g got, whole []byte) bool {
			z, err := gzip.NewReader(bytes.NewReader(g.body))
			if err != nil || g.Header.Get("Content-Encoding") != "gzip" {
				return false
			}
			raw, err := io.ReadAll(z)
			return err == nil && bytes.Equal(raw, whole[1000:])
		}},
		{"spurious-416", half, 416, func(g got, whole []byte) bool {
			return g.Header.Get("Content-Range") == fmt.Sprintf("bytes */%d", len(whole))
		}},
		{"cut=5000", nil, 200, func(g got, whole []byte) bool {
			return bytes.Equal(g.body, whole[:5000]) && errors.Is(g.err, io.ErrUnexpectedEOF)
		}},
		{"cut=0", nil, 200, func(g got, _ []byte) bool { return len(g.body) == 0 && errors.Is(g.err, io.ErrUnexpectedEOF) }},
	}
	for _, tt := range tests {
		bubble(t, tt.fault, func(t *testing.T) {
			k, id, whole := faulty(t, tt.fault+"*1")
			g := k.do("GET", k.link(id), "", tt.header...).want(t, tt.status)
			if !tt.check(g, whole) {
				t.Errorf("headers %v, %d of %d bytes, %v", g.Header, len(g.body), len(whole), g.err)
			}
			if left := k.faults.all(); len(left) != 0 {
				t.Errorf("faults left: %v", left)
			}
			if g := k.do("GET", k.link(id), ""); g.StatusCode != 200 || !bytes.Equal(g.body, whole) {
				t.Errorf("afterwards: status %d, %d bytes", g.StatusCode, len(g.body))
			}
		})
	}
}

func TestRangeFaultsWaitForARange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, id, whole := faulty(t, "ignore-range*1", "ignore-if-range*1", "wrong-range*1", "no-content-range*1", "gzip-206*1", "spurious-416*1")
		if g := k.do("GET", k.link(id), "").want(t, 200); !bytes.Equal(g.body, whole) {
			t.Error("a plain GET is bent")
		}
		if left := k.faults.all(); len(left) != 6 {
			t.Errorf("faults left: %v", left)
		}
	})
}

func TestSlowAndRate(t *testing.T) {
	for _, words := range [][]string{{"slow=10K"}, nil} {
		synctest.Test(t, func(t *testing.T) {
			k, id, whole := faulty(t, words...)
			if words == nil {
				k.cfg.Rate = 10 << 10
			}
			began := time.Now()
			if g := k.do("GET", k.link(id), ""); !bytes.Equal(g.body, whole) {
				t.Error("other bytes")
			}
			want := time.Duration(float64(len(whole)) / (10 << 10) * float64(time.Second))
			if took := time.Since(began); took < want-time.Second || took > want+time.Second {
				t.Errorf("took %v, want %v", took, want)
			}
		})
	}
}

func TestStallHangsUntilTheClientGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, id, whole := faulty(t, "stall=5000")
		k.http.Timeout = time.Hour
		g := k.do("GET", k.link(id), "")
		if !bytes.Equal(g.body, whole[:5000]) || g.err == nil {
			t.Errorf("%d bytes, %v", len(g.body), g.err)
		}
		synctest.Wait()
	})
}

func TestCutsAddUpToTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, id, whole := faulty(t, "cut=100K")
		var have []byte
		tries := 0
		for ; len(have) < len(whole) && tries < 10; tries++ {
			g := k.do("GET", k.link(id), "", "Range", fmt.Sprintf("bytes=%d-", len(have))).want(t, 206)
			have = append(have, g.body...)
		}
		if !bytes.Equal(have, whole) || tries != (len(whole)+100<<10-1)/(100<<10) {
			t.Errorf("%d of %d bytes after %d tries", len(have), len(whole), tries)
		}
	})
}

func TestChangeFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, id, whole := faulty(t)
		before := k.do("GET", k.link(id), "")
		k.Inject(faults(t, "change-file*1")[0])
		g := k.do("GET", k.link(id), "", "Range", "bytes=1000-", "If-Range", before.Header.Get("ETag")).want(t, 200)
		if bytes.Equal(g.body, whole) || g.Header.Get("ETag") == before.Header.Get("ETag") {
			t.Error("it is the same file")
		}
		if d := decode(t, g.body); len(d.Metrics) != 1000 {
			t.Errorf("%d metrics", len(d.Metrics))
		}
		v := k.api("GET", "exports/"+id, "").json(t)
		if sum := fmt.Sprint(v["checksum"]); !strings.Contains(g.Header.Get("ETag"), sum[7:39]) || v["fileSize"] != float64(len(g.body)) {
			t.Errorf("the job tells of another file: %v", v)
		}
	})
}

func TestRedirect(t *testing.T) {
	for arg, want := range map[string]string{"": "http://sandbox.test/files/", "=other.test:99": "http://other.test:99/files/", "=https://cdn.test": "https://cdn.test/files/"} {
		bubble(t, "redirect"+arg, func(t *testing.T) {
			k, id, whole := faulty(t, "redirect"+arg)
			g := k.do("GET", k.link(id), "").want(t, 302)
			target, err := g.Location()
			if err != nil || !strings.HasPrefix(target.String(), want) {
				t.Fatalf("to %v, %v", target, err)
			}
			if g := k.do("GET", target.String(), "").want(t, 200); !bytes.Equal(g.body, whole) {
				t.Error("another file")
			}
		})
	}
}

func TestPostFaults(t *testing.T) {
	body := everything("json", "last_7_days")
	exports := func(t *testing.T, k *kit) int {
		data, _ := k.api("GET", "exports", "").want(t, 200).json(t)["data"].([]any)
		return len(data)
	}
	key := func(k *kit) []string { return []string{"Authorization", "Bearer " + k.Keys().Owner} }
	for fault, made := range map[string]int{"lose-post": 1, "drop-post": 0} {
		bubble(t, fault, func(t *testing.T) {
			k := start(t, Config{Records: 1000, Faults: faults(t, fault+"*1")})
			if _, err := k.try("POST", "/api/v1/exports", body, key(k)...); !errors.Is(err, io.EOF) {
				t.Errorf("%v, want EOF", err)
			}
			if n := exports(t, k); n != made {
				t.Errorf("%d exports, want %d", n, made)
			}
		})
	}
	for fault, status := range map[string]int{"busy": 409, "busy=400": 400} {
		bubble(t, fault, func(t *testing.T) {
			k := start(t, Config{Records: 1000, Faults: faults(t, fault+"*2")})
			for range 2 {
				m := k.api("POST", "exports", body).want(t, status).json(t)
				if m["message"] != "Another export is in progress" || m["exportJobId"] != nil {
					t.Errorf("refusal %v", m)
				}
			}
			k.create(body)
		})
	}
	bubble(t, "post-status", func(t *testing.T) {
		k := start(t, Config{Records: 1000, Faults: faults(t, "post-status=503*1")})
		if g := k.api("POST", "exports", body).want(t, 503); g.Header.Get("Retry-After") != "1" {
			t.Error("no Retry-After")
		}
		k.create(body)
	})
	bubble(t, "fail", func(t *testing.T) {
		k := start(t, Config{Records: 1000, Faults: faults(t, "fail=no room left*1", "fail*1")})
		if v := k.await(k.create(body)); v["status"] != "failed" || v["error"] != "no room left" || v["downloadUrl"] != nil {
			t.Errorf("%v", v)
		}
		if v := k.await(k.create(body)); v["status"] != "failed" || v["error"] == "" {
			t.Errorf("%v", v)
		}
		k.export(body)
	})
	bubble(t, "stuck", func(t *testing.T) {
		k := start(t, Config{Records: 1000, Faults: faults(t, "stuck")})
		id := k.create(body)
		time.Sleep(10 * time.Hour)
		if v := k.api("GET", "exports/"+id, "").json(t); v["status"] != "generating" {
			t.Errorf("%v", v)
		}
		k.api("POST", "exports", body).want(t, 409)
		k.do("DELETE", "/_sandbox/faults", "").want(t, 200)
		if v := k.await(id); v["status"] != "failed" {
			t.Errorf("%v", v)
		}
		k.export(body)
	})
}

func TestAPIFaults(t *testing.T) {
	type view = map[string]any
	job := func(k *kit, id string) view { return k.api("GET", "exports/"+id, "").json(k.t) }
	tests := map[string]func(t *testing.T, k *kit, id string, whole []byte){
		"api-status=500": func(t *testing.T, k *kit, _ string, _ []byte) { k.api("GET", "projects", "").want(t, 500) },
		"api-status=429": func(t *testing.T, k *kit, _ string, _ []byte) {
			g := k.api("GET", "projects", "").want(t, 429)
			if g.json(t)["retryAfter"] != 1.0 || g.Header.Get("Retry-After") != "1" {
				t.Errorf("%s", g.body)
			}
		},
		"html-api": func(t *testing.T, k *kit, _ string, _ []byte) {
			if g := k.api("GET", "projects", "").want(t, 200); !bytes.HasPrefix(g.body, []byte("<!DOCTYPE html>")) {
				t.Errorf("%s", g.body)
			}
		},
		"no-list": func(t *testing.T, k *kit, _ string, _ []byte) { k.api("GET", "exports", "").want(t, 404) },
		"relative-link": func(t *testing.T, k *kit, id string, whole []byte) {
			link := fmt.Sprint(job(k, id)["downloadUrl"])
			if u, err := url.Parse(link); err != nil || u.Host != "" || !bytes.Equal(k.do("GET", link, "").body, whole) {
				t.Errorf("%v", u)
			}
		},
		"bad-checksum": func(t *testing.T, k *kit, id string, _ []byte) {
			a := fmt.Sprint(job(k, id)["checksum"])
			b := fmt.Sprint(job(k, id)["checksum"])
			if len(a) != len(b) || a == b {
				t.Errorf("%s and then %s", a, b)
			}
		},
		"expired-job": func(t *testing.T, k *kit, id string, _ []byte) {
			if v := job(k, id); v["status"] != "expired" || v["downloadUrl"] != nil {
				t.Errorf("%v", v)
			}
		},
		"expired-job=410": func(t *testing.T, k *kit, id string, _ []byte) { k.api("GET", "exports/"+id, "").want(t, 410) },
		"escape": func(t *testing.T, k *kit, _ string, _ []byte) {
			p, _ := k.api("GET", "projects", "").json(t)["data"].(view)
			if !strings.Contains(fmt.Sprint(p["name"]), "\x1b]0;") {
				t.Errorf("%v", p)
			}
		},
	}
	for fault, check := range tests {
		bubble(t, fault, func(t *testing.T) {
			k, id, whole := faulty(t, fault+"*1")
			check(t, k, id, whole)
			if left := k.faults.all(); len(left) != 0 {
				t.Errorf("faults left: %v", left)
			}
		})
	}
}

func TestEscapeReachesTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Records: 1000, Faults: faults(t, "escape", "fail=x*1")})
		if v := k.await(k.create(everything("csv", "all_time"))); !strings.Contains(fmt.Sprint(v["error"]), "\x1b") {
			t.Errorf("%v", v)
		}
		if _, file := k.export(everything("csv", "all_time")); !bytes.Contains(file, []byte("\x1b]0;pwned")) {
			t.Error("CSV is harmless")
		}
		if _, file := k.export(everything("json", "all_time")); !bytes.Contains(file, []byte(`Evil\u001b]0;`)) || len(decode(t, file).Metrics) != 1000 {
			t.Error("JSON is harmless")
		}
		if m := k.api("GET", "exports/none", "").want(t, 404).json(t); !strings.Contains(fmt.Sprint(m["message"]), "\x1b") {
			t.Errorf("%v", m)
		}
	})
}

func TestProcessingOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Records: 1000, Faults: faults(t, "processing-only")})
		id := k.create(everything("json", "all_time"))
		for _, want := range []string{"processing", "processing", "processing", "completed"} {
			if v := k.api("GET", "exports/"+id, "").json(t); v["status"] != want {
				t.Errorf("%v, want %s", v["status"], want)
			}
			time.Sleep(12 * time.Second)
		}
	})
}

// TestBare: what is not documented is not there.
func TestBare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Records: 1000, Faults: faults(t, "bare")})
		id := k.create(everything("csv", "all_time"))
		if g := k.api("GET", "exports/"+id, ""); strings.TrimSpace(string(g.body)) != `{"status":"processing"}` {
			t.Errorf("%s", g.body)
		}
		if m := k.api("POST", "exports", everything("csv", "all_time")).want(t, 409).json(t); len(m) != 2 {
			t.Errorf("%v", m)
		}
		k.api("GET", "exports", "").want(t, 404)
		k.do("GET", "/api/v1/health", "").want(t, 404)
		v := k.await(id)
		if len(v) != 2 || v["downloadUrl"] == nil {
			t.Errorf("%v", v)
		}
		if file := k.do("GET", fmt.Sprint(v["downloadUrl"]), "").body; bytes.Contains(file, []byte("Audit Log")) {
			t.Error("CSV has rows that the page does not show")
		}
	})
}
