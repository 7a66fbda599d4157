package cli

import (
	"bytes"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"fob/internal/frontend"
)

// broken is a standard output that fails.
type broken struct{ err error }

func (b broken) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: b.err}
}

// What cannot be written is an error of every command, whether it looks or not,
// and no fault of the command line; a reader that has enough is none.
func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"version", "version --json", "--version", "--help", "vault --help", "help list"} {
		for _, c := range []struct {
			err  error
			code int
			says string
		}{
			{syscall.ENOSPC, 1, "fob: cannot write to standard output: no space left on device\nhint: "},
			{syscall.EPIPE, 141, ""},
		} {
			var errs bytes.Buffer
			code := Main(t.Context(), "1", append([]string{"fob"}, strings.Fields(args)...), frontend.Streams{Out: broken{c.err}, Err: &errs}, nil, nil)
			if code != c.code || !strings.HasPrefix(errs.String(), c.says) || c.says == "" && errs.Len() > 0 {
				t.Errorf("fob %s: %d, %q", args, code, errs.String())
			}
		}
	}
}

// Only what cobra refuses is a wrong command line, with the help of the command
// that was meant.
func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"list --bogus":      "hint: fob list --help\n",
		"version x":         "hint: fob version --help\n",
		"vault statu":       "fob: fob vault has no command \"statu\"\nhint: fob vault status, or fob vault --help\n",
		"bogus":             "fob: fob has no command \"bogus\"\nhint: fob --help\n",
		"--yes bogus":       "fob: fob has no command \"bogus\"\nhint: fob --help\n",
		"help bogus":        "fob: fob has no command \"bogus\"\nhint: fob --help\n",
		"help vault bogus":  "fob: fob vault has no command \"bogus\"\nhint: fob vault --help\n",
		"vault help bogus":  "hint: fob vault --help\n",
		"vault init --hep":  "hint: fob vault init --help\n",
		"exec --duration x": "hint: ",
	} {
		var out, errs bytes.Buffer
		code := Main(t.Context(), "1", append([]string{"fob"}, strings.Fields(args)...), frontend.Streams{Out: &out, Err: &errs}, nil, nil)
		if code != 2 || out.Len() > 0 || !strings.Contains(errs.String(), want) {
			t.Errorf("fob %s: %d, %q, %q", args, code, out.String(), errs.String())
		}
	}
	var out bytes.Buffer
	if code := Main(t.Context(), "1", []string{"fob", "--version"}, frontend.Streams{Out: &out}, nil, nil); code != 0 || !strings.HasPrefix(out.String(), "fob 1 (") {
		t.Error(code, out.String())
	}
}
