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
	// Credentials retrieves new credentials, whose expiration is by the server's clock.
	// It does not cache: the broker does.
	Credentials(ctx context.Context) (fob.Credentials, error)
}

// Env is all that a principal may use. Members may be nil; those that a kind needs are set for it.
type Env struct {
	Secrets Secrets
	Tokens  Tokens
	UI      fob.UI
	Source  Principal // the opened source; nil for kinds without one
	HTTP    *http.Client
	Limits  *Limits          // of the calls to each server
	Now     func() time.Time // the server's time, where its answers tell; else this computer's
	// Listen listens on loopback for the one answer that ends a sign-in in the browser.
	Listen func(Answer) (Listener, error)
	// ReadFile returns the content of a file that a definition names by an absolute path:
	// a regular file of at most 1 MiB, in bounded time. The error names the file.
	ReadFile func(path string) ([]byte, error)
	// Run runs a program that the definition names, for what it prints. The person is
	// asked before it runs for the first time.
	Run func(ctx context.Context, c Command) (fob.Secret, error)
	// OnPurpose says that a person asked for this very sign-in, and DeviceCode that it
	// should go by a code, not by a redirect to a browser on this machine.
	OnPurpose, DeviceCode bool
}

// Secrets looks up a long-lived secret in the vault by its item name.
type Secrets interface {
	Get(name string) (fob.Secret, error)
}

// Tokens stores encrypted secrets that outlive credentials: refresh tokens and client
// registrations.
type Tokens interface {
	Get(name string) (fob.Secret, error)                      // [fob.ErrNotFound] if there is none
	Put(ctx context.Context, name string, s fob.Secret) error // an empty secret deletes
}

// Answer is the one request that a sign-in in the browser ends with: a redirect (GET,
// with a query) or a form (POST).
type Answer struct {
	Method string // http.MethodGet or http.MethodPost
	Path   string // such as /oauth/callback, escaped as it is sent
	// State is the secret that the parameter "state" must repeat. Empty if the protocol
	// has none (SAML): then the parameters themselves must prove where they come from.
	State string
	// Port is the port on localhost that is registered as the answer's target; the URL
	// names localhost then. Zero is any free port, and the URL names 127.0.0.1.
	Port int
}

// Command is a program that a definition names.
type Command struct {
	Key  string // the key that holds it: credential_process
	Line string // its value, which is split into words as SDKs do; no shell is run
}

// Listener is open for one answer.
type Listener interface {
	URL() string                                  // to give to the page, port included
	Wait(ctx context.Context) (url.Values, error) // the answer's parameters
	Close()
}

// Renewable is a source whose credentials AWS may refuse before they expire. After Dead it yields
// new ones.
type Renewable interface {
	Dead(ctx context.Context, c fob.Credentials) error
}
