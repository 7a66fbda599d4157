package environ

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"fob/internal/fob"
)

// Within is the variable in which fob exec and fob use record the profile that they have
// set up, and what they have changed, for fob commands that run inside. It holds no secret.
const Within = "FOB_WITHIN"

// Variables in which fob use records what it has changed in a shell. Shells that are started
// from that one inherit them.
const (
	UseVars = "__FOB_VARS" // the names of variables that were set, and with a minus those that were removed
	UseName = "__FOB_NAME" // the profile in use
	UseLast = "__FOB_LAST" // the previous one
)

// within is the value of [Within], as JSON.
type within struct {
	Profile string     `json:"profile"`
	Narrow  fob.Narrow `json:"narrow,omitzero"`
	// Region is the value that AWS_REGION and AWS_DEFAULT_REGION were set to; Before has
	// their previous values, without those that were not set.
	Region string            `json:"region,omitempty"`
	Before map[string]string `json:"before,omitempty"`
	// Inside is set by a fob use inside a fob exec: there the shell's previous environment
	// is that of the fob exec, and not the user's own.
	Inside bool `json:"inside,omitempty"`
}

func regionVars() []string { return []string{"AWS_REGION", "AWS_DEFAULT_REGION"} }

// within decodes the variable; a value that fob did not write counts as none.
func (e Environ) within() (w within) {
	if text := e.Get(Within); text != "" && json.Unmarshal([]byte(text), &w) != nil {
		return within{}
	}
	return w
}

// Enter adds [Within] to a delivery for a profile. inside says that it is for a fob use
// inside a fob exec.
func (e Environ) Enter(d fob.Delivery, profile string, n fob.Narrow, inside bool) error {
	w := within{Profile: profile, Narrow: n, Region: d.Set["AWS_REGION"], Inside: inside}
	if w.Region != "" {
		w.Before = map[string]string{}
		outside := e.Unnested()
		for _, name := range regionVars() {
			if v := outside.Get(name); v != "" {
				w.Before[name] = v
			}
		}
	}
	text, err := json.Marshal(w)
	if err == nil {
		d.Set[Within] = string(text)
	}
	return err
}

// Unnested returns the environment without the changes of the fob exec or fob use in which
// it is: with the user's own AWS files, region and endpoints, so that a nested fob exec
// ignores the outer one. What was changed again since then stays. The records of a fob use
// are removed too, because they are about the outer shell.
func (e Environ) Unnested() Environ {
	gone := append(strings.Fields(e.Get("FOB_ENDPOINTS")), "FOB_ENDPOINTS", Within, UseVars, UseName)
	back := map[string]string{}
	w := e.within()
	for _, name := range regionVars() {
		if w.Region == "" || e.Get(name) != w.Region {
			continue
		}
		if v := w.Before[name]; v != "" {
			back[name] = v
		} else {
			gone = append(gone, name)
		}
	}
	for _, name := range fileVars() {
		if own := e.Get("FOB_" + name); own != "" {
			back[name] = own
		}
		gone = append(gone, "FOB_"+name)
	}
	return e.Changed(fob.Delivery{Set: back, Unset: gone})
}

func fileVars() []string { return []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} }

// Inside reports whether the environment, once the last fob use is undone, is still that of
// a fob exec: in the shell that it started, or in a shell started from that one.
func (e Environ) Inside() bool {
	if e.Get(UseVars) != "" {
		return e.within().Inside
	}
	return e.Get(Within) != ""
}

// BeginAnew adds to a delivery, for a shell inside a fob exec, what undoes the changes of
// that fob exec. [Environ.Unnested] is not enough for a shell: as soon as it restores the
// variables that the last fob use has changed (before), it has the values of the fob exec
// again.
func (e Environ) BeginAnew(d *fob.Delivery, before []string) {
	now := e.Unnested()
	names := slices.Concat(regionVars(), fileVars(), strings.Fields(e.Get("FOB_ENDPOINTS")), []string{"FOB_ENDPOINTS"})
	for _, name := range fileVars() {
		names = append(names, "FOB_"+name)
	}
	var changes []string
	for _, name := range before {
		name = strings.TrimPrefix(name, "-")
		changes = append(changes, name)
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
			names = append(names, name)
		}
	}
	for _, name := range Variables(strings.Join(names, " ")) {
		if _, set := d.Set[name]; set || slices.Contains(d.Unset, name) {
			continue
		}
		switch v := now.Get(name); {
		case v == e.Get(name) && !slices.Contains(changes, name):
		case v != "":
			d.Set[name] = v
		default:
			d.Unset = append(d.Unset, name)
		}
	}
}

// Variables splits a list of variables' names, which may each begin with a minus. Words that
// are no such name are left out: the list was in the environment, where others can change
// it, and the names are printed for a shell to evaluate.
func Variables(list string) []string {
	return slices.DeleteFunc(strings.Fields(list), func(name string) bool {
		name = strings.TrimPrefix(name, "-")
		return name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != ""
	})
}

// Acting returns the profile for commands that name none: that of AWS_PROFILE, else that of
// the surrounding fob exec. If fob exec has restricted it (--policy, --region, …), the same
// restrictions apply, and are returned.
func (e Environ) Acting() (name string, n fob.Narrow) {
	w := e.within()
	name = e.PlainName(cmp.Or(e.Get("AWS_PROFILE"), e.Get("AWS_DEFAULT_PROFILE"), w.Profile))
	if name == w.Profile {
		n = w.Narrow
	}
	return name, n
}

// PlainName removes the "fob/" from a value of AWS_PROFILE, if it was fob exec that put it
// there: it does so where the user's own section of that name has access keys. A profile may
// begin with "fob/" by itself, because a sign-in may be named fob.
func (e Environ) PlainName(name string) string {
	plain, ok := strings.CutPrefix(name, "fob/")
	if !ok {
		return name
	}
	w := e.within()
	if plain == w.Profile || w.Profile == "" && e.Get("FOB_AWS_CONFIG_FILE") != "" { // set by an older fob
		return plain
	}
	return name
}
