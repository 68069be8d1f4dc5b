package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// schemas is where the descriptions of the documents are.
var schemas = filepath.Join("..", "..", "..", "assets", "schema")

// schema is the part of JSON Schema (draft 2020-12) that the files in
// assets/schema make use of.
type schema struct {
	Schema      string            `json:"$schema"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Type        words             `json:"type"`
	Enum        []any             `json:"enum"`
	Properties  map[string]schema `json:"properties"`
	Required    []string          `json:"required"`
	Additional  *bool             `json:"additionalProperties"`
	Items       *schema           `json:"items"`
	Unique      bool              `json:"uniqueItems"`
	Pattern     string            `json:"pattern"`
	Format      string            `json:"format"`
	Minimum     *float64          `json:"minimum"`
}

// words is one word or a list of them.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

// readSchema refuses a word that this test does not know: it would not be checked.
func readSchema(name string) (schema, error) {
	var s schema
	f, err := os.Open(filepath.Join(schemas, name+".schema.json"))
	if err != nil {
		return s, err
	}
	defer func() { _ = f.Close() }()
	dec := json.NewDecoder(f)
	dec.DisallowUnknownFields()
	return s, dec.Decode(&s)
}

// differs tells where a value is not as its schema has it, "" if nowhere.
func (s *schema) differs(at string, v any) string {
	kind := kindOf(v)
	if len(s.Type) > 0 && !slices.Contains(s.Type, kind) && (kind != "integer" || !slices.Contains(s.Type, "number")) {
		return fmt.Sprintf("%s is %s, not %s", at, kind, strings.Join(s.Type, " or "))
	}
	if s.Enum != nil && !slices.Contains(s.Enum, v) {
		return fmt.Sprintf("%s is %v, not one of %v", at, v, s.Enum)
	}
	switch v := v.(type) {
	case string:
		return s.differsText(at, v)
	case float64:
		if s.Minimum != nil && v < *s.Minimum {
			return fmt.Sprintf("%s is %v, less than %v", at, v, *s.Minimum)
		}
	case []any:
		return s.differsList(at, v)
	case map[string]any:
		return s.differsObject(at, v)
	}
	return ""
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func (s *schema) differsText(at, v string) string {
	if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v) {
		return fmt.Sprintf("%s is %q, which does not match %s", at, v, s.Pattern)
	}
	if s.Format != "" {
		if s.Format != "date-time" {
			return fmt.Sprintf("%s has the format %s, which is not checked", at, s.Format)
		}
		if _, err := time.Parse(time.RFC3339, v); err != nil || !strings.HasSuffix(v, "Z") {
			return fmt.Sprintf("%s is %q, no time of UTC", at, v)
		}
	}
	return ""
}

func (s *schema) differsList(at string, list []any) string {
	for i, v := range list {
		if s.Unique && slices.Contains(list[:i], v) {
			return fmt.Sprintf("%s has %v twice", at, v)
		}
		if s.Items == nil {
			continue
		}
		if d := s.Items.differs(fmt.Sprintf("%s[%d]", at, i), v); d != "" {
			return d
		}
	}
	return ""
}

func (s *schema) differsObject(at string, object map[string]any) string {
	for _, name := range s.Required {
		if _, ok := object[name]; !ok {
			return fmt.Sprintf("%s has no %s", at, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		p, ok := s.Properties[name]
		if !ok {
			if s.Additional != nil && !*s.Additional {
				return fmt.Sprintf("%s has %s, which nobody described", at, name)
			}
			continue
		}
		if d := p.differs(at+"."+name, object[name]); d != "" {
			return d
		}
	}
	return ""
}

// conforms compares a document with its description.
func conforms(document []byte, name string) error {
	s, err := readSchema(name)
	if err != nil {
		return fmt.Errorf("read the schema %s: %w", name, err)
	}
	var v any
	if err := json.Unmarshal(document, &v); err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	if d := s.differs("it", v); d != "" {
		return fmt.Errorf("it is not as %s has it: %s", name, d)
	}
	return nil
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
		if s.Schema != "https://json-schema.org/draft/2020-12/schema" || s.Title == "" {
			t.Errorf("%s says neither what it is nor in which language", name)
		}
		s.closed(t, name)
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
	body := failed.Properties["error"]
	for _, code := range body.Properties["code"].Enum {
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
func (s *schema) closed(t *testing.T, at string) {
	t.Helper()
	if slices.Contains(s.Type, "object") && (s.Additional == nil || *s.Additional) {
		t.Errorf("%s takes what nobody described", at)
	}
	for name, p := range s.Properties {
		p.closed(t, at+"."+name)
	}
	if s.Items != nil {
		s.Items.closed(t, at+"[]")
	}
}

func TestDocumentsThatDoNotConform(t *testing.T) {
	t.Parallel()
	const entry = `"exportJobId":"x","status":null,"format":"json","range":{"name":null,"from":null,"to":null},"include":null,
		"records":1,"serverBytes":null,"completedAt":null,"expiresAt":null,"error":null,"localFile":null`
	for _, tc := range []struct{ document, want string }{
		{`{"source":"local","exports":[{` + entry + `,"createdAt":"2026-01-02T03:04:05Z","localState":"none"}]}`, ""},
		{`{"source":"local","exports":[{` + entry + `,"createdAt":"2026-01-02T03:04:05+01:00","localState":"none"}]}`, "no time of UTC"},
		{`{"source":"local","exports":[{` + entry + `,"createdAt":null,"localState":"gone"}]}`, "not one of"},
		{`{"source":"local","exports":[{` + entry + `,"createdAt":null}]}`, "has no localState"},
		{`{"source":"local","exports":[{` + entry + `,"createdAt":null,"localState":"none","link":"x"}]}`, "nobody described"},
		{`{"source":"local","exports":null}`, "is null, not array"},
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
