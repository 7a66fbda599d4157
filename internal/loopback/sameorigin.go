package loopback

import (
	"net"
	"net/http"
	"strings"
)

// SameOrigin passes on requests of programs on this machine and of the server's own pages, and
// refuses those that a browser sent for other pages. names are more host names of the server,
// without ports. refuse writes the refusal; it must not give the reason.
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
