package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestJobTellsOfItsFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Records: 1000})
		view, file := k.export(`{"format":"json","dateRange":{"startDate":900000000000,"endDate":4000000000000},"includeMetrics":true,"includeAuditLogs":true}`)
		sum := sha256.Sum256(file)
		d := decode(t, file)
		for field, want := range map[string]any{
			"checksum": "sha256:" + hex.EncodeToString(sum[:]), "fileSize": float64(len(file)),
			"recordCount": float64(len(d.Metrics) + len(d.AuditLogs)), "progress": 100.0, "format": "json",
			"includeMetrics": true, "includeConnections": false, "includeDashboards": false, "includeAuditLogs": true,
		} {
			if view[field] != want {
				t.Errorf("%s: %v, want %v", field, view[field], want)
			}
		}
		r, _ := view["dateRange"].(map[string]any)
		if r["startDate"] != 9e11 || r["endDate"] != 4e12 {
			t.Errorf("dateRange %v", view["dateRange"])
		}
		at := func(field string) float64 { v, _ := view[field].(float64); return v }
		if !(at("createdAt") < at("startedAt") && at("startedAt") < at("completedAt") && at("completedAt") < at("expiresAt")) {
			t.Errorf("times are out of order: %v", view)
		}
	})
}

// TestALinkCanBeCutOutByHand: whoever has curl alone copies it from the answer.
func TestALinkCanBeCutOutByHand(t *testing.T) {
	k := start(t, Config{Records: 1000, Speed: fast})
	id := k.create(everything("json", "all_time"))
	k.awaitNow(id)
	answer := string(k.api("GET", "exports/"+id, "").body)
	_, link, _ := strings.Cut(answer, `"downloadUrl":"`)
	link, _, _ = strings.Cut(link, `"`)
	if g := k.do("GET", link, "").want(t, 200); len(g.body) == 0 {
		t.Errorf("no file at %s", link)
	}
}

func TestLinkHeaders(t *testing.T) {
	k := start(t, Config{Records: 1000, Speed: fast})
	for format, kind := range map[string]string{"json": "application/json", "csv": "text/csv; charset=utf-8"} {
		v := k.awaitNow(k.create(everything(format, "all_time")))
		g := k.do("GET", fmt.Sprint(v["downloadUrl"]), "").want(t, 200)
		for name, want := range map[string]string{
			"Content-Type": kind, "Accept-Ranges": "bytes", "Content-Length": fmt.Sprint(len(g.body)),
			"Content-Disposition": fmt.Sprintf("attachment; filename=dashtray-export-%v.%s", v["id"], format),
			"Etag":                fmt.Sprintf("%q", strings.TrimPrefix(fmt.Sprint(v["checksum"]), "sha256:")[:32]),
		} {
			if got := g.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if _, err := time.Parse(time.RFC1123, g.Header.Get("Last-Modified")); err != nil {
			t.Error(err)
		}
	}
}

func TestRanges(t *testing.T) {
	k := start(t, Config{Records: 1000, Speed: fast})
	v := k.awaitNow(k.create(everything("json", "all_time")))
	link := fmt.Sprint(v["downloadUrl"])
	whole := k.do("GET", link, "").want(t, 200)
	etag, modified, size := whole.Header.Get("ETag"), whole.Header.Get("Last-Modified"), len(whole.body)
	tests := []struct {
		name     string
		header   []string
		status   int
		from, to int // of the body
	}{
		{"middle", []string{"Range", "bytes=100-199"}, 206, 100, 200},
		{"to the end", []string{"Range", "bytes=100-"}, 206, 100, size},
		{"tail", []string{"Range", "bytes=-10"}, 206, size - 10, size},
		{"same object", []string{"Range", "bytes=100-", "If-Range", etag}, 206, 100, size},
		{"same time", []string{"Range", "bytes=100-", "If-Range", modified}, 206, 100, size},
		{"other object", []string{"Range", "bytes=100-", "If-Range", `"other"`}, 200, 0, size},
		{"weak tags never match", []string{"Range", "bytes=100-", "If-Range", "W/" + etag}, 200, 0, size},
		{"not changed", []string{"If-None-Match", etag}, 304, 0, 0},
		{"not this one", []string{"If-Match", `"other"`}, 412, 0, 0},
		{"past the end", []string{"Range", fmt.Sprintf("bytes=%d-", size)}, 416, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := k.do("GET", link, "", tt.header...).want(t, tt.status)
			switch tt.status {
			case 206:
				if want := fmt.Sprintf("bytes %d-%d/%d", tt.from, tt.to-1, size); g.Header.Get("Content-Range") != want {
					t.Errorf("Content-Range %q, want %q", g.Header.Get("Content-Range"), want)
				}
				fallthrough
			case 200:
				if !bytes.Equal(g.body, whole.body[tt.from:tt.to]) {
					t.Errorf("%d other bytes than those from %d to %d", len(g.body), tt.from, tt.to)
				}
			case 416:
				if g.Header.Get("Content-Range") != fmt.Sprintf("bytes */%d", size) {
					t.Errorf("Content-Range %q", g.Header.Get("Content-Range"))
				}
			}
		})
	}
}

