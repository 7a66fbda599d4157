// Package principal says what a kind of IAM principal is and what it may touch.
//
// A kind is a value. Its Fields are data: they draw the flags of fob add, the
// forms of other front ends, the docs table and the validation. Opened on a
// profile, it becomes a [Principal], which sees the world only through [Env]: it
// cannot read the environment, open files or prompt by itself.
package principal

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"fob/internal/fob"
)

// Principal is a profile opened as its kind.
type Principal interface {
	// Credentials retrieves new credentials. It does not cache: the broker does.
	Credentials(ctx context.Context) (fob.Credentials, error)
}

// Kind is a kind of IAM principal.
type Kind struct {
	Name   string
	Doc    string  // one sentence
	Fields []Field // the keys that say how to authenticate
	// Section is the type of the section that defines it: profile, if empty.
	Section string
	// Word is what fob add calls it, if not by its name.
	Word string
	// LongLived says that the principal's own keys do not expire, so that roles
	// assumed with them are not chained (AWS caps chained roles at an hour).
	LongLived bool
	// Match reports whether a definition is of this kind.
	Match func(fob.Profile) bool
	// Source names the profile that this one starts from; nil if the kind has none.
	Source func(fob.Profile) string
	// Check refuses what no single field is to blame for; nil if there is nothing such.
	Check func(fob.Profile) error
	// Open checks the definition and prepares the principal; it does no I/O.
	Open func(fob.Profile, Env) (Principal, error)
	// Asks reports, without I/O beyond Env.Tokens, whether new credentials would
	// take a person to sign in or to give a code; nil for kinds that never ask.
	Asks func(fob.Profile, Env) bool
	// SignOut ends a sign-in with the credentials that it has yielded; nil for
	// kinds that nobody signs in to.
	SignOut func(ctx context.Context, p fob.Profile, env Env, c fob.Credentials) error
	// Shared names the file in which other tools keep such a sign-in, Export writes
	// its content and Accept takes one over; nil where there is no such file.
	Shared func(p fob.Profile) (name string)
	Export func(p fob.Profile, env Env, c fob.Credentials) (content fob.Secret, err error)
	Accept func(ctx context.Context, p fob.Profile, env Env, content fob.Secret) (fob.Credentials, error)
	// Discover finds the accounts and roles behind a sign-in; nil for kinds that
	// have none.
	Discover func(ctx context.Context, p fob.Profile, env Env, d Discovery) error
}

// Keys that the broker sets for one request; they are in no file and in no cache
// key, because they say how to ask and not for what.
const (
	OnPurpose  = "fob_on_purpose"  // a person asked for this very sign-in
	DeviceCode = "fob_device_code" // by a code, not by a redirect in a browser here
)

// Discovery is one search for accounts and roles.
type Discovery struct {
	Source Principal // yields the credentials of the sign-in, renewed when they end
	// Done are accounts whose roles an interrupted search has found already.
	Done map[string]bool
	// Found is called as accounts come, and again when their roles are known; from
	// one goroutine at a time.
	Found func(a fob.Account, total int)
}

// Env is all that a principal may touch.
type Env struct {
	Secrets Secrets
	UI      fob.UI
	Source  Principal // the opened source profile, nil if the kind has none
	HTTP    *http.Client
	Now     func() time.Time
	Tokens  Tokens
	// Redirect listens on loopback for the one redirect, to a path and with a state,
	// that ends a sign-in in the browser.
	Redirect func(path, state string) (Redirect, error)
}

// Tokens are sealed, named secrets that outlive credentials: refresh tokens and
// client registrations.
type Tokens interface {
	Get(name string) (fob.Secret, error)                      // [fob.ErrNotFound]
	Put(ctx context.Context, name string, s fob.Secret) error // empty: delete
}

// Renewable is what a source of credentials can be that AWS may declare dead
// before their time: told so, it yields others next time.
type Renewable interface {
	Dead(ctx context.Context, c fob.Credentials) error
}

// Redirect is a listener for one redirect.
type Redirect interface {
	URL() string                                  // to give to the page, port included
	Wait(ctx context.Context) (url.Values, error) // the redirect's query
	Close()
}

// Secrets looks up a long-lived secret in the vault by its item name.
type Secrets interface {
	Get(name string) (fob.Secret, error)
}

// Field is one key of a kind's definition.
type Field struct {
	Key      string // AWS's key name, or one prefixed by the kind's
	Flag     string // flag of fob add, without dashes; empty: Key with dashes
	Doc      string // one line, for help, forms and tables
	Example  string
	Required bool
	// Item names the vault's item that holds the value; nil if the value is no
	// secret. A secret is asked for, and never written into the definition.
	Item func(fob.Profile) string
	// Check refuses a value that AWS would refuse; nil accepts anything.
	Check func(value string) error
}

// FlagName is the flag that sets the field.
func (f Field) FlagName() string {
	if f.Flag != "" {
		return f.Flag
	}
	name := []byte(f.Key)
	for i, c := range name {
		if c == '_' {
			name[i] = '-'
		}
	}
	return string(name)
}

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
	if signIn := p.Get("sso_session"); signIn != "" {
		return Kind{}, fob.Errorf(fob.ErrUsage, "profile %q names the sign-in %s and no role of it", p.Name, signIn).
			WithHint("%s/ACCOUNT/ROLE; fob list %s shows them", signIn, signIn)
	}
	return Kind{}, fob.Errorf(fob.ErrUsage, "profile %q (%s) has no keys that say how to authenticate", p.Name, p.Path).
		WithHint("fob add user %s, or fob add role %s", p.Name, p.Name)
}

// Validate checks a definition against the fields of its kind, as fob add does
// before anything is written.
func (k Kind) Validate(p fob.Profile) error {
	for _, f := range k.Accepts() {
		v := p.Get(f.Key)
		switch {
		case v == "" && f.Required && f.Item == nil:
			return fob.Errorf(fob.ErrUsage, "profile %q: %s is missing", p.Name, f.Key).
				WithHint("fob add %s %s --%s %s", k.AddWord(), p.Name, f.FlagName(), f.Example)
		case v != "" && f.Check != nil:
			if err := f.Check(v); err != nil {
				return k.wrong(p, f.Key, err)
			}
		}
	}
	for _, service := range []string{"sts", "sso", "sso_oidc"} { // a [services] section's; what fob itself does not call is not its business
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
		if k.Section == "" || f.Key == "endpoint_url" || f.Key == "services" {
			all = append(all, f)
		}
	}
	return all
}

// SectionType is the type of the section that defines it.
func (k Kind) SectionType() string {
	if k.Section != "" {
		return k.Section
	}
	return "profile"
}

// AddWord is what fob add calls the kind.
func (k Kind) AddWord() string {
	if k.Word != "" {
		return k.Word
	}
	return k.Name
}
