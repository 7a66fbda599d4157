package draft

import "context"

// Moved is what happens to one profile.
type Moved struct {
	Name    string
	Kind    string // the name of its kind, empty if unknown
	Skipped string // why it stays as it is; empty if it moves
	Note    string // a remark for the user
}

// Change is a prepared change of files: a description for the user, and the function that
// carries it out. Nothing is written before Apply is called.
type Change struct {
	Diff  string // unified diff of all files; secrets are replaced by [secret]
	Moved []Moved
	// Apply writes the files; nil if there is nothing to change. It returns [ErrChanged]
	// if a file has changed since, and may be called once.
	Apply func(ctx context.Context) error
}

// Changes reports whether there is anything to change.
func (c *Change) Changes() bool { return c.Apply != nil }
