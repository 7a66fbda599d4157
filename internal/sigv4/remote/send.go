package remote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fob/internal/fob"
	"fob/internal/sigv4"
)

// Message is a request to be signed and sent.
type Message struct {
	Method string
	URL    string // absolute, as it is sent; see [sigv4.Escape]
	Host   string // for the Host header, if it differs from the URL's
	Header http.Header
	Body   *Body // nil: no body

	// Apply, if set, signs the request in its own way, for instance in the query, in place of the
	// usual headers.
	Apply func(ctx context.Context, s *Signer, r *http.Request) (Signature, error)
	// Signed, if set, is called with the signed request before it is sent.
	Signed func(r *http.Request, s Signature)
}

// Send signs and sends a message. It signs and sends once more if AWS refused the time of signing,
// or if no region was given and S3 named another region. Answers are as transport returns them.
func (s *Signer) Send(ctx context.Context, transport http.RoundTripper, m *Message) (*http.Response, error) {
	for again := false; ; again = true {
		req, sig, err := s.request(ctx, m)
		if err != nil {
			return nil, err
		}
		if m.Signed != nil {
			m.Signed(req, sig)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return nil, explain(ctx, req, err)
		}
		host := hostOf(facts(m).URL)
		if again {
			if s.tooLate(resp, sig.Time) {
				s.skews.Delete(host) // the correction did not help
			}
			return resp, nil
		}
		if !s.mend(resp, sig, host) {
			return resp, nil
		}
		_ = resp.Body.Close()
	}
}

// facts returns what the agent needs to sign a message.
func facts(m *Message) Facts {
	f := Facts{Method: m.Method, URL: m.URL, Header: m.Header}
	if m.Host != "" {
		scheme, rest, _ := strings.Cut(m.URL, "://")
		f.URL = scheme + "://" + m.Host + strings.TrimPrefix(rest, hostOf(m.URL))
	}
	switch {
	case m.Body != nil && m.Body.Hash == "":
		f.Payload = sigv4.Unsigned
	case m.Body != nil:
		f.Payload = m.Body.Hash
	}
	return f
}

// request has a message signed and builds the HTTP request.
func (s *Signer) request(ctx context.Context, m *Message) (*http.Request, Signature, error) {
	target, err := URL(m.URL)
	if err != nil {
		return nil, Signature{}, err
	}
	req := (&http.Request{
		Method: m.Method, URL: target, Host: m.Host, Header: m.Header.Clone(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if req.Header == nil {
		req.Header = http.Header{}
	}
	var sig Signature
	if m.Apply != nil {
		sig, err = m.Apply(ctx, s, req)
	} else if sig, err = s.Sign(ctx, facts(m)); err == nil {
		maps.Copy(req.Header, sig.Header)
	}
	if err != nil {
		return nil, sig, err
	}
	if _, given := req.Header["User-Agent"]; !given {
		req.Header["User-Agent"] = []string{""} // send none, in place of net/http's default
	}
	if m.Body != nil {
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(m.Body.open()), nil }
		req.Body, req.ContentLength = io.NopCloser(m.Body.open()), m.Body.Size
		if m.Body.Size == 0 {
			req.Body = http.NoBody
		}
	}
	return req, sig, nil
}

// URL returns a url.URL that net/http sends byte for byte. A plain url.Parse is not enough:
// net/http would escape some characters again after the URL was signed.
func URL(text string) (*url.URL, error) {
	scheme, rest, _ := strings.Cut(text, "://")
	host := hostOf(text)
	rest, _, _ = strings.Cut(strings.TrimPrefix(rest, host), "#")
	path, query, asks := strings.Cut(rest, "?")
	if path == "" {
		path = "/"
	}
	bare, err := url.PathUnescape(path)
	u := &url.URL{Scheme: strings.ToLower(scheme), Host: host, Path: bare, RawPath: path, RawQuery: query, ForceQuery: asks}
	if err != nil || host == "" || u.EscapedPath() != path {
		return nil, fob.Errorf(fob.ErrUsage, "the URL cannot be sent as it stands").WithHint("https://HOST/PATH?QUERY, with %%XX for what is special")
	}
	if want, err := sigv4.Host(scheme + "://" + host); err != nil {
		return nil, err
	} else if strings.HasPrefix(host, want+":") {
		u.Host = want // the scheme's default port is neither signed nor sent
	}
	return u, nil
}

const (
	tolerated = 4 * time.Minute // AWS allows five
	believed  = 24 * time.Hour  // a larger difference is not corrected
)

// mend decides whether signing again can succeed, and adjusts the clock or the region for it.
func (s *Signer) mend(resp *http.Response, sig Signature, host string) bool {
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusMovedPermanently:
	default:
		return false
	}
	text := peek(resp)
	if s.Region == "" && strings.HasPrefix(sig.Service, "s3") {
		if region := otherRegion(resp, text); region != "" && region != sig.Region {
			_, known := s.regions.Swap(host, region)
			return !known
		}
	}
	if !s.tooLate(resp, sig.Time) || resp.Request.Method != http.MethodHead && !aboutTime(resp, text) {
		return false
	}
	theirs, _ := serverTime(resp)
	s.skews.Store(host, theirs.Sub(s.Now()))
	return true
}

// tooLate reports whether a request was refused because of its time of signing, by a server whose
// clock differs from ours.
func (s *Signer) tooLate(resp *http.Response, signed time.Time) bool {
	theirs, ok := serverTime(resp)
	off := theirs.Sub(signed).Abs()
	return ok && resp.StatusCode >= 400 && resp.StatusCode <= 403 && off > tolerated && off < believed
}

// serverTime returns when an answer was made: its Date, plus the Age that caches add.
func serverTime(resp *http.Response) (time.Time, bool) {
	t, err := http.ParseTime(resp.Header.Get("Date"))
	if age, e := strconv.Atoi(resp.Header.Get("Age")); e == nil && age > 0 {
		t = t.Add(time.Duration(age) * time.Second)
	}
	return t, err == nil
}

// aboutTime recognises the error codes for a wrong time of signing.
func aboutTime(resp *http.Response, text []byte) bool {
	said := resp.Header.Get("X-Amzn-Errortype") + " " + string(text)
	for _, word := range []string{"TimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignature", "SignatureDoesNotMatch",
		"Signature expired", "Signature not yet current", "has expired", "AuthFailure"} {
		if strings.Contains(said, word) {
			return true
		}
	}
	return false
}

// otherRegion returns the region that S3 names for the bucket, or "".
func otherRegion(resp *http.Response, text []byte) string {
	region := resp.Header.Get("X-Amz-Bucket-Region")
	if m := regexp.MustCompile(`<Region>([^<]*)</Region>`).FindSubmatch(text); region == "" && m != nil {
		region = string(m[1])
	}
	if !regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d+$`).MatchString(region) {
		return ""
	}
	return region
}

// peek reads the beginning of an answer's body and puts it back.
func peek(resp *http.Response) []byte {
	text, err := io.ReadAll(io.LimitReader(resp.Body, 16<<10))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = failed{err}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), rest), resp.Body}
	return text
}

type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

// explain turns a failure to send into an error with a hint.
func explain(ctx context.Context, req *http.Request, err error) error {
	var own *fob.Error
	switch {
	case errors.As(err, &own):
		return own // reading the body failed
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	e := fob.Errorf(fob.ErrNetwork, "no answer from %s: %w", req.URL.Host, err)
	if certificate(err) {
		return e.WithHint("--cacert FILE, if its certificate is signed by somebody of your own")
	}
	return e
}
