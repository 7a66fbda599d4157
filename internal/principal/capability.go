package principal

import (
	"context"

	"fob/internal/fob"
)

// What only some principals can do. Each is found by assertion on the opened
// principal; a kind that implements none of them is complete.

// Asker tells whether new credentials would take a person: to sign in, or to give
// a code. It does no I/O beyond Env.Tokens. Principals that are no Asker never ask.
type Asker interface {
	Asks() bool
}

// SignIn is a principal that people sign in to, and out of.
type SignIn interface {
	// SignOut ends the sign-in that has yielded c, at the provider and here.
	SignOut(ctx context.Context, c fob.Credentials) error
}

// Discoverer finds the accounts and roles behind a sign-in.
type Discoverer interface {
	Discover(ctx context.Context, d Discovery) error
}

// Discovery is one search for accounts and roles.
type Discovery struct {
	Source Principal // yields the credentials of the sign-in, renewed when they end
	// Done are accounts whose roles an interrupted search has found already.
	Done map[string]bool
	// Found is called as accounts come, and again when their roles are known; from
	// one goroutine at a time.
	Found func(a fob.Account, total int)
}

// Sharer is a sign-in that other tools keep in a file, in clear.
type Sharer interface {
	// SharedFile is the name of that file, in a directory that the tools agree on.
	SharedFile() string
	// Export returns the content of the file for a sign-in that has yielded c.
	Export(c fob.Credentials) (content fob.Secret, err error)
	// Accept takes over what another tool has written there.
	Accept(ctx context.Context, content fob.Secret) (fob.Credentials, error)
}

// SessionMaker is a principal with long-lived keys of which it can make sessions,
// so that one MFA code serves all roles that are assumed from it.
type SessionMaker interface {
	// MakesSessions reports whether the definition allows that.
	MakesSessions() bool
	// OnlySessions reports whether the definition forbids to hand out the keys themselves.
	OnlySessions() bool
	// WithoutSession is the definition under which the keys themselves are handed out.
	WithoutSession() fob.Profile
}
