package transfer

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// panics is a body that a fault of ours, or of the library, cannot read.
type panics struct{ io.ReadCloser }

func (panics) Read([]byte) (int, error) { panic("out of range") }

// TestAPanicEndsOneTransfer: the program goes on, and so does the next Fetch.
func TestAPanicEndsOneTransfer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(mib)
		s.tricks = []trick{func(_ *server, _ *http.Request, honest *http.Response) (*http.Response, error) {
			honest.Body = panics{honest.Body}
			return honest, nil
		}}
		o := options(s, "/folder")
		o.disk = newMemoryDisk()
		p, err := get(t, o)
		if err == nil || !strings.Contains(err.Error(), "internal error: out of range") {
			t.Fatalf("the transfer ended with %v", err)
		}
		if err := p.Fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.Commit(o.Path, false); err != nil {
			t.Fatal(err)
		}
		if string(o.disk.(*memoryDisk).read(o.Path)) != string(s.body) {
			t.Error("not the object")
		}
	})
}
