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
	Host   string // of the Host header, if it is not the URL's
	Header http.Header
	Body   *Body // nil: none

	// Apply, if set, puts a signature on the request in another way than by headers
	// of its own.
	Apply func(ctx context.Context, s *Signer, r *http.Request) (Signature, error)
	// Signed, if set, is told what is about to be sent.
	Signed func(r *http.Request, s Signature)
}

// Send signs and sends a message. It is sent once more, signed anew, if AWS
// refused the time of signing, or, when no region was asked for, S3 named another
// region. Answers are those of transport.
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
				s.skews.Delete(host) // correcting did not help
			}
			return resp, nil
		}
		if !s.mend(resp, sig, host) {
			return resp, nil
		}
		_ = resp.Body.Close()
	}
}

// facts are what of a message is signed.
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

// request signs a message and makes the request of it.
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
		req.Header["User-Agent"] = []string{""} // none, and not the library's
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

// URL makes the one that net/http sends byte by byte: it would escape what it
// believes to be unescaped, after it was signed.
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
		u.Host = want // the scheme's own port is neither signed nor sent
	}
	return u, nil
}

const (
	tolerated = 4 * time.Minute // AWS allows five
	believed  = 24 * time.Hour  // a clock that is further off is not corrected
)

// mend looks whether signing anew can help, and prepares it.
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

// tooLate reports whether a refusal came from somebody whose clock is another one.
func (s *Signer) tooLate(resp *http.Response, signed time.Time) bool {
	theirs, ok := serverTime(resp)
	off := theirs.Sub(signed).Abs()
	return ok && resp.StatusCode >= 400 && resp.StatusCode <= 403 && off > tolerated && off < believed
}

// serverTime is when the answer was made; caches say how old it is.
func serverTime(resp *http.Response) (time.Time, bool) {
	t, err := http.ParseTime(resp.Header.Get("Date"))
	if age, e := strconv.Atoi(resp.Header.Get("Age")); e == nil && age > 0 {
		t = t.Add(time.Duration(age) * time.Second)
	}
	return t, err == nil
}

// aboutTime finds the words by which AWS's services refuse a time of signing.
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

// otherRegion is where S3 says that the bucket is.
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

// peek reads the beginning of an answer and puts it back.
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

// explain says what went wrong on the way.
func explain(ctx context.Context, req *http.Request, err error) error {
	var own *fob.Error
	switch {
	case errors.As(err, &own):
		return own // from reading the body
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	e := fob.Errorf(fob.ErrNetwork, "no answer from %s: %w", req.URL.Host, err)
	if certificate(err) {
		return e.WithHint("--cacert FILE, if its certificate is signed by somebody of your own")
	}
	return e
}
