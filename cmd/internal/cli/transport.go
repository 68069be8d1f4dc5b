package cli

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// maxRoots bounds a file of certificates; a system's whole store is a quarter of it.
const maxRoots = 1 << 20

// loadRoots adds the certificates of a PEM file to the system's.
func loadRoots(path string) (*x509.CertPool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	defer func() { _ = f.Close() }()
	pem, err := io.ReadAll(io.LimitReader(f, maxRoots+1))
	if err != nil {
		return nil, bare(err)
	}
	if len(pem) > maxRoots {
		return nil, errors.New("the file is too large to be one of certificates")
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a system without a store of its own
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("there is no certificate in it")
	}
	return roots, nil
}

// newTransport is how requests leave this machine. Bodies come as they are:
// transparent compression would hide how many bytes of a file have arrived.
// It follows no redirects, adds no key and waits for no body for ever: those
// who use it do.
//
// It speaks HTTP/1.1 alone. Each connection of a file then has a window of its
// own, so that one that stalls does not hold up the others; and the library's
// HTTP/2 writes every header to standard error, the key among them, once
// GODEBUG has http2debug=2 in it.
func newTransport(roots *x509.CertPool) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Protocols: protocols,
		Proxy:     http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{
			Timeout:         10 * time.Second,
			KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 15 * time.Second},
		}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
	}
}
