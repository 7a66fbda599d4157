// Package principal says what a kind of IAM principal is and what it may touch.
//
// A [Kind] is a small value that says which definitions are of the kind and how
// they are opened. Its Fields are data: they draw the flags of fob add, the forms
// of other front ends, the table in the docs and the validation. Opened on a
// profile, it becomes a [Principal], which sees the world only through [Env]: it
// cannot read the environment, open files, run programs or prompt by itself. What
// only some principals can do (sign out, discover accounts, …) is an optional
// interface in capability.go, found by assertion on the opened principal.
package principal

import (
	"strings"
	"time"

	"fob/internal/fob"
	"fob/internal/quote"
)

// Kind is a kind of IAM principal.
type Kind struct {
	Name string // in listings and in the audit log: role
	Word string // what fob add calls it; Name, if empty
	// Section is the type of the section that defines it; profile, if empty.
	Section string
	Doc     string // one sentence
	// Fields are the keys that say how to authenticate. One of [Common] may be among
	// them, to be required or checked in the kind's own way.
	Fields []Field
	// Services are the ids of the services that it calls: of a [services] section,
	// their endpoints are checked, and no others.
	Services []string
	// Match reports whether a definition is of this kind.
	Match func(fob.Profile) bool
	// Source names the definition that this one starts from, as [Kind.Ref] does; nil
	// if the kind has none.
	Source func(fob.Profile) string
	// Check refuses what no single field is to blame for; nil if there is nothing such.
	Check func(fob.Profile) error
	// Yields says what the principal's credentials are.
	Yields func(fob.Profile) Yield
	// Lasts is the longest that credentials of a definition may last: what is asked for,
	// else what AWS gives unasked. The broker cuts off what a server claims beyond that.
	// Nil is 36 hours.
	Lasts func(fob.Profile) time.Duration
	// Limits says what the credentials of a definition may not do that its keys could, and
	// the ways out, on one line; empty if there is nothing such. Nil for kinds without.
	Limits func(fob.Profile) string
	// Account is the account that a definition says it acts in: twelve digits, or
	// nothing if it does not say. Nil for kinds whose definitions never do.
	Account func(fob.Profile) string
	// Group is set for kinds whose definitions stand for many roles, each of which is
	// addressed as NAME/ACCOUNT/ROLE.
	Group *Group
	// Open checks the definition and prepares the principal; it does no I/O.
	Open func(fob.Profile, Env) (Principal, error)
}

// Yield is what the credentials of a principal are. It decides what they may be
// used for: AWS caps a role that is assumed with a session at an hour, and a bearer
// token is no AWS credential at all.
type Yield int

// The yields.
const (
	Unknown     Yield = iota // nobody can tell before they are there
	StaticKeys               // keys that do not expire by themselves
	Session                  // temporary keys with a session token
	BearerToken              // the token of a sign-in, good for other calls than AWS's signed ones
)

// Group is what a kind says of itself whose definitions stand for many roles: a
// sign-in of IAM Identity Center gives roles in many accounts. Definitions that
// use one refer to it by a key, as profiles do with sso_session.
type Group struct {
	// Key is the key by which a profile refers to a definition of this kind.
	Key string
	// Shared are the keys of the definition that such a profile takes over from it,
	// and Services the ids of the services whose endpoints it takes over.
	Shared, Services []string
	// Instance is the key that says where the accounts are: what was found behind
	// another instance is not known of this one.
	Instance string
	// Region is the key that holds the region of the instance.
	Region string
	// Aliases is the key that holds names for accounts, NAME=ID,NAME=ID.
	Aliases string
	// RoleRegion returns the region that the definition of a sign-in says for one of
	// its roles, which counts where the role's own definition says none; empty if it
	// says none.
	RoleRegion func(signIn, role fob.Profile) string
	// Role returns the keys, beside Key, of a definition of one role.
	Role func(account, role string) map[string]string
	// Inline returns the name for the definition that a profile carries in itself,
	// without a section (profiles with an sso_start_url of their own); empty if it
	// carries none. Definition is the inverse: the keys that such a name stands for,
	// and the shorter name that people call it by; ok is false for names of sections.
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
	// Secret is set if the value is secret: it is asked for, and lives in the vault
	// instead of the definition.
	Secret *Secret
	// Names is the type of the section whose definitions the value names ("profile",
	// "sso-session"), for completion; empty if it names none.
	Names string
	// Check refuses a value that AWS would refuse; nil accepts anything.
	Check func(value string) error
}

// Secret says how the value of a secret field is asked for and where it is kept.
type Secret struct {
	// Item names the vault's item that holds it.
	Item func(fob.Profile) string
	// Prompt is the question, one line without a final colon.
	Prompt func(fob.Profile) string
	// Lines says that the value has several lines (a key in PEM). Others are one
	// line, blanks within it included.
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
		{Key: "region", Doc: "region for STS and for the tools that use the profile", Example: "eu-west-1"},
		{Key: "endpoint_url", Doc: "where to call instead of AWS's own endpoints", Check: CheckURL},
		{Key: "services", Doc: "name of a [services] section with an endpoint_url per service"},
		{Key: "output", Doc: "output format of the AWS CLI", Example: "json"},
	}
}

// Find returns the kind that claims a definition.
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

// AddHint is what to type where a definition of any kind is missing.
func AddHint(name string) string {
	return "fob add KIND " + quote.Word(name) + "; fob add --help shows the kinds"
}

// Validate checks a definition against the fields of its kind, as fob add does
// before anything is written.
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
	if p.Path == "" { // of a command line
		return e.WithHint("fob add %s --help", k.AddWord())
	}
	return e.WithHint("correct it in %s", p.Path)
}

// Accepts are all the keys that fob add takes: the kind's own, which say how to
// authenticate, and the [Common] ones.
func (k Kind) Accepts() []Field {
	all := append([]Field(nil), k.Fields...)
	for _, f := range Common() {
		if !k.Takes(f.Key) && (k.Section == "" || f.Key == "endpoint_url" || f.Key == "services") {
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

// SectionType is the type of the section that defines it.
func (k Kind) SectionType() string {
	if k.Section != "" {
		return k.Section
	}
	return profileSection
}

// Ref is the name under which a definition of the kind is looked up: its own name
// for profiles, and with the type of the section before it for others, so that a
// sign-in and a profile may have the same name.
func (k Kind) Ref(name string) string {
	if k.Section == "" {
		return name
	}
	return k.Section + " " + name
}

// Deref is the inverse of [Kind.Ref]; ok is false for kinds that profiles define
// and for references to other sections.
func (k Kind) Deref(ref string) (name string, ok bool) {
	if k.Section == "" {
		return "", false
	}
	return strings.CutPrefix(ref, k.Section+" ")
}

// AddWord is what fob add calls the kind.
func (k Kind) AddWord() string {
	if k.Word != "" {
		return k.Word
	}
	return k.Name
}

// Usage is the command that adds a definition of the kind, with examples for what
// it requires.
func (k Kind) Usage(name string) string {
	words := []string{"fob add", k.AddWord(), quote.Word(name)}
	for _, f := range k.Fields {
		if f.Required && f.Secret == nil {
			words = append(words, "--"+f.FlagName(), quote.Word(f.Example))
		}
	}
	return strings.Join(words, " ")
}

// AccountIn is the account that a definition says it acts in, if its kind can tell.
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
