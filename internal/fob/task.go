package fob

import (
	"context"
	"io"
)

// Task is the part of a delivery that works in the caller's own process, beside
// the front end: a server on loopback, an HTTP client. It holds no power of its
// own: each answer comes from the agent, through Deliver.
type Task struct {
	// Requests are what the command line names; Deliver takes no others.
	Requests []Request
	Args     []string            // what follows the names
	Options  map[string][]string // flags by name; one without a value is {""}
	// Deliver asks the agent; it may be called by many goroutines at once.
	Deliver func(ctx context.Context, r Request) (Delivery, error)
	// Ready is called once by a server that accepts connections: what there is to
	// print, or to set for a child.
	Ready func(d Delivery) error
	// Tell shows the person one line.
	Tell func(message string)

	In       io.Reader
	Out, Err io.Writer
	RunDir   string // for private files and sockets of this user
}

// Option is the last value of an option, empty if it was not given.
func (t Task) Option(name string) string {
	if v := t.Options[name]; len(v) > 0 {
		return v[len(v)-1]
	}
	return ""
}

// Has reports whether an option was given.
func (t Task) Has(name string) bool { return len(t.Options[name]) > 0 }
