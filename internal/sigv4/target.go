package sigv4

import (
	"slices"
	"strings"

	"fob/internal/fob"
)

const nameSignature = "X-Amz-Signature"

// target is a URL, split but otherwise unchanged.
type target struct {
	before string // scheme://host:port
	host   string // as in the Host header: without the scheme's default port
	uri    string // the path, which may be empty
	query  string
}

// Host returns the Host header for a request to url.
func Host(url string) (string, error) {
	t, err := parse(url)
	return t.host, err
}

// Escape escapes the characters that a URL must not contain: spaces, everything outside ASCII, and
// "<>\^`{|}. Programs differ in how they escape those, so it is done before signing.
func Escape(url string) string {
	if !strings.ContainsFunc(url, func(r rune) bool { return r > '~' || strings.ContainsRune(illegal, r) }) {
		return url
	}
	start := max(strings.Index(url, "://"), 0) + len("://")
	i := strings.IndexAny(url[min(start, len(url)):], "/?#")
	if i < 0 {
		return url // host names are not escaped
	}
	i += start
	b := []byte(url[:i])
	for ; i < len(url); i++ {
		if c := url[i]; c > '~' || strings.IndexByte(illegal, c) >= 0 {
			b = appendByte(b, c)
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

const illegal = " \"<>\\^`{|}"

func parse(url string) (target, error) {
	refuse := func(why string) (target, error) {
		return target{}, fob.Errorf(fob.ErrUsage, "the URL %s", why).WithHint("https://HOST/PATH?QUERY, escaped as it is sent")
	}
	if !sendable(url) {
		return refuse("holds control characters")
	}
	scheme, rest, _ := strings.Cut(url, "://")
	own := ""
	switch strings.ToLower(scheme) {
	case "https", "wss":
		own = "443"
	case "http", "ws":
		own = "80"
	default:
		return refuse("is not absolute: it begins with neither https:// nor http://")
	}
	rest, _, _ = strings.Cut(rest, "#")
	authority, query := rest, ""
	uri := ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority = rest[:i]
		uri, query, _ = strings.Cut(rest[i:], "?")
	}
	if strings.Contains(authority, "@") {
		return refuse("holds a name or a password before the host; a signature takes their place")
	}
	host, port, ok := hostPort(authority)
	if !ok {
		return refuse("has no host that can be sent; names outside ASCII are written xn--…")
	}
	t := target{before: url[:len(scheme)+len("://")+len(authority)], host: authority, uri: uri, query: query}
	if port == own || port == "" {
		t.host = host
	}
	if !escaped(uri) || !escaped(query) {
		return refuse("has a % that is not followed by two hex digits; the sign itself is %25")
	}
	if query != "" && presigned(query) {
		return refuse("is presigned already")
	}
	return t, nil
}

// hostPort splits an authority into host and port; [::1]:80 keeps its brackets.
func hostPort(authority string) (host, port string, ok bool) {
	host = authority
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host, port = authority[:i], authority[i+1:]
	}
	name := host
	if inner, bracket := strings.CutPrefix(host, "["); bracket {
		if name, ok = strings.CutSuffix(inner, "]"); !ok || !strings.Contains(name, ":") {
			return "", "", false
		}
	} else if strings.Contains(host, ":") {
		return "", "", false
	}
	for i := range len(name) {
		if c := name[i]; !alphanumeric(c) && strings.IndexByte("-._~:", c) < 0 {
			return "", "", false
		}
	}
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' {
			return "", "", false
		}
	}
	return host, port, name != ""
}

// presigned reports whether a query has one of the parameters that a signature adds.
func presigned(query string) bool {
	for part := range strings.SplitSeq(query, "&") {
		switch name, _, _ := strings.Cut(part, "="); name {
		case nameSignature, "X-Amz-Algorithm", "X-Amz-Credential", nameDate, "X-Amz-Expires", "X-Amz-SignedHeaders", nameToken:
			return true
		}
	}
	return false
}

func escaped(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if i+2 >= len(s) || unhex(s[i+1]) > 15 || unhex(s[i+2]) > 15 {
			return false
		}
		i += 2
	}
	return true
}

// path appends the canonical path. For S3 the path as sent is decoded once and encoded once, and
// "//", "." and ".." are ordinary names. For all other services those are removed, and the path as
// sent is encoded once more: %20 becomes %2520.
func (w *work) path(b []byte) []byte {
	if w.rules.s3 {
		return appendRecoded(b, w.rawPath(), '/', 0)
	}
	start := len(b)
	uri := w.uri
	for uri != "" {
		segment, rest, more := strings.Cut(uri, "/")
		uri = rest
		switch segment {
		case "", ".":
		case "..":
			b = b[:start+max(strings.LastIndexByte(string(b[start:]), '/'), 0)]
		default:
			b = appendEncoded(append(b, '/'), segment)
		}
		if more && rest == "" && len(b) > start {
			b = append(b, '/') // the path ended with one
		}
	}
	if len(b) == start {
		b = append(b, '/')
	}
	return b
}

func (t *target) rawPath() string {
	if t.uri == "" {
		return "/"
	}
	return t.uri
}

// pair is the position of a parameter in a buffer: its name, its "=", its end.
type pair struct{ from, eq, to int }

// appendQuery appends the canonical query: each name and value decoded once and encoded once,
// sorted by name, then value, always with a "=". A "+" is a space, as in HTML forms. The parameters
// in add are not encoded yet.
func appendQuery(b []byte, query string, add []Header) []byte {
	if query == "" && len(add) == 0 {
		return b
	}
	var room [1024]byte
	var space [32]pair
	text, pairs := room[:0], space[:0]
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		p := pair{from: len(text)}
		text = appendRecoded(text, name, 0, '+')
		p.eq = len(text)
		text = appendRecoded(text, value, 0, '+')
		p.to = len(text)
		pairs = append(pairs, p)
	}
	for _, h := range add {
		p := pair{from: len(text)}
		text = appendEncoded(text, h.Name)
		p.eq = len(text)
		text = appendEncoded(text, h.Value)
		p.to = len(text)
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		if c := slices.Compare(text[x.from:x.eq], text[y.from:y.eq]); c != 0 {
			return c
		}
		return slices.Compare(text[x.eq:x.to], text[y.eq:y.to])
	})
	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, text[p.from:p.eq]...)
		b = append(append(b, '='), text[p.eq:p.to]...)
	}
	return b
}

// appendRecoded decodes %XX, replaces the character blank by a space, and encodes all but the
// unreserved characters and keep. parse has refused invalid escapes.
func appendRecoded(b []byte, s string, keep, blank byte) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s):
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		case c == blank && blank != 0:
			c = ' '
		}
		if unreserved(c) || c == keep && keep != 0 {
			b = append(b, c)
		} else {
			b = appendByte(b, c)
		}
	}
	return b
}

// appendEncoded encodes all but the unreserved characters of RFC 3986.
func appendEncoded(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; unreserved(c) {
			b = append(b, c)
		} else {
			b = appendByte(b, c)
		}
	}
	return b
}

func appendByte(b []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(b, '%', digits[c>>4], digits[c&15])
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func unreserved(c byte) bool {
	return alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

// unhex returns a hex digit's value, or more than 15 for any other character.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// sendable reports whether a text has no control characters except tabs.
func sendable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
