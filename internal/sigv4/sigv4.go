// Package sigv4 signs requests with AWS's Signature Version 4 and 4a. It uses no HTTP library: a
// request is its method, URL, headers and the hash of its body, exactly as they will be sent.
//
// The algorithm is described in the IAM User Guide, "AWS Signature Version 4 for API requests".
package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"time"

	"fob/internal/fob"
)

// Header is one line of a request's head.
type Header struct{ Name, Value string }

// Request is the request to sign.
type Request struct {
	Method string // GET if empty
	// URL is absolute, with the scheme http, https, ws or wss, and exactly as it is sent: if the
	// sender escapes a space or an é, it must be escaped here too. A fragment (#…) is not sent and
	// not signed.
	URL string
	// Headers of the request; a name that is sent twice is listed twice. A Host header replaces the
	// URL's host. Headers that proxies change, and those that Sign returns, are not signed.
	Headers []Header
	// Payload is the SHA-256 of the body in lower-case hex (see [HashHex]), [Unsigned], or one of
	// S3's STREAMING-… values. If empty, it is taken from the header X-Amz-Content-Sha256; without
	// one, the request is signed as one without a body.
	Payload string
}

// Scope is the service, region and time for which a signature is valid.
type Scope struct {
	Service string // the signing name: execute-api, s3, es
	// Region, or for an asymmetric signature the set of regions, such as
	// "us-east-1,eu-*" or "*".
	Region string
	// Time of signing, which AWS compares with its own clock.
	Time time.Time
	// Asymmetric asks for Signature Version 4a.
	Asymmetric bool
}

// Unsigned is given in place of the hash if the body is not signed.
const Unsigned = "UNSIGNED-PAYLOAD"

const (
	empty      = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // SHA-256 of nothing
	terminator = "aws4_request"
	symmetric  = "AWS4-HMAC-SHA256"
	asymmetric = "AWS4-ECDSA-P256-SHA256"
	stampForm  = "20060102T150405Z"
)

// The names of the headers and parameters that a signature adds.
const (
	nameAuthorization = "Authorization"
	nameDate          = "X-Amz-Date"
	nameHash          = "X-Amz-Content-Sha256"
	nameToken         = "X-Amz-Security-Token"
	nameRegions       = "X-Amz-Region-Set"
)

// MaxExpires is the longest lifetime of a presigned URL. The URL also ends with the credentials
// that signed it.
const MaxExpires = 7 * 24 * time.Hour

// Sign returns the headers to set on the request: Authorization; X-Amz-Date; X-Amz-Security-Token
// for temporary credentials; X-Amz-Content-Sha256 if the service needs it; X-Amz-Region-Set for an
// asymmetric signature. A request that cannot be signed is an [fob.ErrUsage].
func Sign(c fob.Credentials, r Request, s Scope) ([]Header, error) {
	w, err := begin(c, &r, s)
	if err != nil {
		return nil, err
	}
	payload, tell := w.rules.payload(r.Payload)
	add := make([]Header, 0, 5)
	add = append(add, Header{nameDate, w.stamp})
	if tell {
		add = append(add, Header{nameHash, payload})
	}
	if !c.SessionToken.IsZero() {
		add = append(add, Header{nameToken, c.SessionToken.Reveal()})
	}
	if s.Asymmetric {
		add = append(add, Header{nameRegions, s.Region})
	}
	var space [32]Header // on the stack: a request of common size needs no allocation for this
	signed := w.headers(space[:0], r.Headers, add)
	var room [2048]byte
	b := append(append(room[:0], method(r)...), '\n')
	b = append(w.path(b), '\n')
	b = append(appendQuery(b, w.query, nil), '\n')
	b = append(appendHeaders(b, signed), '\n')
	from := len(b)
	b = appendNames(b, signed)
	names := b[from:]
	b = append(append(b, '\n'), payload...)
	var line [512]byte
	value := append(append(line[:0], s.algorithm()...), " Credential="...)
	value = s.appendTo(append(append(value, c.AccessKeyID...), '/'), w.stamp)
	value = append(append(value, ", SignedHeaders="...), names...)
	value, err = appendSignature(append(value, ", Signature="...), c, s, w.stamp, b)
	if err != nil {
		return nil, err
	}
	return append(add, Header{nameAuthorization, string(value)}), nil
}

