package adopt

import (
	"strings"

	"fob/internal/draft"
	"fob/internal/fob"
	"fob/internal/principal"
)

// check refuses a profile whose credentials fob could not provide afterwards, and keeps
// its secret. kind is empty if only an interrupted adoption is completed.
func (a *adoption) check(p fob.Profile) (kind string, err error) {
	if !p.Secrets["aws_session_token"].IsZero() {
		return "", sessionKeys(a.drafts, p)
	}
	id, secret := p.Get("aws_access_key_id"), p.Secrets["aws_secret_access_key"]
	unfinished := false
	if _, known := a.records[p.Name]; known {
		unfinished = true // the other half is in the vault or in fob's file
	}
	if (id == "") != secret.IsZero() && !unfinished {
		return "", half(p)
	}
	if id != "" && !secret.IsZero() {
		if err := a.keepSecret(p.Name, id, secret); err != nil {
			return "", err
		}
	}
	if unfinished && id == "" && p.Get("role_arn") == "" {
		return "", nil
	}
	if err := a.checkSignIn(p); err != nil {
		return "", err
	}
	if p.Get("include_profile") != "" { // judged with what it includes, as it is when credentials are asked for
		if p, err = a.chains.look(p.Name); err != nil {
			return "", err
		}
	}
	if kind, err = a.kindOf(p); err != nil && kind == "" {
		err = unclaimed(p, err)
	}
	return kind, err
}

// checkSignIn refuses a profile of IAM Identity Center that names no role, or a session
// that does not exist: fob could provide no credentials for it.
func (a *adoption) checkSignIn(p fob.Profile) error {
	if p.Get("role_arn") != "" || p.Get("aws_access_key_id") != "" {
		return nil
	}
	for _, k := range a.Kinds {
		if k.Group == nil {
			continue
		}
		name := p.Get(k.Group.Key)
		_, own := a.drafts.Own.Section(k.SectionType(), name)
		_, config := a.drafts.Config.Section(k.SectionType(), name)
		switch kind, err := principal.Find(a.Kinds, p); {
		case name == "" && k.Group.Inline(p.Keys) == "":
		case name != "" && !own && !config:
			return fob.Errorf(fob.ErrNotFound, "profile %q names %s %q, which does not exist", p.Name, k.Group.Key, name).
				WithHint("%s", k.Usage(name))
		case err != nil || kind.Group != nil:
			return fob.Errorf(fob.ErrUsage, "profile %q signs in and names no account and role", p.Name).
				WithHint("%s, then NAME/ACCOUNT/ROLE needs no section", k.Usage("NAME"))
		}
	}
	return nil
}

// half is the error for an access key id without a secret, or a secret without an id.
func half(p fob.Profile) error {
	return fob.Errorf(fob.ErrUsage, "profile %q has one half of a key pair only", p.Name).
		WithHint("complete or delete it in %s", p.Path)
}

// unclaimed returns the error for a profile that no kind accepts, in terms of the keys
// that it has.
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

// sessionKeys is the error for keys with a session token. Temporary keys (ASIA…) are not
// worth adopting, because they expire; a token with a long-term key is left over.
func sessionKeys(d *draft.Files, p fob.Profile) error {
	line, path := "aws_session_token", where(d, p.Name, "aws_session_token")
	if path == "" {
		line, path = "aws_security_token", where(d, p.Name, "aws_security_token")
	}
	if strings.HasPrefix(p.Get("aws_access_key_id"), "ASIA") {
		return fob.Errorf(fob.ErrUsage, "the keys of profile %q are a session's: they expire by themselves", p.Name).
			WithHint("delete them from %s, or adopt the profile that they were made from", path)
	}
	return fob.Errorf(fob.ErrUsage, "profile %q has an %s beside a key that is no session's and does not expire", p.Name, line).
		WithHint("remove the stale %s of %q from %s, then: fob adopt %s", line, p.Name, path, p.Name)
}
