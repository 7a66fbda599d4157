package curlflags

import (
	"fmt"
	"strings"
)

// Header is one header of a request.
type Header struct{ Name, Value string }

// Lines formats headers, a line each.
func Lines(headers []Header) string {
	var b strings.Builder
	for _, h := range headers {
		fmt.Fprintf(&b, "%s: %s\n", h.Name, h.Value)
	}
	return b.String()
}

// ParseLines parses what [Lines] returns.
func ParseLines(text string) []Header {
	var headers []Header
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		headers = append(headers, Header{name, value})
	}
	return headers
}
