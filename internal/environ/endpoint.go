package environ

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fob/internal/fob"
)

// HasBotoKeys reports whether a configuration file of boto 2 has access keys: botocore
// prefers these to a container credentials endpoint.
func (e Environ) HasBotoKeys() bool {
	paths := []string{e.Get("BOTO_CONFIG")}
	if paths[0] == "" {
		paths = []string{"/etc/boto.cfg", filepath.Join(e.Get("HOME"), ".boto")}
	}
	return slices.ContainsFunc(paths, func(path string) bool {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return false
		}
		text, err := os.ReadFile(path)
		return err == nil && bytes.Contains(text, []byte("aws_access_key_id"))
	})
}

// Direct returns the environment with loopback in NO_PROXY, if a proxy is set: else requests
// to an endpoint on this machine would go to the proxy, which cannot reach it and would
// learn its token.
func (e Environ) Direct() Environ { return e.Changed(fob.Delivery{Set: e.NoProxy()}) }

// NoProxy returns the variables that [Environ.Direct] sets.
func (e Environ) NoProxy() map[string]string {
	value := func(name string) (v string, set bool) {
		for _, kv := range e {
			if rest, ok := strings.CutPrefix(kv, name+"="); ok {
				v, set = rest, true
			}
		}
		return v, set
	}
	proxied := slices.ContainsFunc([]string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}, func(name string) bool {
		v, _ := value(name)
		return v != ""
	})
	if !proxied {
		return nil
	}
	set := map[string]string{}
	upper, _ := value("NO_PROXY")
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		v, is := value(name)
		if !is {
			v = upper // clients differ in which of the two they read first
		}
		list := strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })
		if slices.Contains(list, "*") {
			continue
		}
		for _, host := range []string{"127.0.0.1", "localhost"} {
			if !slices.Contains(list, host) {
				list = append(list, host)
			}
		}
		set[name] = strings.Join(list, ",")
	}
	return set
}
