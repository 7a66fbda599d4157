package remote

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// Wire says how to connect to servers.
type Wire struct {
	CAFile     string        // PEM; empty: the system's
	Connect    time.Duration // limit for connecting and for the TLS handshake, each; zero: 10 s
	Compressed bool          // ask for gzip, and unpack it
}

// Transport returns a transport that verifies certificates and does not follow redirects. It uses
// the proxy in HTTPS_PROXY, except for loopback addresses.
func Transport(w Wire) (*http.Transport, error) {
	if w.Connect == 0 {
		w.Connect = 10 * time.Second
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if w.CAFile != "" {
		pem, err := atomicfile.Read(w.CAFile)
		if err != nil {
			return nil, fob.Errorf(fob.ErrUsage, "cannot read %s: %w", w.CAFile, err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fob.Errorf(fob.ErrUsage, "%s holds no certificate in PEM", w.CAFile)
		}
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: w.Connect}).DialContext,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: w.Connect,
		ForceAttemptHTTP2:   true,
		DisableCompression:  !w.Compressed,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
		ReadBufferSize:      32 << 10,
		WriteBufferSize:     32 << 10,
		// There is no wait for "100 Continue": bodies are ready to be sent.
		MaxResponseHeaderBytes: 256 << 10,
	}, nil
}

// certificate reports whether a connection failed because of a certificate.
func certificate(err error) bool {
	var verification *tls.CertificateVerificationError
	return errors.As(err, &verification)
}
