package profile

import (
	"maps"
	"slices"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/processline"
)

// maxIncludes bounds a chain of include_profile; nobody's is a tenth as long.
const maxIncludes = 100

func (f *Files) resolve(v *view, name string) (fob.Profile, error) {
	p, err := f.define(v, name)
	if err != nil {
		return p, err
	}
	return p, f.notOurselves(p)
}

// define is what the sections of a name say, even if that is no more than to ask
// fob for the name.
func (f *Files) define(v *view, name string) (fob.Profile, error) {
	p := fob.Profile{Name: name, Origin: v.origin(name), Path: v.path(name), Keys: map[string]string{}}
	var chain []string
	for next := name; next != ""; {
		if slices.Contains(chain, next) || len(chain) > maxIncludes {
			return fob.Profile{}, fob.Errorf(fob.ErrUsage, "profiles include each other in a loop: %s", strings.Join(append(chain, next), " → ")).
				WithHint("remove one include_profile of them")
		}
		found := f.fill(&p, v, next)
		if !found && len(chain) == 0 {
			return fob.Profile{}, f.missing(v, name)
		}
		if !found {
			return fob.Profile{}, fob.Errorf(fob.ErrNotFound, "profile %q includes %q, which does not exist", chain[len(chain)-1], next).
				WithHint("add %q, or change include_profile in %s", next, v.path(name))
		}
		chain = append(chain, next)
		next = p.Keys["include_profile"]
		delete(p.Keys, "include_profile")
	}
	if len(chain) > 1 {
		p.Keys["include_profile"] = chain[1]
	}
	v.endpoints(&p)
	if err := f.joinSession(v, &p); err != nil {
		return fob.Profile{}, err
	}
	return p, nil
}

// fill adds what one name's sections say and p does not say yet. fob's own
// definition decides how to authenticate; the keys beside that (region, output)
// may stay in ~/.aws/config, which is where adopt leaves them.
func (f *Files) fill(p *fob.Profile, v *view, name string) bool {
	id := sectionID{"profile", name}
	own, isOwn := v.own.sections[id]
	if isOwn {
		add(p, own, nil)
	}
	skip := func(string) bool { return false }
	if isOwn {
		skip = f.Authenticates
	}
	// The credentials file wins over the config file, key by key, as in the SDKs.
	credentials, inCredentials := v.credentials.sections[id]
	if inCredentials {
		add(p, credentials, skip)
	}
	config, inConfig := v.config.sections[id]
	if inConfig {
		add(p, config, skip)
	}
	return isOwn || inCredentials || inConfig
}

func add(p *fob.Profile, s awsfile.Section, skip func(string) bool) {
	for key, value := range s.Keys {
		switch {
		case skip != nil && skip(key):
		case fob.IsSecretKey(key):
			if key == "aws_security_token" { // the name botocore used first
				key = "aws_session_token"
			}
			put(&p.Secrets, key, fob.NewSecret(value))
		default:
			put(&p.Keys, key, value)
		}
	}
	for key, block := range s.Nested {
		put(&p.Nested, key, maps.Clone(block))
	}
}

// put keeps what is there already. Most profiles have nothing but keys, and
// there may be ten thousand of them, so a map is made when it is needed.
func put[V any](m *map[string]V, key string, value V) {
	if _, have := (*m)[key]; have {
		return
	}
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = value
}

// FromSections is the profile that sections make, of which the first wins, key by key.
// What the sections refer to is not added.
func FromSections(name string, sections ...awsfile.Section) fob.Profile {
	p := fob.Profile{Name: name, Origin: fob.OriginConfig, Keys: map[string]string{},
		Nested: map[string]map[string]string{}, Secrets: map[string]fob.Secret{}}
	for _, s := range sections {
		add(&p, s, nil)
	}
	return p
}

// Authenticates reports whether a key says how to authenticate, and so belongs
// to the definition and not to what SDKs read beside it.
func (f *Files) Authenticates(key string) bool {
	if key == "credential_process" || key == "include_profile" || fob.IsSecretKey(key) {
		return true
	}
	for _, k := range f.kinds {
		for _, field := range k.Fields {
			if field.Key == key {
				return true
			}
		}
	}
	return false
}

// endpoints collects endpoint_url and the [services] section that p names. They
// come from definitions alone, never from an environment: a leftover
// AWS_ENDPOINT_URL must not receive real credentials.
func (v *view) endpoints(p *fob.Profile) {
	if strings.EqualFold(p.Keys["ignore_configured_endpoint_urls"], "true") {
		return
	}
	if url := p.Keys["endpoint_url"]; url != "" {
		p.Endpoints = map[string]string{"": url}
	}
	id := sectionID{"services", p.Keys["services"]}
	if id.name == "" {
		return
	}
	for _, file := range []*parsed{v.config, v.own} { // own last: it wins
		for service, block := range file.sections[id].Nested {
			if url := block["endpoint_url"]; url != "" {
				if p.Endpoints == nil {
					p.Endpoints = map[string]string{}
				}
				p.Endpoints[service] = url
			}
		}
	}
}

// notOurselves refuses a section that only sends SDKs to fob, without a
// definition in fob's own file: following it would never end. One that says how to
// authenticate beside that (a program that takes no lock of ours has written back
// half of it) is taken by that, as SDKs take it.
func (f *Files) notOurselves(p fob.Profile) error {
	if p.Origin == fob.OriginFob || !processline.Calls(p.Get("credential_process"), p.Name) {
		return nil
	}
	if _, err := principal.Find(f.kinds, p); err == nil {
		return nil
	}
	return fob.Errorf(fob.ErrNotFound, "profile %q asks fob for credentials, but fob has no definition of it in %s", p.Name, f.home.Config()).
		WithHint("fob add user %s, or fob add role %s", p.Name, p.Name)
}

func (f *Files) missing(v *view, name string) error {
	err := fob.Errorf(fob.ErrNotFound, "no profile %q in %s, %s or %s", name, v.ownPath, v.paths.Config, v.paths.Credentials)
	var near []string
	for _, p := range []*parsed{v.own, v.config, v.credentials} {
		for _, have := range p.order {
			if strings.EqualFold(have, name) || len(name) > 2 && strings.Contains(have, name) || len(have) > 2 && strings.Contains(name, have) {
				near = append(near, have)
			}
		}
	}
	if len(near) == 0 {
		return err.WithHint("fob list")
	}
	slices.Sort(near)
	near = slices.Compact(near)
	return err.WithHint("fob list; similar names: %s", strings.Join(near[:min(len(near), 5)], ", "))
}
