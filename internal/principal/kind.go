// Package principal defines what a kind of IAM principal is.
//
// A [Kind] is a small value that says which definitions are of the kind, and how they are opened.
// Its Fields are data, from which the flags of fob add, forms, documentation and validation are
// made. Opened on a profile it becomes a [Principal]. A principal uses only [Env]: it does not read
// the environment, open files, run programs or prompt by itself. What only some principals can do
// (sign out, discover accounts, …) is an optional interface in capability.go, found by assertion.
package principal

import (
	"slices"
	"strings"
	"time"

	"fob/internal/fob"
	"fob/internal/quote"
)

// Kind is a kind of IAM principal.
type Kind struct {
	Name string // for listings and the audit log: role
	Word string // the word for fob add; Name, if empty
	// Section is the type of section that defines it; profile, if empty.
	Section string
	Doc     string // one sentence
	// Fields are the keys that say how to authenticate. It may include one of [Common], to make it
	// required or to check it differently.
	Fields []Field
	// Services are the ids of the services that it calls. Their endpoints in a [services] section
	// are checked, and no others.
	Services []string
	// Match reports whether a definition is of this kind.
	Match func(fob.Profile) bool
	// Source returns the reference ([Kind.Ref]) to the definition that this one starts from; nil if
	// the kind has none.
	Source func(fob.Profile) string
	// Check finds errors that concern several fields; nil if there are none.
	Check func(fob.Profile) error
	// Yields says which sort of credentials a definition gives.
	Yields func(fob.Profile) Yield
	// Lasts is the longest lifetime of a definition's credentials: the requested one, else AWS's
	// default. The broker shortens longer ones that a server claims. Nil means 36 hours.
	Lasts func(fob.Profile) time.Duration
	// Limits says what the credentials of a definition may not do that its keys could, and
	// the ways out, on one line; empty if there is nothing such. Nil for kinds without.
	Limits func(fob.Profile) string
	// Account is the account that a definition says it acts in: twelve digits, or
	// nothing if it does not say. Nil for kinds whose definitions never do.
	Account func(fob.Profile) string
	// Group is set for kinds whose definitions stand for many roles, named NAME/ACCOUNT/ROLE.
	Group *Group
	// Open checks the definition and prepares the principal; it does no I/O.
	Open func(fob.Profile, Env) (Principal, error)
}

// Yield is a sort of credentials. It decides what they can be used for: AWS limits a role assumed
// with a session to an hour, and a bearer token is not an AWS credential.
type Yield int

// The sorts of credentials.
const (
	Unknown     Yield = iota // unknown before they are retrieved
	StaticKeys               // keys that do not expire
	Session                  // temporary keys with a session token
	BearerToken              // the token of a sign-in, which cannot sign AWS requests
)

// Group describes a kind whose definitions stand for many roles: a sign-in of IAM Identity Center
// gives roles in many accounts. Profiles refer to such a definition by a key, such as sso_session.
type Group struct {
	// Key is the key by which a profile refers to a definition of this kind.
	Key string
	// Shared are the keys that a profile inherits from the definition, and Services the ids of the
	// services whose endpoints it inherits.
	Shared, Services []string
	// Instance is the key that identifies the provider's instance: roles found at another instance
	// are not used.
	Instance string
	// Region is the key for the instance's region.
	Region string
	// Aliases is the key for names of accounts, NAME=ID,NAME=ID.
	Aliases string
	// RoleRegion returns the region that a sign-in's definition gives for one of its roles, or "".
	// It is used if the role's own definition has none.
	RoleRegion func(signIn, role fob.Profile) string
	// Role returns the keys, besides Key, of a definition of one role.
	Role func(account, role string) map[string]string
	// Inline returns the name of the definition that a profile contains itself, without a section
	// (profiles with their own sso_start_url); empty if it contains none. Definition is the
	// inverse: the keys that such a name stands for, and the shorter name to show; ok is false for
	// names of sections.
	Inline     func(keys map[string]string) (name string)
	Definition func(name string) (short string, keys map[string]string, ok bool)
}

// Field is one key of a kind's definition.
type Field struct {
	Key      string // AWS's key name, or one prefixed by the kind's
	Flag     string // flag of fob add, without dashes; empty: Key with dashes
	Doc      string // one line, for help, forms and tables
	Example  string
	Required bool
	// Secret is set if the value is secret: it is asked for, and stored in the vault and not in the
	// definition.
	Secret *Secret
	// Names is the type of section that the value refers to ("profile", "sso-session"), for
	// completion; empty if it does not refer to one.
	Names string
	// Check refuses a value that AWS would refuse; nil accepts anything.
	Check func(value string) error
}

// Secret says how a secret value is asked for and where it is stored.
type Secret struct {
	// Item is the name of the vault's item for it.
	Item func(fob.Profile) string
	// Prompt is the question: one line without a final colon.
	Prompt func(fob.Profile) string
	// Lines is set if the value has several lines (a key in PEM). Other values are one line, which
	// may contain blanks.
	Lines bool
}

// FlagName is the flag that sets the field.
func (f Field) FlagName() string {
	if f.Flag != "" {
		return f.Flag
	}
	return strings.ReplaceAll(f.Key, "_", "-")
}

// profileSection is the type of the sections that define profiles.
const profileSection = "profile"

