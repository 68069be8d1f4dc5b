// Command fetch brings one URL into one file, by client/transfer or, with
// -plain, by the simplest Go that ends as safely: one stream, fsync of the file
// and of its folder. It is what the benchmarks run beside curl and its like.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/dashtray/dashtray-tui/client/transfer"
)

func main() {
	plain := flag.Bool("plain", false, "one stream, io.Copy, fsync")
	connections := flag.Int("connections", 4, "connections at most")
	rate := flag.Int64("limit-rate", 0, "bytes a second")
	flag.Parse()
	var err error
	switch {
	case flag.NArg() != 2:
		err = errors.New("usage: fetch [flags] URL FILE")
	case *plain:
		err = copyPlain(flag.Arg(0), flag.Arg(1))
	default:
		err = fetch(flag.Arg(0), flag.Arg(1), *connections, *rate)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func httpOne() *http.Transport {
	var p http.Protocols
	p.SetHTTP1(true)
	return &http.Transport{Protocols: &p, DisableCompression: true, MaxIdleConnsPerHost: 8}
}

func fetch(url, path string, connections int, rate int64) error {
	ctx := context.Background()
	part, err := transfer.Open(transfer.Options{
		Path: path, ID: url, Size: -1, Transport: httpOne(), Connections: connections, LimitRate: rate,
		Link: func(context.Context, bool) (string, error) { return url, nil },
	})
	if err != nil {
		return err
	}
	if err := part.Fetch(ctx); err != nil {
		return errors.Join(err, part.Close())
	}
	s := part.Snapshot()
	if err := part.Commit(path, true); err != nil {
		return errors.Join(err, part.Close())
	}
	// What a resumed run fetched again is the benchmark's to compute.
	fmt.Println(s.SHA256, s.Size, s.ResumedFrom, s.ThisRun)
	return part.Close()
}

func copyPlain(url, path string) (err error) {
	resp, err := (&http.Client{Transport: httpOne()}).Get(url) //nolint:noctx // a benchmark ends with its process
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, resp.Body)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
