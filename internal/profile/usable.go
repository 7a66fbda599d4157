package profile

import (
	"slices"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/fob"
	"fob/internal/principal"
)

// check refuses what fob could not hand out afterwards.
func (a *adoption) check(p fob.Profile) (kind string, err error) {
	if !p.Secrets["aws_session_token"].IsZero() {
		return "", sessionKeys(a.drafts, p)
	}
	id, secret := p.Get("aws_access_key_id"), p.Secrets["aws_secret_access_key"]
	unfinished := false
	if _, known := a.records[p.Name]; known {
		unfinished = true // the rest is in the vault and in fob's file already
	}
	if (id == "") != secret.IsZero() && !unfinished {
		return "", half(p)
	}
	if id != "" && !secret.IsZero() {
		if err := a.keep(p.Name, id, secret); err != nil {
			return "", err
		}
	}
	if unfinished && id == "" && p.Get("role_arn") == "" {
		return "", nil
	}
	if err := a.checkSignIn(p); err != nil {
		return "", err
	}
	if p.Get("include_profile") != "" { // what it includes counts, as when credentials are asked for
		l := a.chains.look(p.Name)
		if l.err != nil {
			return "", l.err
		}
		p = l.profile
	}
	if kind, err = a.files.kindOf(p); err != nil && kind == "" {
		err = unclaimed(p, err)
	}
	return kind, err
}

// checkSignIn refuses a profile that signs in and names no role, or no sign-in that
// there is: the line that calls fob could only fail.
func (a *adoption) checkSignIn(p fob.Profile) error {
	session := p.Get("sso_session")
	_, own := a.drafts.own.file.Section(sessionSection, session)
	_, config := a.drafts.config.file.Section(sessionSection, session)
	switch {
	case session == "" && p.Get("sso_start_url") == "" || p.Get("role_arn") != "" || p.Get("aws_access_key_id") != "":
		return nil
	case session != "" && !own && !config:
		return fob.Errorf(fob.ErrNotFound, "profile %q names sso_session %q, which does not exist", p.Name, session).
			WithHint("fob add sso %s --start-url URL --region REGION", session)
	case p.Get("sso_account_id") == "" || p.Get("sso_role_name") == "":
		return fob.Errorf(fob.ErrUsage, "profile %q signs in and names no account and role", p.Name).
			WithHint("fob add sso NAME --start-url URL --region REGION, then NAME/ACCOUNT/ROLE needs no section")
	}
	return nil
}

// maxSources bounds a chain of source profiles, as the broker does.
const maxSources = 64

// chains answers whether fob could hand out credentials of profiles as the files
// stand: their sources, and the sources' sources, are there and are of a kind. It
// looks at each definition once, however many start from it.
type chains struct {
	files *Files
	view  *view
	known map[string]looked
}

type looked struct {
	profile fob.Profile
	kind    principal.Kind
	err     error
}

func (c *chains) look(name string) looked {
	l, ok := c.known[name]
	if !ok {
		l.profile, l.kind, l.err = c.find(name)
		c.known[name] = l
	}
	return l
}

func (c *chains) find(name string) (p fob.Profile, k principal.Kind, err error) {
	if p, err = c.files.lookup(c.view, name); err == nil {
		k, err = principal.Find(c.files.kinds, p)
	}
	return p, k, err
}

// whole follows a profile to where its chain starts, and says what is missing on the
// way.
func (c *chains) whole(name string) error {
	var names []string
	for next := name; next != ""; {
		if _, ok := fob.IsSignIn(next); ok {
			return nil
		}
		l := c.look(next)
		if l.err != nil && len(names) > 0 {
			return &fob.Error{Kind: fob.OutcomeOf(l.err).Kind, Hint: fob.HintOf(l.err), Cause: l.err,
				Message: "profile \"" + names[len(names)-1] + "\" starts from \"" + next + "\": " + l.err.Error()}
		}
		if l.err != nil {
			return l.err
		}
		p := l.profile
		if slices.Contains(names, next) {
			// A section with keys of its own may name itself as the source of its role.
			if names[len(names)-1] == next && p.Get("aws_access_key_id") != "" {
				return nil
			}
			return fob.Errorf(fob.ErrUsage, "profiles start from each other in a loop: %s", strings.Join(append(names, next), " → ")).
				WithHint("change one source_profile of them")
		}
		if names = append(names, next); len(names) > maxSources {
			return fob.Errorf(fob.ErrUsage, "the chain from profile %q is longer than %d", name, maxSources)
		}
		if next = ""; l.kind.Source != nil {
			next = l.kind.Source(p)
		} else if p.Origin != fob.OriginFob && p.Get("aws_access_key_id") != "" && p.Secrets["aws_secret_access_key"].IsZero() {
			return half(p)
		}
	}
	return nil
}

