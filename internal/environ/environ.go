// Package environ reads and changes the environment variables of programs. It knows the
// variables that fob exec and fob use leave for the fob commands that run inside them.
package environ

import (
	"maps"
	"slices"
	"strings"

	"fob/internal/fob"
)

// Environ is a list of NAME=VALUE, as of [os.Environ].
type Environ []string

// Get returns a variable's value, empty if it is not set. Of several with one name the
// last counts.
func (e Environ) Get(name string) string {
	for i := len(e) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(e[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// Changed returns the environment with a delivery's variables set and removed.
func (e Environ) Changed(d fob.Delivery) Environ {
	var env Environ
	for _, kv := range e {
		name, _, _ := strings.Cut(kv, "=")
		if _, set := d.Set[name]; !set && !slices.Contains(d.Unset, name) {
			env = append(env, kv)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Set)) {
		env = append(env, name+"="+d.Set[name])
	}
	return env
}
