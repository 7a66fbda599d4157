package draft

import "context"

// Moved says what becomes of one profile.
type Moved struct {
	Name    string
	Kind    string
	Skipped string // why it is left alone; empty if it moves
	Note    string
}

// Change is a prepared change of files: what it will do, to be shown first, and how
// to do it. Nothing has happened before Apply.
type Change struct {
	Diff  string // for people, without secrets
	Moved []Moved
	// Apply does it; nil if there is nothing to do.
	Apply func(ctx context.Context) error
}

// Changes reports whether there is anything to do.
func (c *Change) Changes() bool { return c.Apply != nil }
