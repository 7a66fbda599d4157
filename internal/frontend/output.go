package frontend

import (
	"errors"
	"io"
	"io/fs"

	"fob/internal/child"
	"fob/internal/fob"
)

// output is standard output that remembers its first error. So commands can print without
// looking at errors, and a full disk is still reported in the end.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// pipeClosed is the exit code that shells use for a program that SIGPIPE has ended, which is
// what usually happens before the error is seen here.
const pipeClosed = child.ExitStatus(128 + 13)

// failed reports whether an error comes from writing to this output.
func (o *output) failed(err error) bool { return o.err != nil && errors.Is(err, o.err) }

// judge returns the error that a command ends with: its own, or that of its output.
func (o *output) judge(err error) error {
	var own *fob.Error
	switch {
	case o.err == nil || err != nil && !o.failed(err):
		return err
	case pipeIsClosed(o.err):
		return pipeClosed // the reader needs no more, as in fob list | head
	case errors.As(err, &own):
		return err
	}
	why := o.err
	var at *fs.PathError // its path is /dev/stdout, which the message says already
	if errors.As(why, &at) {
		why = at.Err
	}
	return fob.Errorf(fob.ErrInternal, "cannot write to standard output: %w", why).WithHint("free some space, or write somewhere else")
}

// Failed reports whether an error comes from writing to standard output.
func (a *App) Failed(err error) bool {
	out, ok := a.Out.(*output)
	return ok && out.failed(err)
}
