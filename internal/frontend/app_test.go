package frontend

import (
	"bytes"
	"errors"
	"testing"

	"fob/internal/child"
	"fob/internal/fob"
)

func TestErrorsOnStderr(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err     error
		oneLine bool
		code    int
		want    string
	}{
		{nil, false, 0, ""},
		{fob.Errorf(fob.ErrNotFound, "no profile %q", "x").WithHint("fob list"), false, 3, "fob: no profile \"x\"\nhint: fob list\n"},
		{fob.Errorf(fob.ErrNotFound, "no profile %q", "x").WithHint("fob list"), true, 3, "fob: no profile \"x\" (hint: fob list)\n"},
		{fob.Errorf(fob.ErrLocked, "two\nlines"), true, 5, "fob: two lines\n"},
		{child.ExitStatus(42), false, 42, ""},
		{errors.Join(fob.Errorf(fob.ErrUsage, "cannot run x"), child.ExitStatus(127)), false, 127, "fob: cannot run x\n"},
		{errors.New("boom"), false, 1, "fob: boom\n"},
	} {
		var out bytes.Buffer
		a := &App{Streams: Streams{Err: &out}}
		if code := a.Exit(tt.err, tt.oneLine); code != tt.code || out.String() != tt.want {
			t.Errorf("%v: %d, %q", tt.err, code, out.String())
		}
	}
}

func TestAnswersInAdvance(t *testing.T) {
	t.Parallel()
	a := &App{MFACode: "123456"}
	ask := func(kind string) (string, error) {
		s, err := a.UI().Ask(t.Context(), fob.Question{Kind: kind, Command: "printf 654321"})
		return s.Reveal(), err
	}
	if code, err := ask(fob.AskMFACode); err != nil || code != "123456" {
		t.Error(code, err)
	}
	a.Environ = []string{"PATH=/usr/bin:/bin"}
	a.Err = &bytes.Buffer{}
	if code, err := ask(fob.AskMFACode); err != nil || code != "654321" { // a code works once; then mfa_process
		t.Error(code, err)
	}
	a.Yes = true
	if err := a.UI().Confirm(t.Context(), fob.Confirmation{Title: "sure"}); err != nil {
		t.Error(err)
	}
}
