package profile

import (
	"maps"
	"slices"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

// maxIncludes bounds a chain of include_profile; real ones have two or three links.
const maxIncludes = 100

// merge collects what the sections of a profile say, with those that it includes, its
// endpoints and its sign-in.
func (v *View) merge(name string) (fob.Profile, error) {
	p := fob.Profile{Name: name, Origin: v.origin(name), Path: v.path(name), Keys: map[string]string{}}
	var chain []string
	for next := name; next != ""; {
		if slices.Contains(chain, next) || len(chain) > maxIncludes {
			return fob.Profile{}, fob.Errorf(fob.ErrUsage, "profiles include each other in a loop: %s", strings.Join(append(chain, next), " → ")).
				WithHint("remove one include_profile of them")
		}
		if err := v.Sound(next); err != nil {
			return fob.Profile{}, err
		}
		found := v.fill(&p, next)
		if !found && len(chain) == 0 {
			return fob.Profile{}, v.missing(name)
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
	if err := v.sound(sectionID{Type: "services", Name: p.Keys["services"]}); err != nil {
		return fob.Profile{}, err
	}
	v.addEndpoints(&p)
	for _, k := range v.files.groups {
		if k.Group.Inline(p.Keys) != "" {
			v.addRegion(&p, k, p) // the profile is its own sign-in's definition
		}
	}
	if err := v.joinSignIn(&p); err != nil {
		return fob.Profile{}, err
	}
	return p, nil
}

// fill adds to p what the sections of one name say and p does not have yet. If fob's
// own file defines the name, it alone decides how to authenticate; the other keys
// (region, output) are also read from the AWS files, where adoption leaves them.
func (v *View) fill(p *fob.Profile, name string) (found bool) {
	id := sectionID{Type: "profile", Name: name}
	own, isOwn := v.own.sections[id]
	if isOwn {
		add(p, own, nil)
	}
	skip := func(string) bool { return false }
	if isOwn {
		skip = v.files.Authenticates
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

// FromSections returns the profile that sections define, of which the first wins, key by
// key. What the sections refer to (include_profile, sso_session, services) is not added.
func FromSections(name string, sections ...awsfile.Section) fob.Profile {
	p := fob.Profile{Name: name, Origin: fob.OriginConfig, Keys: map[string]string{},
		Nested: map[string]map[string]string{}, Secrets: map[string]fob.Secret{}}
	for _, s := range sections {
		add(&p, s, nil)
	}
	return p
}

// add adds the keys of a section that p does not have yet, apart from those to skip.
func add(p *fob.Profile, s awsfile.Section, skip func(key string) bool) {
	for key, value := range s.Keys {
		switch {
		case skip != nil && skip(key):
		case fob.IsSecretKey(key):
			if key == "aws_security_token" { // botocore's older name
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

// put sets a key that is not set yet. It makes the map only when it is needed: most of
// ten thousand profiles have no secrets and no nested keys.
func put[V any](m *map[string]V, key string, value V) {
	if _, have := (*m)[key]; have {
		return
	}
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = value
}

// Authenticates reports whether a key says how to authenticate, and so belongs to the
// definition rather than to the settings (region, output) that SDKs read themselves.
func (f *Files) Authenticates(key string) bool {
	if key == "credential_process" || key == "include_profile" || fob.IsSecretKey(key) {
		return true
	}
	return f.authenticating[key]
}

// addEndpoints sets the endpoints that p's endpoint_url and [services] section name.
// They come from definitions only, never from the environment: a leftover
// AWS_ENDPOINT_URL must not receive real credentials.
func (v *View) addEndpoints(p *fob.Profile) {
	if strings.EqualFold(p.Keys["ignore_configured_endpoint_urls"], "true") {
		return
	}
	if url := p.Keys["endpoint_url"]; url != "" {
		p.Endpoints = map[string]string{"": url}
	}
	id := sectionID{Type: "services", Name: p.Keys["services"]}
	if id.Name == "" {
		return
	}
	for _, file := range []*parsed{v.config, v.own} { // the last one wins
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
