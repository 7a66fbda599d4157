// Package sign makes signatures: the agent signs a request that the caller will send, and the
// secret key stays in the agent.
package sign

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/sigv4"
)

// Way returns the delivery "sign". Its Stdout is the headers to set on the request, as lines "Name:
// value\n", or the presigned URL and a newline.
func Way() delivery.Way {
	return delivery.Way{Name: "sign", Doc: "a signature for one request", Hand: delivery.Hand(hand)}
}

// options describe the request exactly as it will be sent, and the signature that is wanted.
type options struct {
	Method    string `option:"method"`    // GET if empty
	URL       string `option:"url"`       // absolute, exactly as it is sent
	Headers   string `option:"headers"`   // lines "Name: value\n"; a name that is sent twice is there twice
	Payload   string `option:"payload"`   // SHA-256 of the body in lower-case hex, or UNSIGNED-PAYLOAD; empty: no body
	Service   string `option:"service"`   // signing name; empty: by the host
	Region    string `option:"region"`    // or, for v4a, the region set; empty: by the host, else the profile's
	At        string `option:"at"`        // time of signing, RFC 3339 or 20060102T150405Z; empty: now, by AWS's clock where that is known
	Presign   string `option:"presign"`   // a duration, 15m: for a URL instead of headers
	Algorithm string `option:"algorithm"` // v4 or v4a; empty: by the host
}

func hand(ctx context.Context, g delivery.Grant, o options) (fob.Delivery, error) {
	// Everything in the request is checked before the user is asked for an MFA code.
	j, err := read(g, o)
	if err != nil {
		return fob.Delivery{}, err
	}
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	if o.At == "" {
		j.scope.Time = c.SigningTime(g.Now)
	}
	if j.expires > 0 {
		return j.presign(c)
	}
	headers, err := sigv4.Sign(c, j.request, j.scope)
	if err != nil {
		return fob.Delivery{}, err
	}
	return fob.Delivery{Stdout: lines(headers)}, nil
}

// job is what the options ask for.
type job struct {
	request sigv4.Request
	scope   sigv4.Scope
	expires time.Duration // of the presigned URL, else zero
}

func read(g delivery.Grant, o options) (job, error) {
	j := job{
		request: sigv4.Request{Method: o.Method, URL: o.URL, Payload: o.Payload},
		scope:   sigv4.Scope{Service: o.Service, Region: o.Region, Time: g.Now},
	}
	var err error
	if at := o.At; at != "" {
		if j.scope.Time, err = parseTime(at); err != nil {
			return job{}, err
		}
	}
	if text := o.Presign; text != "" {
		if j.expires, err = time.ParseDuration(text); err != nil || j.expires < time.Second || j.expires > sigv4.MaxExpires {
			return job{}, fob.Errorf(fob.ErrUsage, "a presigned URL lasts from one second to seven days, not %q", text).WithHint("--presign 15m")
		}
	}
	if j.request.Headers, err = parseHeaders(o.Headers); err != nil {
		return job{}, err
	}
	if escaped := sigv4.Escape(j.request.URL); escaped != j.request.URL && j.expires == 0 {
		return job{}, fob.Errorf(fob.ErrUsage, "the URL holds characters that programs escape each in its own way, and the signature is for one way").
			WithHint("use this URL, for the request too: %s", escaped)
	}
	if err := j.locate(o.Algorithm, g.Profile.Get("region")); err != nil {
		return job{}, err
	}
	return j, sigv4.Check(j.request, j.scope)
}

// locate completes the scope from the host and the profile.
func (j *job) locate(algorithm, profileRegion string) error {
	host, err := sigv4.Host(j.request.URL)
	if err != nil {
		return err
	}
	for _, h := range j.request.Headers {
		if strings.EqualFold(h.Name, "host") {
			host = h.Value
		}
	}
	service, region, known := sigv4.Guess(host)
	if s := strings.ToLower(j.request.URL); service == "iotdata" && (strings.HasPrefix(s, "wss:") || strings.HasPrefix(s, "ws:")) {
		service = "iotdevicegateway" // MQTT over WebSocket on the same host
	}
	if j.scope.Service == "" {
		if !known {
			return fob.Errorf(fob.ErrUsage, "the name %s does not tell which service of AWS it is", host).WithHint("--service NAME --region NAME, such as --service execute-api --region eu-west-1")
		}
		j.scope.Service = service
	}
	for _, r := range []string{region, profileRegion} {
		if j.scope.Region == "" {
			j.scope.Region = r
		}
	}
	if j.scope.Region == "" {
		return fob.Errorf(fob.ErrUsage, "neither the name %s nor the profile tells the region", host).WithHint("--region NAME")
	}
	switch algorithm {
	case "":
		j.scope.Asymmetric = j.scope.Region == sigv4.EveryRegion
	case "v4":
	case "v4a":
		j.scope.Asymmetric = true
	default:
		return fob.Errorf(fob.ErrUsage, "there is no algorithm %q", algorithm).WithHint("v4 or v4a")
	}
	return nil
}

func (j job) presign(c fob.Credentials) (fob.Delivery, error) {
	url, err := sigv4.Presign(c, j.request, j.scope, j.expires)
	if err != nil {
		return fob.Delivery{}, err
	}
	d := fob.Delivery{Stdout: url + "\n"}
	if end := j.scope.Time.Add(j.expires - c.Skew); !c.Expiration.IsZero() && c.Expiration.Before(end) {
		d.Warning = fmt.Sprintf("the URL works until %s only, when the credentials expire, and not for %s", c.Expiration.Local().Format(time.DateTime), j.expires)
	}
	return d, nil
}

func parseTime(text string) (time.Time, error) {
	for _, form := range []string{time.RFC3339, "20060102T150405Z"} {
		if at, err := time.Parse(form, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fob.Errorf(fob.ErrUsage, "%q is not a time", text).WithHint("--at 2006-01-02T15:04:05Z")
}

func parseHeaders(text string) ([]sigv4.Header, error) {
	var headers []sigv4.Header
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fob.Errorf(fob.ErrUsage, "%q is not a header", name).WithHint("-H 'Name: value'")
		}
		headers = append(headers, sigv4.Header{Name: name, Value: strings.Trim(value, " \t")})
	}
	return headers, nil
}

func lines(headers []sigv4.Header) string {
	var b strings.Builder
	for _, h := range headers {
		b.WriteString(h.Name + ": " + h.Value + "\n")
	}
	return b.String()
}
