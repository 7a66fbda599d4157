// Package wire has what the services of the fake read and write: requests,
// replies, refusals, parameters with the limits of AWS's models, and the answers'
// formats (XML, JSON, HTML pages). It keeps no state.
package wire

import (
	"crypto/rand"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// Request is a request on its way.
type Request struct {
	HTTP *http.Request
	Body []byte
	Form url.Values // parameters of the query protocol
	ID   string
	// Header is what the answer has beside what all have.
	Header http.Header
}

// NewRequest is a request whose body was read.
func NewRequest(r *http.Request, body []byte) *Request {
	return &Request{HTTP: r, Body: body, Form: parseForm(r, body), ID: newRequestID(), Header: http.Header{}}
}

// Signed reports whether it carries a signature of any version.
func (r *Request) Signed() bool {
	return r.HTTP.Header.Get("Authorization") != "" || r.HTTP.URL.Query().Has("X-Amz-Signature")
}

// Base is the address that it was sent to, without a path.
func (r *Request) Base() string {
	if r.HTTP.TLS != nil {
		return "https://" + r.HTTP.Host
	}
	return "http://" + r.HTTP.Host
}

// Reply is an answer in full.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte
}

func parseForm(r *http.Request, body []byte) url.Values {
	raw := r.URL.RawQuery
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method == http.MethodPost && kind == "application/x-www-form-urlencoded" {
		raw = string(body)
	}
	values, _ := url.ParseQuery(raw)
	for name := range values {
		if strings.HasPrefix(name, "X-Amz-") {
			delete(values, name)
		}
	}
	return values
}

// newRequestID makes a UUID.
func newRequestID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