// Common are the keys that every kind accepts.
func Common() []Field {
	return []Field{
		{Key: "region", Doc: "region for STS and for the tools that use the profile", Example: "eu-west-1", Check: CheckRegionName},
		{Key: "endpoint_url", Doc: "where to call instead of AWS's own endpoints", Check: CheckURL},
		{Key: "services", Doc: "name of a [services] section with an endpoint_url per service"},
		{Key: "ca_bundle", Doc: "file (PEM) with the certificate authorities to trust instead of the system's"},
		{Key: "use_fips_endpoint", Doc: "true: call AWS's FIPS endpoints", Check: CheckSwitch},
		{Key: "use_dualstack_endpoint", Doc: "true: call AWS's endpoints that answer on IPv6 as well", Check: CheckSwitch},
		{Key: "sts_regional_endpoints", Doc: "legacy: the global endpoint of STS for the oldest regions", Check: CheckSTSEndpoints},
		{Key: "output", Doc: "output format of the AWS CLI", Example: "json"},
	}
}

// reaching are the keys of [Common] that say how AWS is reached. Definitions in sections
// of other types have them too.
func reaching() []string {
	return []string{"endpoint_url", "services", "ca_bundle", "use_fips_endpoint", "use_dualstack_endpoint"}
}

// Find returns the kind of a definition.
func Find(kinds []Kind, p fob.Profile) (Kind, error) {
	for _, k := range kinds {
		if k.Match(p) {
			return k, nil
		}
	}
	if p.Get("credential_process") != "" {
		return Kind{}, fob.Errorf(fob.ErrUsage, "profile %q gets its credentials from a credential_process of its own, which fob does not run", p.Name).
			WithHint("fob list")
	}
	for _, k := range kinds {
		if k.Group == nil {
			continue
		}
		if group := p.Get(k.Group.Key); group != "" {
			return Kind{}, fob.Errorf(fob.ErrUsage, "profile %q names the sign-in %s and no role of it", p.Name, group).
				WithHint("%s/ACCOUNT/ROLE; fob list %s shows them", group, group)
		}
	}
	return Kind{}, fob.Errorf(fob.ErrUsage, "profile %q (%s) has no keys that say how to authenticate", p.Name, p.Path).
		WithHint("%s", AddHint(p.Name))
}

// AddHint returns the command to type if a definition is missing.
func AddHint(name string) string {
	return "fob add KIND " + quote.Word(name) + "; fob add --help shows the kinds"
}

// Validate checks a definition against the fields of its kind. fob add calls it before it writes.
func (k Kind) Validate(p fob.Profile) error {
	for _, f := range k.Accepts() {
		v := p.Get(f.Key)
		switch {
		case v == "" && f.Required && f.Secret == nil:
			return fob.Errorf(fob.ErrUsage, "profile %q: %s is missing", p.Name, f.Key).
				WithHint("fob add %s %s --%s %s", k.AddWord(), p.Name, f.FlagName(), f.Example)
		case v != "" && f.Check != nil && f.Secret == nil:
			if err := f.Check(v); err != nil {
				return k.wrong(p, f.Key, err)
			}
		}
	}
	for _, service := range k.Services {
		if v := p.Endpoints[service]; v != "" {
			if err := CheckURL(v); err != nil {
				return k.wrong(p, "endpoint_url of "+service, err)
			}
		}
	}
	if k.Check != nil {
		return k.Check(p)
	}
	return nil
}

func (k Kind) wrong(p fob.Profile, key string, err error) error {
	e := fob.Errorf(fob.ErrUsage, "profile %q: %s: %w", p.Name, key, err)
	if p.Path == "" { // it comes from a command line
		return e.WithHint("fob add %s --help", k.AddWord())
	}
	return e.WithHint("correct it in %s", p.Path)
}

// Accepts returns all keys for fob add: the kind's own, and [Common].
func (k Kind) Accepts() []Field {
	all := append([]Field(nil), k.Fields...)
	for _, f := range Common() {
		if !k.Takes(f.Key) && (k.Section == "" || slices.Contains(reaching(), f.Key)) {
			all = append(all, f)
		}
	}
	return all
}

// Takes reports whether a key is one of the kind's own.
func (k Kind) Takes(key string) bool {
	for _, f := range k.Fields {
		if f.Key == key {
			return true
		}
	}
	return false
}

// SectionType returns the type of section that defines the kind.
func (k Kind) SectionType() string {
	if k.Section != "" {
		return k.Section
	}
	return profileSection
}

// Ref returns the name under which a definition is looked up: its own name for profiles, else the
// section's type and the name, so that a sign-in and a profile may have the same name.
func (k Kind) Ref(name string) string {
	if k.Section == "" {
		return name
	}
	return k.Section + " " + name
}

// Deref is the inverse of [Kind.Ref]; ok is false for kinds defined by profiles and for references
// to other sections.
func (k Kind) Deref(ref string) (name string, ok bool) {
	if k.Section == "" {
		return "", false
	}
	return strings.CutPrefix(ref, k.Section+" ")
}

// AddWord returns the word for fob add.
func (k Kind) AddWord() string {
	if k.Word != "" {
		return k.Word
	}
	return k.Name
}

// Usage returns the command that adds a definition, with examples for the required values.
func (k Kind) Usage(name string) string {
	words := []string{"fob add", k.AddWord(), quote.Word(name)}
	for _, f := range k.Fields {
		if f.Required && f.Secret == nil {
			words = append(words, "--"+f.FlagName(), quote.Word(f.Example))
		}
	}
	return strings.Join(words, " ")
}

// AccountIn returns the account id in a definition, if its kind has one.
func (k Kind) AccountIn(p fob.Profile) string {
	if k.Account == nil {
		return ""
	}
	return k.Account(p)
}

// LimitsOf is what [Kind.Limits] says of a definition.
func (k Kind) LimitsOf(p fob.Profile) string {
	if k.Limits == nil {
		return ""
	}
	return k.Limits(p)
}