func half(p fob.Profile) error {
	return fob.Errorf(fob.ErrUsage, "profile %q has one half of a key pair only", p.Name).
		WithHint("complete or delete it in %s", p.Path)
}

// unclaimed is why no kind takes a profile, said of what it does have.
func unclaimed(p fob.Profile, err error) error {
	switch {
	case p.Get("role_arn") == "" || p.Get("source_profile") != "":
		return err
	case p.Get("credential_source") != "":
		return fob.Errorf(fob.ErrUsage, "profile %q assumes its role with credential_source, the machine's own credentials, which fob does not take", p.Name).
			WithHint("leave it as it is, or add source_profile = NAME in %s", p.Path)
	case p.Get("web_identity_token_file") != "":
		return fob.Errorf(fob.ErrUsage, "profile %q assumes its role with a web identity token, which fob does not do", p.Name).
			WithHint("leave it as it is, or add source_profile = NAME in %s", p.Path)
	}
	return fob.Errorf(fob.ErrUsage, "profile %q has a role_arn and no source_profile", p.Name).
		WithHint("add source_profile = NAME to its section in %s", p.Path)
}

// sessionKeys explains keys beside a session token: those of a session expire by
// themselves, and a token beside a key that does not is left of another.
func sessionKeys(d *drafts, p fob.Profile) error {
	line, path := "aws_session_token", d.where(p.Name, "aws_session_token")
	if path == "" {
		line, path = "aws_security_token", d.where(p.Name, "aws_security_token")
	}
	if strings.HasPrefix(p.Get("aws_access_key_id"), "ASIA") {
		return fob.Errorf(fob.ErrUsage, "the keys of profile %q are a session's: they expire by themselves", p.Name).
			WithHint("delete them from %s, or adopt the profile that they were made from", path)
	}
	return fob.Errorf(fob.ErrUsage, "profile %q has an %s beside a key that is no session's and does not expire", p.Name, line).
		WithHint("remove the stale %s of %q from %s, then: fob adopt %s", line, p.Name, path, p.Name)
}

// where is the file in which a profile has a key.
func (d *drafts) where(name, key string) string {
	for _, one := range []*draft{d.credentials, d.config} { // the first wins, as in the SDKs
		if s, _ := one.file.Section("profile", name); s.Keys[key] != "" {
			return one.path
		}
	}
	return ""
}

// newKey is an access key that somebody has put beside a definition of fob's.
type newKey struct {
	id     string
	secret fob.Secret
	old    string // the id that fob has
}

// again is the access key that the AWS files hold of a profile that was adopted from
// them, if they agree with its definition in all else: aws configure was run, or an
// adoption of another key was stopped. It is the same key or a new one.
func again(have map[string]string, own, p fob.Profile) *newKey {
	k := &newKey{id: own.Keys["aws_access_key_id"], secret: p.Secrets["aws_secret_access_key"], old: have["aws_access_key_id"]}
	if k.id == "" || k.old == "" || k.secret.IsZero() || !agrees(have, own.With("aws_access_key_id", "").Keys) {
		return nil
	}
	return k
}

// isNew reports whether it is another key than the one that fob has.
func (k *newKey) isNew() bool { return k != nil && k.id != k.old }

// putIn gives a section that holds the old key the new one. It is refused if the
// section holds none: then the old key is restored somewhere else, and wins there.
func (k *newKey) putIn(file *awsfile.File, name string) bool {
	s, _ := file.Section("profile", name)
	return s.Keys["aws_access_key_id"] != "" && s.Keys["aws_secret_access_key"] != "" &&
		file.Set("profile", name, "aws_access_key_id", k.id) == nil &&
		file.Set("profile", name, "aws_secret_access_key", k.secret.Reveal()) == nil
}
