package sigv4

import (
	"slices"
	"strings"

	"fob/internal/fob"
)

// check refuses what HTTP cannot carry, and sets Payload if X-Amz-Content-Sha256 gives it.
func (r *Request) check() error {
	if !token(method(*r)) {
		return fob.Errorf(fob.ErrUsage, "%q is not a method of HTTP", r.Method)
	}
	hosts := 0
	for _, h := range r.Headers {
		if !token(h.Name) {
			return fob.Errorf(fob.ErrUsage, "%q is not the name of a header", h.Name)
		}
		if !sendable(h.Value) {
			return fob.Errorf(fob.ErrUsage, "the header %s holds control characters", h.Name)
		}
		switch {
		case same(h.Name, "host"):
			if hosts++; hosts > 1 || strings.Trim(h.Value, " \t") == "" {
				return fob.Errorf(fob.ErrUsage, "the header Host must be there once, with a name")
			}
		case same(h.Name, nameHash):
			value := strings.Trim(h.Value, " \t")
			if r.Payload != "" && r.Payload != value {
				return fob.Errorf(fob.ErrUsage, "the header %s is not the hash of the body", h.Name)
			}
			r.Payload = value
		}
	}
	if p := r.Payload; p != "" && p != Unsigned && !strings.HasPrefix(p, "STREAMING-") && !isHash(p) || !sendable(r.Payload) {
		return fob.Errorf(fob.ErrUsage, "%q is neither the SHA-256 of a body in lower-case hex nor %s", p, Unsigned)
	}
	return nil
}

func isHash(s string) bool {
	if len(s) != len(empty) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}

// token reports whether a text is valid as a method or as a header's name (RFC 9110).
func token(s string) bool {
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// headers appends the headers to sign, sorted by name: Host, those in add, and the request's own
// without those that are never signed.
func (w *work) headers(to, own, add []Header) []Header {
	host := w.host
	for _, h := range own {
		switch {
		case same(h.Name, "host"):
			host = h.Value
		case leftOut(h.Name), w.rules.noLength && same(h.Name, "content-length"):
		default:
			to = append(to, h)
		}
	}
	to = append(append(to, Header{"host", host}), add...)
	slices.SortStableFunc(to, func(x, y Header) int { return compare(x.Name, y.Name) })
	return to
}

// leftOut reports whether a header is not signed: hop-by-hop headers, headers that proxies change,
// and headers that the signature itself sets. X-Amz-Content-Sha256 is among the last, as the
// canonical request has the payload's hash anyway.
func leftOut(name string) bool {
	for _, n := range [...]string{"connection", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
		nameAuthorization, nameDate, nameHash, nameToken, nameRegions} {
		if same(name, n) {
			return true
		}
	}
	const proxy = "proxy-"
	return len(name) > len(proxy) && same(name[:len(proxy)], proxy)
}

// appendHeaders appends name:value lines: names in lower case, values trimmed and with runs of
// blanks replaced by one, values of the same name joined by commas in their order.
func appendHeaders(b []byte, signed []Header) []byte {
	for i, h := range signed {
		if i > 0 && same(h.Name, signed[i-1].Name) {
			b[len(b)-1] = ',' // in place of the newline
		} else {
			b = append(appendLower(b, h.Name), ':')
		}
		b = append(appendTrimmed(b, h.Value), '\n')
	}
	return b
}

func appendNames(b []byte, signed []Header) []byte {
	for i, h := range signed {
		if i > 0 {
			if same(h.Name, signed[i-1].Name) {
				continue
			}
			b = append(b, ';')
		}
		b = appendLower(b, h.Name)
	}
	return b
}

func appendTrimmed(b []byte, s string) []byte {
	gap := false
	start := len(b)
	for i := range len(s) {
		c := s[i]
		if c == ' ' || c == '\t' {
			gap = true
			continue
		}
		if gap && len(b) > start {
			b = append(b, ' ')
		}
		gap = false
		b = append(b, c)
	}
	return b
}

// Names of headers are ASCII, so the Unicode rules of the strings package are not needed, and they
// are slower.

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, lower(s[i]))
	}
	return b
}

func same(x, y string) bool { return len(x) == len(y) && compare(x, y) == 0 }

func compare(x, y string) int {
	for i := range min(len(x), len(y)) {
		if c := int(lower(x[i])) - int(lower(y[i])); c != 0 {
			return c
		}
	}
	return len(x) - len(y)
}
