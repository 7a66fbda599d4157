package curl

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"fob/internal/fob"
	"fob/internal/sigv4/remote"
)

// verboseRequest prints the request that will be sent, without the signature and the session token:
// with those, a reader could send it too.
func (c *call) verboseRequest(r *http.Request, s remote.Signature) {
	if !c.task.Has("verbose") {
		return
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	c.verbose("* ", "signed for service "+s.Service+", region "+s.Region)
	lines := []string{r.Method + " " + r.URL.RequestURI(), "Host: " + host}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			switch name {
			case "Authorization":
				before, _, _ := strings.Cut(value, "Signature=")
				value = before + "Signature=" + fob.Redacted
			case "X-Amz-Security-Token":
				value = fob.Redacted
			case "User-Agent":
				if value == "" {
					continue
				}
			}
			lines = append(lines, name+": "+value)
		}
	}
	c.verbose("> ", append(lines, "")...)
}
