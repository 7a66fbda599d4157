package browser

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
)

// Check refuses the address of a page that must not be opened. Servers name pages: the
// page of a device code, that of a console. What such an address says must not become an
// option of a browser's program, nor start another program by its scheme (file:,
// vscode:), nor show a person who signs in a page that anyone on the network has written.
//
// It accepts absolute addresses with https, and with http on this machine alone, without
// control characters, blanks, backslashes, or a user name. It reads them itself, because
// fob credentials, which every AWS command spawns, links no net/url.
func Check(address string) error {
	scheme, rest, _ := strings.Cut(address, "://")
	scheme = strings.ToLower(scheme)
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	host, ok := hostOf(authority)
	switch {
	case strings.ContainsFunc(address, unfit):
		return errors.New("the page's address has blanks, backslashes or control characters")
	case strings.Contains(authority, "@"):
		return errors.New("the page's address has a user name before its host")
	case !ok:
		return errors.New("the page has no complete address")
	case scheme == "https", scheme == "http" && onLoopback(host):
		return nil
	}
	return errors.New("the page is not one of https")
}

func unfit(r rune) bool {
	return r == '\\' || r == unicode.ReplacementChar || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// hostOf splits HOST or HOST:PORT; an IPv6 address keeps its brackets.
func hostOf(authority string) (host string, ok bool) {
	host, port, has := authority, "", false
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host, port, has = authority[:i], authority[i+1:], true
	}
	if _, err := strconv.ParseUint(port, 10, 16); has && err != nil {
		return "", false
	}
	name, v6 := strings.CutPrefix(host, "[")
	if v6 {
		name, v6 = strings.CutSuffix(name, "]")
		return host, v6 && name != "" && strings.Trim(name, "0123456789abcdefABCDEF:.") == ""
	}
	wrong := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_", r)
	}
	return host, host != "" && host[0] != '-' && strings.Trim(host, ".") != "" && !strings.ContainsFunc(host, wrong)
}

// onLoopback reports whether a host is this machine, by an address or a name that no
// resolver can point elsewhere (RFC 6761).
func onLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "[::1]" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	numbers := strings.Split(host, ".")
	for _, n := range numbers {
		if v, err := strconv.ParseUint(n, 10, 8); err != nil || strconv.FormatUint(v, 10) != n {
			return false
		}
	}
	return len(numbers) == 4 && numbers[0] == "127"
}
