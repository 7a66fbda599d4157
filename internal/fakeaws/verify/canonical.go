package verify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest is METHOD, path, query, headers, signed headers and payload
// hash, a line each, the headers followed by an empty line.
func canonicalRequest(r *http.Request, sig Signature, payload string) (string, error) {
	path, err := canonicalPath(RawPath(r), S3(sig.Service))
	if err != nil {
		return "", err
	}
	query, err := CanonicalQuery(r.URL.RawQuery)
	if err != nil {
		return "", err
	}
	if sig.Presigned && rulesFor(sig.Service).lateToken {
		parts := strings.Split(query, "&")
		query = strings.Join(slices.DeleteFunc(parts, func(p string) bool { return strings.HasPrefix(p, "X-Amz-Security-Token=") }), "&")
	}
	var headers strings.Builder
	for _, name := range sig.SignedHeaders {
		value, ok := canonicalHeader(r, name)
		if !ok {
			return "", errors.New("signed header " + name + " is not in the request")
		}
		headers.WriteString(name + ":" + value + "\n")
	}
	return strings.Join([]string{r.Method, path, query, headers.String(), strings.Join(sig.SignedHeaders, ";"), payload}, "\n"), nil
}

// RawPath is the path as it came over the wire; URL.EscapedPath would hide
// whether the sender had escaped it.
func RawPath(r *http.Request) string {
	uri := r.RequestURI
	if uri == "" {
		return r.URL.EscapedPath()
	}
	if _, rest, absolute := strings.Cut(uri, "://"); absolute && !strings.HasPrefix(uri, "/") {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			uri = rest[i:]
		} else {
			uri = "/"
		}
	}
	path, _, _ := strings.Cut(uri, "?")
	return path
}

// canonicalPath encodes a path. The S3 family decodes once and encodes once, and
// keeps "//", "." and ".." as they are; every other service removes them and
// encodes what came over the wire once more (%20 becomes %2520).
func canonicalPath(raw string, s3 bool) (string, error) {
	if s3 {
		path, err := url.PathUnescape(raw)
		if err != nil {
			return "", err
		}
		if path == "" {
			path = "/"
		}
		return uriEncode(path, "/"), nil
	}
	return uriEncode(removeDots(raw), "/"), nil
}

func removeDots(path string) string {
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	if len(kept) == 0 {
		return "/"
	}
	clean := "/" + strings.Join(kept, "/")
	if strings.HasSuffix(path, "/") {
		clean += "/"
	}
	return clean
}

// CanonicalQuery decodes each name and value once, encodes them, and sorts by
// encoded name, then value; X-Amz-Signature is left out.
func CanonicalQuery(raw string) (string, error) {
	var pairs [][2]string
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err := url.QueryUnescape(name)
		if err != nil {
			return "", err
		}
		v, err := url.QueryUnescape(value)
		if err != nil {
			return "", err
		}
		if n != "X-Amz-Signature" {
			pairs = append(pairs, [2]string{uriEncode(n, ""), uriEncode(v, "")})
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = p[0] + "=" + p[1]
	}
	return strings.Join(parts, "&"), nil
}

// uriEncode keeps the unreserved characters of RFC 3986, and those of keep.
func uriEncode(s, keep string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.IndexByte("-._~", c) >= 0 || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
	}
	return b.String()
}

// canonicalHeader is a header's values joined by commas, trimmed, with inner
// runs of blanks as one.
func canonicalHeader(r *http.Request, name string) (string, bool) {
	var values []string
	switch name {
	case "host":
		values = []string{r.Host}
	case "content-length":
		values = []string{strconv.FormatInt(max(r.ContentLength, 0), 10)}
	default:
		values = r.Header.Values(name)
	}
	if len(values) == 0 {
		return "", false
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Join(strings.FieldsFunc(v, func(c rune) bool { return c == ' ' || c == '\t' }), " ")
	}
	return strings.Join(trimmed, ","), true
}

func Hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// stringToSign is the algorithm, the time, the scope and the hash of the
// canonical request, a line each.
func stringToSign(sig Signature, canonical string) string {
	return strings.Join([]string{sig.Algorithm, sig.Stamp, sig.scope(), Hash([]byte(canonical))}, "\n")
}

// Compute derives the signing key (an HMAC chain over date, region, service and
// terminator) and signs.
func Compute(secret string, sig Signature, canonical string) string {
	key := []byte("AWS4" + secret)
	for _, part := range []string{sig.Date, sig.Region, sig.Service, terminator, stringToSign(sig, canonical)} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}
