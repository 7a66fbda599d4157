package environ

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"fob/internal/fob"
)

// Within is the variable in which fob exec and fob use leave for whom they have
// changed an environment, for fob commands in it. It holds no secret.
const Within = "FOB_WITHIN"

// Variables with which a shell remembers what fob use did to it; so do shells
// that it starts.
const (
	UseVars = "__FOB_VARS" // names of variables that were set and, with a minus, removed
	UseName = "__FOB_NAME" // the profile in use
	UseLast = "__FOB_LAST" // the one before
)

// within is its content, as JSON.
type within struct {
	Profile string     `json:"profile"`
	Narrow  fob.Narrow `json:"narrow,omitzero"`
	// Region is what the variables of the region were set to, and Before what they
	// were; what was not there is not in it.
	Region string            `json:"region,omitempty"`
	Before map[string]string `json:"before,omitempty"`
	// Inside is set by a fob use in a fob exec: what the shell had before is the
	// environment of that one, and not the user's.
	Inside bool `json:"inside,omitempty"`
}

func regionVars() []string { return []string{"AWS_REGION", "AWS_DEFAULT_REGION"} }

// within reads the variable; what somebody else put there is nothing.
func (e Environ) within() (w within) {
	if text := e.Get(Within); text != "" && json.Unmarshal([]byte(text), &w) != nil {
		return within{}
	}
	return w
}

// Enter adds the variable to what is delivered for a profile.
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

// Unnested is this process's environment as it was before a fob exec or fob use
// around it, as far as those have changed it and nobody since: the inner one begins
// anew, with the user's own AWS files and without the outer one's region and
// endpoints. What a shell has kept from a fob use is that shell's alone.
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

// Inside reports whether a shell that gives back what fob use has changed in it is
// one that fob exec has started, or one below it.
func (e Environ) Inside() bool {
	if e.Get(UseVars) != "" {
		return e.within().Inside
	}
	return e.Get(Within) != ""
}

// BeginAnew adds to a delivery for a shell inside a fob exec what takes that one's own
// away: a shell, unlike a program that fob exec starts, comes by what it was started
// with again as soon as it gives back what the last fob use has changed (before).
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

// Variables are the names in a list that was kept in the environment, where it
// could have been changed: what is no variable's name is left out.
func Variables(list string) []string {
	return slices.DeleteFunc(strings.Fields(list), func(name string) bool {
		name = strings.TrimPrefix(name, "-")
		return name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != ""
	})
}

// Acting is the profile that a command acts for which names none, and what is taken
// away from it: that of AWS_PROFILE, else of the fob exec around it. Where fob exec
// has narrowed it, so is what other commands get.
func (e Environ) Acting() (name string, n fob.Narrow) {
	w := e.within()
	name = e.PlainName(cmp.Or(e.Get("AWS_PROFILE"), e.Get("AWS_DEFAULT_PROFILE"), w.Profile))
	if name == w.Profile {
		n = w.Narrow
	}
	return name, n
}

// PlainName is what AWS_PROFILE says without the "fob/" that fob exec has put before
// it where the user's own section of that name had keys. A sign-in may be named fob.
func (e Environ) PlainName(name string) string {
	plain, ok := strings.CutPrefix(name, "fob/")
	if !ok {
		return name
	}
	w := e.within()
	if plain == w.Profile || w.Profile == "" && e.Get("FOB_AWS_CONFIG_FILE") != "" { // as older ones left it
		return plain
	}
	return name
}