func TestLinkIsForGetByItsBearerAlone(t *testing.T) {
	k := start(t, Config{Records: 1000, Speed: fast})
	v := k.awaitNow(k.create(everything("json", "all_time")))
	link := fmt.Sprint(v["downloadUrl"])
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*url.URL, url.Values)) string {
		c, q := *u, u.Query()
		change(&c, q)
		c.RawQuery = q.Encode()
		return c.String()
	}
	tests := []struct {
		name, method, link string
		header             []string
		status             int
		code               string
	}{
		{"HEAD", "HEAD", link, nil, 403, ""},
		{"POST", "POST", link, nil, 403, "SignatureDoesNotMatch"},
		{"with a key", "GET", link, []string{"Authorization", "Bearer " + k.Keys().Owner}, 400, "InvalidArgument"},
		{"no signature", "GET", with(func(_ *url.URL, q url.Values) { q.Del("sig") }), nil, 403, "SignatureDoesNotMatch"},
		{"longer life", "GET", with(func(_ *url.URL, q url.Values) { q.Set("expires", "9999999999") }), nil, 403, "SignatureDoesNotMatch"},
		{"other file", "GET", with(func(c *url.URL, _ url.Values) { c.Path = "/files/dashtray-export-x.json" }), nil, 403, "SignatureDoesNotMatch"},
		{"up and away", "GET", with(func(c *url.URL, _ url.Values) { c.Path = "/files/../state.json" }), nil, 403, "SignatureDoesNotMatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := k.do(tt.method, tt.link, "", tt.header...).want(t, tt.status)
			if !strings.Contains(string(g.body), "<Code>"+tt.code+"</Code>") && tt.code != "" {
				t.Errorf("body %s", g.body)
			}
		})
	}
	t.Run("signed for a file that is not there", func(t *testing.T) {
		at := fmt.Sprint(time.Now().Add(time.Hour).Unix())
		for _, name := range []string{"dashtray-export-nope.json", strings.TrimPrefix(u.Path, "/files/") + ".csv", ""} {
			g := k.do("GET", "/files/"+name+"?expires="+at+"&sig="+k.sign(name, at), "").want(t, 404)
			if !strings.Contains(string(g.body), "NoSuchKey") {
				t.Errorf("body %s", g.body)
			}
		}
	})
}

func TestLinksExpireAndAreRenewed(t *testing.T) {
	for _, ttl := range []time.Duration{0, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			k := start(t, Config{Records: 1000, LinkTTL: ttl})
			life := ttl
			if life == 0 {
				life = 24 * time.Hour
			}
			id := k.create(everything("json", "all_time"))
			old := fmt.Sprint(k.await(id)["downloadUrl"])
			time.Sleep(life - 2*time.Second)
			k.do("GET", old, "").want(t, 200)
			time.Sleep(2 * time.Second)
			g := k.do("GET", old, "").want(t, 403)
			if !strings.Contains(string(g.body), "Request has expired") || !strings.Contains(string(g.body), "<Expires>2000-") {
				t.Errorf("body %s", g.body)
			}
			k.do("GET", fmt.Sprint(k.await(id)["downloadUrl"]), "").want(t, 200)
		})
	}
}

func TestLinkHasTheRequestsOrigin(t *testing.T) {
	k := start(t, Config{Records: 1000, Speed: fast})
	id := k.create(everything("json", "all_time"))
	k.awaitNow(id)
	for _, origin := range []string{"https://api.dashtray.test", "http://127.0.0.1:8080"} {
		v := k.do("GET", origin+"/v1/exports/"+id, "", "Authorization", "Bearer "+k.Keys().Owner).want(t, 200).json(t)
		if link := fmt.Sprint(v["downloadUrl"]); !strings.HasPrefix(link, origin+"/files/") {
			t.Errorf("%s: link %s", origin, link)
		}
	}
}
