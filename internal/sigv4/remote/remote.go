// Package remote sends requests that the agent signs, so that this process needs no secret key. The
// bytes sent are the bytes signed. If AWS refuses a request because the clock is wrong, it is
// signed once more with AWS's time.
package remote

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"fob/internal/fob"
)

// Signer asks the agent to sign for one profile.
type Signer struct {
	Deliver func(ctx context.Context, r fob.Request) (fob.Delivery, error)
	// Request names the profile; its Way and Options are set here.
	Request fob.Request
	// Service and Region to sign for; if empty, the host's name or the profile decides.
	Service, Region string
	Asymmetric      bool // Signature Version 4A
	Now             func() time.Time

	skews   sync.Map // the clock of a server minus ours, a duration, by host
	regions sync.Map // S3's answers: the region of a bucket, by host
}

// Facts is what the agent needs to know of a request to sign it.
type Facts struct {
	Method string
	URL    string // absolute, as it is sent; its host is the Host header's value
	// Header is the request's. Of these only headers that no proxy changes are signed:
	// Content-Type, Content-MD5 and X-Amz-*.
	Header http.Header
	// Payload is the SHA-256 of the body in hex, sigv4.Unsigned, or empty.
	Payload string
}

// Signature is the agent's answer.
type Signature struct {
	Header          http.Header // to be set on the request
	Service, Region string      // the scope of the signature; Version 4A has no region
	Time            time.Time   // of signing
}

// Stamp is the layout of times in signatures.
const Stamp = "20060102T150405Z"

// Sign returns the headers that sign a request.
func (s *Signer) Sign(ctx context.Context, f Facts) (Signature, error) {
	d, err := s.deliver(ctx, f, nil)
	if err != nil {
		return Signature{}, err
	}
	sig := Signature{Header: http.Header{}}
	for line := range strings.Lines(d.Stdout) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ": ")
		if !ok {
			return Signature{}, fob.Errorf(fob.ErrInternal, "the agent's signature is not made of headers").WithHint("fob agent stop, then try again")
		}
		sig.Header.Set(name, value)
	}
	sig.Service, sig.Region = scope(sig.Header.Get("Authorization"))
	if sig.Service == "" {
		return Signature{}, fob.Errorf(fob.ErrInternal, "the agent's signature names no service").WithHint("fob agent stop, then try again")
	}
	sig.Time, _ = time.Parse(Stamp, sig.Header.Get("X-Amz-Date"))
	return sig, nil
}

// Presign returns the URL with a signature in its query that expires after valid. If service is not
// empty it is used instead of the signer's.
func (s *Signer) Presign(ctx context.Context, f Facts, valid time.Duration, service string) (string, Signature, error) {
	more := map[string]string{"presign": valid.String()}
	if service != "" {
		more["service"] = service
	}
	d, err := s.deliver(ctx, f, more)
	if err != nil {
		return "", Signature{}, err
	}
	signed := strings.TrimSpace(d.Stdout)
	u, err := url.Parse(signed)
	if err != nil {
		return "", Signature{}, fob.Errorf(fob.ErrInternal, "the agent's answer is not a URL").WithHint("fob agent stop, then try again")
	}
	sig := Signature{}
	sig.Service, sig.Region = scope("Credential=" + u.Query().Get("X-Amz-Credential"))
	sig.Time, _ = time.Parse(Stamp, u.Query().Get("X-Amz-Date"))
	return signed, sig, nil
}

func (s *Signer) deliver(ctx context.Context, f Facts, more map[string]string) (fob.Delivery, error) {
	r := s.Request
	r.Way = "sign"
	r.Options = map[string]string{
		"method": f.Method, "url": f.URL, "headers": signed(f.Header), "payload": f.Payload,
		"service": s.Service, "region": s.Region,
	}
	if region, ok := s.regions.Load(hostOf(f.URL)); ok {
		r.Options["region"] = region.(string)
	}
	if s.Asymmetric {
		r.Options["algorithm"] = "v4a"
	}
	if skew := s.skew(hostOf(f.URL)); skew != 0 {
		r.Options["at"] = s.Now().Add(skew).UTC().Format(Stamp)
	}
	maps.Copy(r.Options, more)
	return s.Deliver(ctx, r)
}

// skew returns how far the clock of a host is ahead of ours, as measured by its last refusal. The
// correction applies to that host only.
func (s *Signer) skew(host string) time.Duration {
	skew, _ := s.skews.Load(host)
	d, _ := skew.(time.Duration)
	return d
}

// signed returns the headers to sign, as Name:value lines.
func signed(h http.Header) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if name == "Content-Type" || name == "Content-Md5" || strings.HasPrefix(name, "X-Amz-") {
			for _, value := range h[name] {
				fmt.Fprintf(&b, "%s: %s\n", name, value)
			}
		}
	}
	return b.String()
}

// scope finds service and region in an Authorization header, which has the form …
// Credential=KEY/DATE/REGION/SERVICE/aws4_request, … (without the region in Version 4A).
func scope(authorization string) (service, region string) {
	_, rest, _ := strings.Cut(authorization, "Credential=")
	credential, _, _ := strings.Cut(rest, ",")
	switch parts := strings.Split(credential, "/"); len(parts) {
	case 5:
		return parts[3], parts[2]
	case 4:
		return parts[2], ""
	}
	return "", ""
}

func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}
