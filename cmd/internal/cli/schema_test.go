package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas is where the descriptions of the documents are.
var schemas = filepath.Join("..", "..", "..", "assets", "schema")

// readSchema gives a description as it is written.
func readSchema(name string) (map[string]any, error) {
	f, err := os.Open(schemaFile(name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	v, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		return nil, err
	}
	return v.(map[string]any), nil
}

func schemaFile(name string) string { return filepath.Join(schemas, name+".schema.json") }

// inUTC is the format of our times: RFC 3339, and UTC in all documents.
func inUTC(v any) error {
	s, ok := v.(string)
	if !ok {
		return nil // the schema's type is about that
	}
	if _, err := time.Parse(time.RFC3339, s); err != nil || !strings.HasSuffix(s, "Z") {
		return errors.New("no time of UTC")
	}
	return nil
}

// conforms compares a document with its description.
func conforms(document []byte, name string) error {
	c := jsonschema.NewCompiler()
	c.RegisterFormat(&jsonschema.Format{Name: "date-time", Validate: inUTC})
	c.AssertFormat()
	s, err := c.Compile(schemaFile(name))
	if err != nil {
		return fmt.Errorf("read the schema %s: %w", name, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	return s.Validate(v)
}

func TestSchemasAreClosed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(schemas, "*.schema.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d schemas, %v", len(files), err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".schema.json")
		s, err := readSchema(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s["$schema"] != "https://json-schema.org/draft/2020-12/schema" || s["title"] == nil {
			t.Errorf("%s says neither what it is nor in which language", name)
		}
		closed(t, name, s)
	}
}

// Every schema is compared with a document, and every code is provoked, by a
// script or a test: what nobody looks at is soon not true any more.
func TestSchemasAndCodesAreUsed(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, pattern := range []string{filepath.Join("testdata", "script", "*.txtar"), "*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	used := func(format, what string) {
		if !regexp.MustCompile(fmt.Sprintf(format, regexp.QuoteMeta(what))).MatchString(all.String()) {
			t.Errorf("nothing provokes %s", what)
		}
	}
	files, err := filepath.Glob(filepath.Join(schemas, "*.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".schema.json")
		used(`(?m)^conforms \w+ %[1]s$|conforms\([^\n]*, "%[1]s"\)`, name)
	}
	failed, err := readSchema("error")
	if err != nil {
		t.Fatal(err)
	}
	codes := failed
	for _, name := range []string{"properties", "error", "properties", "code"} {
		codes = codes[name].(map[string]any)
	}
	for _, code := range codes["enum"].([]any) {
		used(`(?m)^fails \d+ %[1]s |^grep '"code": "%[1]s"' document$`, fmt.Sprint(code))
	}
	for _, exit := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		used(`(?m)^(?:exits|fails) %s `, exit)
	}
	for _, exit := range []string{"129", "130", "143"} {
		used(`(?m)^stdout \^%s\$$`, exit)
	}
}

// closed demands that every object says all that it has.
func closed(t *testing.T, at string, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		kinds, _ := v["type"].([]any)
		if (v["type"] == "object" || slices.Contains(kinds, any("object"))) && v["additionalProperties"] != false {
			t.Errorf("%s takes what nobody described", at)
		}
		for name, inner := range v {
			closed(t, at+"/"+name, inner)
		}
	case []any:
		for i, inner := range v {
			closed(t, fmt.Sprintf("%s/%d", at, i), inner)
		}
	}
}

func TestDocumentsThatDoNotConform(t *testing.T) {
	t.Parallel()
	const entry = `"exportJobId":"x","status":null,"format":"json","range":{"name":null,"from":null,"to":null},"include":null,
		"records":1,"serverBytes":null,"completedAt":null,"expiresAt":null,"error":null,"localFile":null`
	for _, tc := range []struct{ document, want string }{
		{`{"source":"local","exports":[{` + entry + `,"createdAt":"2026-01-02T03:04:05Z","localState":"none"}]}`, ""},
		{`{"source":"local","exports":[{` + entry + `,"createdAt":"2026-01-02T03:04:05+01:00","localState":"none"}]}`, "no time of UTC"},
		{`{"source":"local","exports":[{` + entry + `,"createdAt":null,"localState":"gone"}]}`, "value must be one of"},
		{`{"source":"local","exports":[{` + entry + `,"createdAt":null}]}`, "missing property 'localState'"},
		{`{"source":"local","exports":[{` + entry + `,"createdAt":null,"localState":"none","link":"x"}]}`, "additional properties 'link' not allowed"},
		{`{"source":"local","exports":null}`, "got null, want array"},
		{`{"source":"local"`, "read the document"},
	} {
		err := conforms([]byte(tc.document), "history")
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.document, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v, want %q", tc.document, err, tc.want)
		}
	}
}
