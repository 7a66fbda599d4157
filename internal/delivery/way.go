// Package delivery is the ways in which credentials leave. A way never knows
// kinds of principals: it gets a grant and hands over what the front end prints
// or starts a program with.
package delivery

import (
	"context"
	"net/http"
	"time"

	"fob/internal/fob"
	"fob/internal/partition"
)

// Way is one way of delivery.
type Way struct {
	Name string
	Doc  string // one sentence
	// Chosen says that a person names the profile by hand: how often and when
	// decides in which order names are offered.
	Chosen bool
	// Hand works in the agent; nil for a way that only has a Run.
	Hand func(ctx context.Context, g Grant) (fob.Delivery, error)
	// Run, if set, is the way's part in the caller's own process; ctx ends it.
	Run func(ctx context.Context, t fob.Task) error
}

// Grant is what a way may hand over.
type Grant struct {
	Profile     fob.Profile
	Credentials func(ctx context.Context) (fob.Credentials, error)
	// Lineage says what AWS would take credentials for that were narrowed so, and
	// Narrowed retrieves them, valid for minValid where their source can give that:
	// for ways in which AWS takes some credentials only.
	Lineage  func(n fob.Narrow) (fob.Lineage, error)
	Narrowed func(ctx context.Context, n fob.Narrow, minValid time.Duration) (fob.Credentials, error)
	// Setting returns a setting of fob's own, from the section [fob].
	Setting   func(key string) string
	Partition partition.Partition // of the profile
	Account   string              // that the definition says it acts in; may be empty
	Options   map[string]string
	Narrow    fob.Narrow // what the request took away
	Exe       string     // absolute path of fob, for credential_process
	Paths     fob.Paths  // the user's AWS files
	Home      fob.Home   // fob's own directories
	HTTP      *http.Client
	Now       time.Time
	// Write writes a file, which the agent renews, and takes away when the
	// credentials must go. It returns where what was there has been set aside, if it
	// was. Nil where there is no agent to take a file away.
	Write func(f File) (aside string, err error)
	// Foreign says whether something is at a path that Write would not replace:
	// content that is not what was written there. It is set where Write is.
	Foreign func(path string) (bool, error)
}

// File is a file of credentials in clear.
type File struct {
	Path       string // as [fob/internal/atomicfile.Place] gives it
	Section    string
	Text       fob.Secret
	Expiration time.Time
	// Aside says that what is there may be set aside if it is somebody else's.
	Aside bool
}

// NotOurs refuses to write where something is that fob did not write.
func NotOurs(path string) error {
	return fob.Errorf(fob.ErrConflict, "%s is there, and is not what fob wrote", path).
		WithHint("another file; --force sets it aside, under another name")
}

// Find returns the way of a name that the agent can hand out.
func Find(ways []Way, name string) (Way, error) {
	for _, w := range ways {
		if w.Name == name && w.Hand != nil {
			return w, nil
		}
	}
	return Way{}, fob.Errorf(fob.ErrUsage, "there is no delivery %q", name)
}
