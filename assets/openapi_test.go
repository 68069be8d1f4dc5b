package assets_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dashtray/dashtray-tui/client/sandbox"
)

// described is openapi.json.
type described struct {
	doc     map[string]any
	schemas *jsonschema.Compiler
}

func readDescription(t *testing.T) described {
	t.Helper()
	raw, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(parsed)
	d := described{doc: parsed.(map[string]any), schemas: jsonschema.NewCompiler()}
	if err := d.schemas.AddResource("openapi.json", parsed); err != nil {
		t.Fatal(err)
	}
	return d
}

// closeObjects has every object refuse what nobody described: a client must
// not, but the sandbox is to send nothing else.
func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"]; ok && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, inner := range v {
			closeObjects(inner)
		}
	case []any:
		for _, inner := range v {
			closeObjects(inner)
		}
	}
}

// at goes down the document by names, follows references, and gives what it
// found with its own address.
func (d described) at(names ...string) (found map[string]any, address []string) {
	found = d.doc
	for _, name := range names {
		found, _ = found[name].(map[string]any)
		address = append(address, name)
		if to, ok := found["$ref"].(string); ok {
			found, address = d.at(strings.Split(strings.TrimPrefix(to, "#/"), "/")...)
		}
	}
	return found, address
}

// conforms compares a body with the schema of the content at a place.
func (d described) conforms(body []byte, place ...string) error {
	content, address := d.at(append(place, "content", "application/json")...)
	if content == nil {
		return fmt.Errorf("nobody described %s", strings.Join(place, " "))
	}
	pointer := "openapi.json#"
	for _, name := range append(address, "schema") {
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	schema, err := d.schemas.Compile(pointer)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// try is one call: $ID in url is the export's id.
type try struct {
	name, method, path, url, key, body string
	fault                              string
	status                             int
	has                                string // in the answer
}

func tries(keys sandbox.Keys) []try {
	const export = `{"format":"json","dateRange":"last_7_days"}`
	return []try{
		{name: "the server is there", method: "get", path: "/health", status: 200},
		{name: "no such health", method: "get", path: "/health", fault: "bare", status: 404},
		{name: "the project", method: "get", path: "/projects", key: keys.Owner, status: 200},
		{name: "no key", method: "get", path: "/projects", status: 401},
		{name: "a free plan", method: "post", path: "/exports", key: keys.Free, body: export, status: 403},
		{name: "a viewer", method: "get", path: "/exports", key: keys.Viewer, status: 403},
		{name: "no body", method: "post", path: "/exports", key: keys.Owner, status: 400},
		{name: "an export", method: "post", path: "/exports", key: keys.Owner, body: export, status: 200},
		{name: "how it stands", method: "get", path: "/exports/{id}", url: "/exports/$ID", key: keys.Owner, fault: "stuck", status: 200},
		{name: "busy", method: "post", path: "/exports", key: keys.Owner, fault: "busy", body: `{"format":"csv","dateRange":{"startDate":0,"endDate":1},"includeAll":true}`, status: 409},
		{name: "when it is done", method: "get", path: "/exports/{id}", url: "/exports/$ID", key: keys.Owner, status: 200, has: `"checksum":"sha256:`},
		{name: "only what is documented", method: "get", path: "/exports/{id}", url: "/exports/$ID", key: keys.Owner, fault: "bare", status: 200, has: `"downloadUrl":`},
		{name: "another export", method: "get", path: "/exports/{id}", url: "/exports/none", key: keys.Owner, status: 404},
		{name: "one that expired", method: "get", path: "/exports/{id}", url: "/exports/$ID", key: keys.Owner, fault: "expired-job=410", status: 410},
		{name: "the list", method: "get", path: "/exports", url: "/exports?limit=5", key: keys.Editor, status: 200, has: `"total":1`},
		{name: "a bad page", method: "get", path: "/exports", url: "/exports?limit=0", key: keys.Editor, status: 400},
		{name: "no list", method: "get", path: "/exports", key: keys.Editor, fault: "no-list", status: 404},
		{name: "too many calls", method: "get", path: "/projects", key: keys.Owner, fault: "api-status=429", status: 429, has: `"retryAfter":`},
		{name: "a fault", method: "get", path: "/projects", key: keys.Owner, fault: "api-status=500", status: 500},
	}
}

// TestTheSandboxAnswersAsTheAPIIsDescribed goes through every operation, and
// demands that none is left out.
func TestTheSandboxAnswersAsTheAPIIsDescribed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := readDescription(t)
		api, err := sandbox.New(sandbox.Config{Dir: t.TempDir(), Records: 100, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = api.Close() }()
		tried, id := map[string]bool{}, "none"
		for _, c := range tries(api.Keys()) {
			answer := d.try(t, api, c, id)
			tried[c.method+" "+c.path] = true
			switch c.name {
			case "an export":
				var made struct{ ExportJobID string }
				if err := json.Unmarshal(answer, &made); err != nil {
					t.Fatal(err)
				}
				id = made.ExportJobID
			case "busy":
				time.Sleep(time.Hour) // until the export is done, in this bubble
			}
		}
		paths, _ := d.at("paths")
		for path := range paths {
			methods, _ := d.at("paths", path)
			for method := range methods {
				if !tried[method+" "+path] {
					t.Errorf("%s %s is described and not tried", method, path)
				}
			}
		}
	})
}

// try makes a call and compares what is asked and what is answered.
func (d described) try(t *testing.T, api *sandbox.Server, c try, id string) []byte {
	t.Helper()
	if err := api.ClearFaults(); err != nil {
		t.Fatal(err)
	}
	if c.fault != "" {
		f, err := sandbox.ParseFault(c.fault)
		if err != nil {
			t.Fatal(err)
		}
		api.Inject(f)
	}
	url := strings.ReplaceAll(cmp.Or(c.url, c.path), "$ID", id)
	status, answer := call(t, api, strings.ToUpper(c.method), url, c.key, c.body)
	if status != c.status || !bytes.Contains(answer, []byte(c.has)) {
		t.Fatalf("%s: %d %s", c.name, status, answer)
	}
	if err := d.conforms(answer, "paths", c.path, c.method, "responses", strconv.Itoa(status)); err != nil {
		t.Errorf("%s: %v", c.name, err)
	}
	if c.body != "" {
		if err := d.conforms([]byte(c.body), "paths", c.path, c.method, "requestBody"); err != nil {
			t.Errorf("%s: the request: %v", c.name, err)
		}
	}
	return answer
}

func call(t *testing.T, api *sandbox.Server, method, path, key, body string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://sandbox.test/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := (&http.Client{Transport: api.Transport()}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}