// Presign returns the URL with a signature in its query. It is valid for expires, in whole seconds
// from 1 second to [MaxExpires]. The request's headers are signed too, and must be sent by whoever
// uses the URL. Characters that a URL must not contain are escaped, and the query is sorted.
func Presign(c fob.Credentials, r Request, s Scope, expires time.Duration) (string, error) {
	if expires < time.Second || expires > MaxExpires {
		return "", fob.Errorf(fob.ErrUsage, "a presigned URL lasts from one second to seven days, not %s", expires)
	}
	r.URL = Escape(r.URL)
	w, err := begin(c, &r, s)
	if err != nil {
		return "", err
	}
	payload, tell := w.rules.payloadOfURL(r.Payload)
	var space [32]Header
	signed := w.headers(space[:0], r.Headers, nil)
	add := []Header{
		{"X-Amz-Algorithm", s.algorithm()}, {"X-Amz-Credential", string(s.appendTo([]byte(c.AccessKeyID+"/"), w.stamp))}, {nameDate, w.stamp},
		{"X-Amz-Expires", strconv.Itoa(int(expires / time.Second))}, {"X-Amz-SignedHeaders", string(appendNames(nil, signed))},
	}
	if tell {
		add = append(add, Header{nameHash, payload})
	}
	late := ""
	switch {
	case c.SessionToken.IsZero():
	case w.rules.lateToken:
		late = "&" + nameToken + "=" + string(appendEncoded(nil, c.SessionToken.Reveal()))
	default:
		add = append(add, Header{nameToken, c.SessionToken.Reveal()})
	}
	if s.Asymmetric {
		add = append(add, Header{nameRegions, s.Region})
	}
	var room [4096]byte
	b := append(append(room[:0], method(r)...), '\n')
	b = append(w.path(b), '\n')
	from := len(b)
	b = appendQuery(b, w.query, add)
	query := string(b[from:])
	b = append(appendHeaders(append(b, '\n'), signed), '\n')
	b = append(appendNames(b, signed), '\n')
	signature, err := Signature(c, s, w.stamp, append(b, payload...))
	if err != nil {
		return "", err
	}
	return w.before + w.rawPath() + "?" + query + "&" + nameSignature + "=" + signature + late, nil
}

// HashHex is the hash of a body for [Request], read to its end.
func HashHex(body io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// work is a checked request on its way to a signature.
type work struct {
	target
	rules rules
	stamp string // Scope.Time in the format that is sent
}

// Check returns the error that Sign would return because of the request or the scope. It needs no
// credentials.
func Check(r Request, s Scope) error {
	_, err := check(&r, s)
	return err
}

// check parses the URL and sets the request's payload, which may be given as a header.
func check(r *Request, s Scope) (target, error) {
	t, err := parse(r.URL)
	if err == nil {
		err = s.check()
	}
	if err == nil {
		err = r.check()
	}
	return t, err
}

// begin checks the credentials, the request and the scope.
func begin(c fob.Credentials, r *Request, s Scope) (work, error) {
	if c.AccessKeyID == "" || c.SecretAccessKey.IsZero() || !sendable(c.AccessKeyID) || !sendable(c.SessionToken.Reveal()) {
		return work{}, fob.Errorf(fob.ErrInternal, "these are no credentials to sign with")
	}
	t, err := check(r, s)
	return work{target: t, rules: rulesOf(s.Service), stamp: s.Time.UTC().Format(stampForm)}, err
}

func (s Scope) check() error {
	for _, one := range [...]struct{ what, text, more string }{{"service", s.Service, "-_."}, {"region", s.Region, "-_.*,"}} {
		if one.text == "" || strings.ContainsFunc(one.text, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(one.more, r))
		}) {
			return fob.Errorf(fob.ErrUsage, "%q is not the name of a %s", one.text, one.what)
		}
	}
	if !s.Asymmetric && strings.ContainsAny(s.Region, "*,") {
		return fob.Errorf(fob.ErrUsage, "%q is not one region; only Signature Version 4a is good for several", s.Region)
	}
	if y := s.Time.UTC().Year(); y < 1 || y > 9999 || s.Time.IsZero() {
		return fob.Errorf(fob.ErrUsage, "the time of signing is missing, or not one of the Gregorian calendar")
	}
	return nil
}

// appendTo appends the credential scope, as it is written in a signature.
func (s Scope) appendTo(b []byte, stamp string) []byte {
	b = append(append(b, stamp[:8]...), '/')
	if !s.Asymmetric {
		b = append(append(b, s.Region...), '/')
	}
	return append(append(append(b, s.Service...), '/'), terminator...)
}

func (s Scope) algorithm() string {
	if s.Asymmetric {
		return asymmetric
	}
	return symmetric
}

func method(r Request) string {
	if r.Method == "" {
		return "GET"
	}
	return r.Method
}
