package cli

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"fob/internal/fob"
)

// withinVar is the variable in which fob exec and fob use leave for whom they have
// changed an environment, for fob commands in it. It holds no secret.
const withinVar = "FOB_WITHIN"

// Variables with which a shell remembers what fob use did to it; so do shells
// that it starts.
const (
	useVars = "__FOB_VARS" // names of variables that were set and, with a minus, removed
	useName = "__FOB_NAME" // the profile in use
	useLast = "__FOB_LAST" // the one before
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
func (a *app) within() (w within) {
	if text := a.getenv(withinVar); text != "" && json.Unmarshal([]byte(text), &w) != nil {
		return within{}
	}
	return w
}

// enter adds the variable to what is delivered for a profile.
func (a *app) enter(d fob.Delivery, profile string, n fob.Narrow, inside bool) error {
	w := within{Profile: profile, Narrow: n, Region: d.Set["AWS_REGION"], Inside: inside}
	if w.Region != "" {
		w.Before = map[string]string{}
		outside := &app{environ: a.unnested()}
		for _, name := range regionVars() {
			if v := outside.getenv(name); v != "" {
				w.Before[name] = v
			}
		}
	}
	text, err := json.Marshal(w)
	if err == nil {
		d.Set[withinVar] = string(text)
	}
	return err
}

// unnested is this process's environment as it was before a fob exec or fob use
// around it, as far as those have changed it and nobody since: the inner one begins
// anew, with the user's own AWS files and without the outer one's region and
// endpoints. What a shell has kept from a fob use is that shell's alone.
func (a *app) unnested() []string {
	gone := append(strings.Fields(a.getenv("FOB_ENDPOINTS")), "FOB_ENDPOINTS", withinVar, useVars, useName)
	back := map[string]string{}
	w := a.within()
	for _, name := range regionVars() {
		if w.Region == "" || a.getenv(name) != w.Region {
			continue
		}
		if v := w.Before[name]; v != "" {
			back[name] = v
		} else {
			gone = append(gone, name)
		}
	}
	for _, name := range fileVars() {
		if own := a.getenv("FOB_" + name); own != "" {
			back[name] = own
		}
		gone = append(gone, "FOB_"+name)
	}
	return changed(slices.Clone(a.environ), fob.Delivery{Set: back, Unset: gone})
}

func fileVars() []string { return []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} }

// inside reports whether a shell that gives back what fob use has changed in it is
// one that fob exec has started, or one below it.
func (a *app) inside() bool {
	if a.getenv(useVars) != "" {
		return a.within().Inside
	}
	return a.getenv(withinVar) != ""
}

// beginAnew adds to a delivery for a shell inside a fob exec what takes that one's own
// away: a shell, unlike a program that fob exec starts, comes by what it was started
// with again as soon as it gives back what the last fob use has changed (before).
func (a *app) beginAnew(d *fob.Delivery, before []string) {
	now := &app{environ: a.unnested()}
	names := slices.Concat(regionVars(), fileVars(), strings.Fields(a.getenv("FOB_ENDPOINTS")), []string{"FOB_ENDPOINTS"})
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
	for _, name := range variables(strings.Join(names, " ")) {
		if _, set := d.Set[name]; set || slices.Contains(d.Unset, name) {
			continue
		}
		switch v := now.getenv(name); {
		case v == a.getenv(name) && !slices.Contains(changes, name):
		case v != "":
			d.Set[name] = v
		default:
			d.Unset = append(d.Unset, name)
		}
	}
}

// variables are the names in a list that was kept in the environment, where it
// could have been changed: what is no variable's name is left out.
func variables(list string) []string {
	return slices.DeleteFunc(strings.Fields(list), func(name string) bool {
		name = strings.TrimPrefix(name, "-")
		return name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != ""
	})
}

// acting is the profile that a command acts for which names none, and what is taken
// away from it: that of AWS_PROFILE, else of the fob exec around it. Where fob exec
// has narrowed it, so is what other commands get.
func (a *app) acting() (name string, n fob.Narrow) {
	w := a.within()
	name = a.plainName(cmp.Or(a.getenv("AWS_PROFILE"), a.getenv("AWS_DEFAULT_PROFILE"), w.Profile))
	if name == w.Profile {
		n = w.Narrow
	}
	return name, n
}

// plainName is what AWS_PROFILE says without the "fob/" that fob exec has put before
// it where the user's own section of that name had keys. A sign-in may be named fob.
func (a *app) plainName(name string) string {
	plain, ok := strings.CutPrefix(name, "fob/")
	if !ok {
		return name
	}
	w := a.within()
	if plain == w.Profile || w.Profile == "" && a.getenv("FOB_AWS_CONFIG_FILE") != "" { // as older ones left it
		return plain
	}
	return name
}

// changed applies a delivery to an environment.
func changed(environ []string, d fob.Delivery) []string {
	var env []string
	for _, kv := range environ {
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
