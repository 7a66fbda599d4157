package loopback

import (
	"net"
	"net/http"
	"strings"
)

// SameOrigin passes on what programs on this machine sent, and what pages of the
// server's own did; it refuses what a browser sent for any other page. names are
// further names of the server, without a port. refuse writes the refusal, which
// must not say why.
func SameOrigin(l net.Listener, names []string, next http.Handler, refuse http.HandlerFunc) http.Handler {
	hosts := hostsOf(l)
	if hosts != nil {
		_, port, _ := net.SplitHostPort(l.Addr().String())
		for _, name := range names {
			hosts[name+":"+port] = true
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := "http://" + r.Host
		origin, referer, site := r.Header.Values("Origin"), r.Header.Values("Referer"), r.Header.Values("Sec-Fetch-Site")
		switch {
		case hosts != nil && !hosts[r.Host],
			len(origin) > 1 || len(origin) == 1 && origin[0] != own,
			len(referer) > 1 || len(referer) == 1 && referer[0] != own && !strings.HasPrefix(referer[0], own+"/"),
			len(site) > 1 || len(site) == 1 && site[0] != "none" && site[0] != "same-origin":
			refuse(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
