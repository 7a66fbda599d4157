// Package environ reads and changes environments of programs: what deliveries set in
// them, and what fob exec and fob use leave there for fob commands inside.
package environ

import (
	"maps"
	"slices"
	"strings"

	"fob/internal/fob"
)

// Environ is an environment as os.Environ has it.
type Environ []string

// Get looks a variable up; the last of several of one name counts.
func (e Environ) Get(name string) string {
	for i := len(e) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(e[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// Changed applies a delivery.
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
