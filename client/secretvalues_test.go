package client

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"
)

func TestNewKey(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"dk_1": "dk_1", " dk_1\r\n": "dk_1", "Bearer dk_1": "dk_1", "bearer  dk_1 ": "dk_1",
		"": "", "  ": "", "Bearer": "Bearer", "\tBearer \t": "Bearer", "bearerdk_1": "bearerdk_1", "Bearer\tdk_1": "dk_1",
	} {
		k := NewKey(in)
		if k.reveal() != want || k.IsZero() != (want == "") {
			t.Errorf("NewKey(%q) holds %q (zero %v), want %q", in, k.reveal(), k.IsZero(), want)
		}
	}
	if !NewKey("a ").Equal(NewKey("Bearer a")) || NewKey("a").Equal(NewKey("b")) || !(Key{}).Equal(NewKey("")) {
		t.Error("Equal does not compare what the keys hold")
	}
}

// TestSecretsAreNeverPrinted tries every way that Go has to turn a value into
// text, on the value itself and on what may hold it.
func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	const secret = "hunter2secret"
	key, link := NewKey(secret), NewLink("https://s3.test/f?sig="+secret)
	type public struct {
		Key  Key
		Link Link
		P    *Key
	}
	type private struct {
		key  Key
		link *Link
	}
	c, err := New(Options{BaseURL: testBase, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{
		"key": key, "link": link, "pointers": []any{&key, &link},
		"public":  public{key, link, &key},
		"private": private{key, &link}, "private pointer": &private{key, &link},
		"slice": []Key{key}, "map": map[string]Link{"l": link}, "array": [1]Key{key},
		"export": Export{ID: "e", Link: link}, "options": Options{Key: key}, "client": c,
	}
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%+s", "%x", "%X", "% x", "%q", "%#q", "%d", "%p", "%t", "%c", "%U", "%e", "%w", "%100v"} {
			hold(t, name+" "+verb, fmt.Sprintf(verb, v), secret)
			hold(t, name+" "+verb+" as error", fmt.Errorf("step: "+verb, v).Error(), secret)
		}
		hold(t, name+" Println", fmt.Sprintln(v), secret)
		for how, write := range encoders() {
			var out bytes.Buffer
			err := write(&out, v)
			hold(t, name+" "+how, out.String()+fmt.Sprint(err), secret)
		}
	}
	if got := fmt.Sprint(key, link); got != redacted+" "+redacted {
		t.Errorf("printed as %q", got)
	}
	if link.URL() != "https://s3.test/f?sig="+secret {
		t.Error("the link does not give its URL")
	}
}

func encoders() map[string]func(*bytes.Buffer, any) error {
	return map[string]func(*bytes.Buffer, any) error{
		"JSON": func(b *bytes.Buffer, v any) error { return json.NewEncoder(b).Encode(v) },
		"XML":  func(b *bytes.Buffer, v any) error { return xml.NewEncoder(b).Encode(v) },
		"gob":  func(b *bytes.Buffer, v any) error { return gob.NewEncoder(b).Encode(v) },
		"text log": func(b *bytes.Buffer, v any) error {
			slog.New(slog.NewTextHandler(b, nil)).Info("m", "v", v)
			return nil
		},
		"JSON log": func(b *bytes.Buffer, v any) error {
			slog.New(slog.NewJSONHandler(b, nil)).Info("m", "v", v)
			return nil
		},
		"template": func(b *bytes.Buffer, v any) error {
			return template.Must(template.New("").Parse("{{.}}")).Execute(b, v)
		},
	}
}

func hold(t *testing.T, how, got, secret string) {
	t.Helper()
	hex := fmt.Sprintf("%x", secret)
	if strings.Contains(got, secret) || strings.Contains(strings.ToLower(got), hex) {
		t.Errorf("%s prints the secret: %s", how, got)
	}
}

func TestKeysThatNoHeaderCarries(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"hunter2\nX-Evil: 1", "hunter2 two", "hünter2", "hunter2\x00"} {
		_, err := New(Options{BaseURL: testBase, Key: NewKey(raw)})
		if !errors.Is(err, ErrUnauthorized) || strings.Contains(err.Error(), "nter2") {
			t.Errorf("key %q: %v", raw, err)
		}
	}
}
