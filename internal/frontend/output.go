package frontend

import (
	"errors"
	"io"
	"io/fs"

	"fob/internal/child"
	"fob/internal/fob"
)

// output is standard output. It remembers the first error, so that a command may
// print without looking: whoever redirects into a file must learn that the disk
// was full.
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

// pipeClosed is what a shell makes of a program that SIGPIPE ends, as it usually
// does before we see the error.
const pipeClosed = child.ExitStatus(128 + 13)

// failed reports whether an error is one of writing.
func (o *output) failed(err error) bool { return o.err != nil && errors.Is(err, o.err) }

// judge is what becomes of a command's error once its output is counted in.
func (o *output) judge(err error) error {
	var own *fob.Error
	switch {
	case o.err == nil || err != nil && !o.failed(err):
		return err
	case pipeIsClosed(o.err):
		return pipeClosed // whoever read has enough: fob list | head
	case errors.As(err, &own):
		return err
	}
	why := o.err
	var at *fs.PathError // names /dev/stdout, which is said already
	if errors.As(why, &at) {
		why = at.Err
	}
	return fob.Errorf(fob.ErrInternal, "cannot write to standard output: %w", why).WithHint("free some space, or write somewhere else")
}

// Failed reports whether an error is one of writing to standard output.
func (a *App) Failed(err error) bool {
	out, ok := a.Out.(*output)
	return ok && out.failed(err)
}
