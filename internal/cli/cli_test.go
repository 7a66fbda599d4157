package cli

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"pgregory.net/rapid"

	"fob/internal/api"
	"fob/internal/fob"
)

func TestHotPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args      string
		name      string
		noSession bool
		ok        bool
	}{
		{"credentials prod", "prod", false, true},
		{"credentials prod --no-session", "prod", true, true},
		{"credentials --no-session prod", "", false, false},
		{"credentials --help", "", false, false},
		{"credentials", "", false, false},
		{"credentials a b", "", false, false},
		{"list prod", "", false, false},
	} {
		name, noSession, ok := hotPath(strings.Fields(tt.args))
		if name != tt.name || noSession != tt.noSession || ok != tt.ok {
			t.Errorf("%s: %q %v %v", tt.args, name, noSession, ok)
		}
	}
}

// Whatever a name from a file or from AWS holds, nothing of it acts on a terminal.
func TestCleanText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := clean(rapid.String().Draw(t, "text") + "\x1b]52;c;aGk=\x07\u009b31m\u202e")
		if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 || r == 0x202e }) {
			t.Fatalf("%q", got)
		}
	})
}

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
		{exitStatus(42), false, 42, ""},
		{errors.Join(fob.Errorf(fob.ErrUsage, "cannot run x"), exitStatus(127)), false, 127, "fob: cannot run x\n"},
		{errors.New("boom"), false, 1, "fob: boom\n"},
	} {
		var out bytes.Buffer
		a := &app{Streams: Streams{Err: &out}}
		if code := a.exit(tt.err, tt.oneLine); code != tt.code || out.String() != tt.want {
			t.Errorf("%v: %d, %q", tt.err, code, out.String())
		}
	}
}

// Every command has help, sorted flags with text, and takes --json if it lists.
func TestCommandsAreDocumented(t *testing.T) {
	t.Parallel()
	a := &app{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || c.Long == "" || strings.HasSuffix(c.Short, ".") || len(c.Short) > 90 {
			t.Errorf("%s: help is not as it should be: %q", c.CommandPath(), c.Short)
		}
		for _, sub := range c.Commands() {
			if sub.Name() != "help" {
				walk(sub)
			}
		}
	}
	walk(a.newRoot())
	for _, path := range []string{"list", "show", "whoami", "console", "version", "vault status", "agent status", "adopt"} {
		c, _, err := a.newRoot().Find(strings.Fields(path))
		if err != nil || c.Flags().Lookup("json") == nil {
			t.Errorf("%s has no --json (%v)", path, err)
		}
	}
}

func TestNoSecretCanBeAnArgument(t *testing.T) {
	t.Parallel()
	a := &app{}
	add := a.newAddKinds([]api.KindDoc{{Name: "user", Doc: "a user", Fields: []api.FieldDoc{
		{Key: "aws_access_key_id", Flag: "access-key-id", Doc: "id", Required: true},
		{Key: "aws_secret_access_key", Flag: "secret", Doc: "secret", Secret: true},
	}}})
	c, _, err := add.Find([]string{"add", "user"})
	if err != nil || c.Flags().Lookup("secret") != nil || c.Flags().Lookup("secret-stdin") == nil || c.Flags().Lookup("access-key-id") == nil {
		t.Error("flags of fob add user are wrong", err)
	}
}

func TestAnswersInAdvance(t *testing.T) {
	t.Parallel()
	a := &app{mfaCode: "123456"}
	ask := func(kind string) (string, error) {
		s, err := a.ui().Ask(t.Context(), fob.Question{Kind: kind, Command: "printf 654321"})
		return s.Reveal(), err
	}
	if code, err := ask(fob.AskMFACode); err != nil || code != "123456" {
		t.Error(code, err)
	}
	a.environ = []string{"PATH=/usr/bin:/bin"}
	a.Err = &bytes.Buffer{}
	if code, err := ask(fob.AskMFACode); err != nil || code != "654321" { // a code works once; then mfa_process
		t.Error(code, err)
	}
	a.yes = true
	if err := a.ui().Confirm(t.Context(), fob.Confirmation{Title: "sure"}); err != nil {
		t.Error(err)
	}
}

func TestTheChildsEnvironment(t *testing.T) {
	t.Parallel()
	got := changed([]string{"A=1", "AWS_PROFILE=old", "AWS_SESSION_TOKEN=stale", "AWS_SESSION_TOKEN_X=kept"},
		fob.Delivery{Set: map[string]string{"AWS_PROFILE": "new", "B": "2"}, Unset: []string{"AWS_SESSION_TOKEN"}})
	if want := []string{"A=1", "AWS_SESSION_TOKEN_X=kept", "AWS_PROFILE=new", "B=2"}; !slices.Equal(got, want) {
		t.Error(got)
	}
}

func TestJSONOfEmptyListsIsAnArray(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &app{Streams: Streams{Out: &out}}
	if err := a.printJSON([]api.Row{}); err != nil || out.String() != "[]\n" {
		t.Error(out.String(), err)
	}
}
