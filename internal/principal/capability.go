package principal

import (
	"context"

	"fob/internal/fob"
)

// Optional interfaces, found by assertion on the opened principal. A kind that implements none of
// them is complete.

// Asker tells whether retrieving credentials would ask a person to sign in or for a code. It does
// no I/O except Env.Tokens. Principals without it never ask.
type Asker interface {
	Asks() bool
}

// SignIn is a principal that a person signs in to, and can sign out of.
type SignIn interface {
	// SignOut ends the sign-in that c came from, at the provider and here.
	SignOut(ctx context.Context, c fob.Credentials) error
}

// Discoverer finds the accounts and roles behind a sign-in.
type Discoverer interface {
	Discover(ctx context.Context, d Discovery) error
}

// Discovery is one search for accounts and roles.
type Discovery struct {
	Source Principal // credentials of the sign-in, refreshed when they end
	// Done are the accounts whose roles an interrupted search has found already.
	Done map[string]bool
	// Found is called when accounts are listed, and again when their roles are known; never
	// concurrently.
	Found func(a fob.Account, total int)
}

// Sharer is a sign-in that other tools store in a file in clear.
type Sharer interface {
	// SharedFile is the file's name in the directory that the tools share.
	SharedFile() string
	// Export returns the file's content for the sign-in that c came from.
	Export(c fob.Credentials) (content fob.Secret, err error)
	// Accept imports a sign-in that another tool wrote there.
	Accept(ctx context.Context, content fob.Secret) (fob.Credentials, error)
}

// SessionMaker is a principal with long-lived keys that can make sessions from them, so that one
// MFA code serves all roles assumed from it.
type SessionMaker interface {
	// MakesSessions reports whether the definition allows that.
	MakesSessions() bool
	// OnlySessions reports whether the definition forbids to hand out the keys themselves.
	OnlySessions() bool
	// WithoutSession is the definition under which the keys themselves are handed out.
	WithoutSession() fob.Profile
}
