package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

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
const pipeClosed = exitStatus(128 + 13)

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

func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.Out, format, args...) }

// printJSON prints a value as every --json does.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printTable prints rows in columns; the first row is the heading.
func (a *app) printTable(rows [][]string) error {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = clean(cell)
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
	}
	var b []byte
	for _, row := range rows {
		for i, cell := range row {
			b = append(b, cell...)
			for n := width[i] - utf8.RuneCountInString(cell) + 2; n > 0; n-- {
				b = append(b, ' ')
			}
		}
		b = append(bytes.TrimRight(b, " "), '\n')
	}
	_, err := a.Out.Write(b)
	return err
}

// left says how long something is valid still.
func left(until *time.Time, now time.Time) string {
	if until == nil {
		return ""
	}
	d := until.Sub(now)
	switch {
	case d <= 0:
		return "expired"
	case d < time.Minute:
		return "under a minute"
	}
	return strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
}
