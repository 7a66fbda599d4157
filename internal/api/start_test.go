package api

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fob"
)

// The front end continues at the line "ready" although the pipe stays open, since another program
// may have inherited it.
func TestReadyEndsTheWait(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		print  func(io.Writer) error
		told   []string
		failed string
	}{
		{"nothing to tell", func(w io.Writer) error { return WriteReady(w, nil) }, nil, ""},
		{"two messages", func(w io.Writer) error { return WriteReady(w, []string{"one\nline", "ready"}) }, []string{"one line", "ready"}, ""},
		{"refused", printing("the log cannot be opened\n"), nil, "the agent did not start: the log cannot be opened"},
		{"refused after a message", printing("tell one\nno socket\n"), nil, "the agent did not start: no socket"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close() // only now
			if err := c.print(w); err != nil {
				t.Fatal(err)
			}
			told, err := awaitReady(r)
			if !slices.Equal(told, c.told) || (err == nil) != (c.failed == "") || err != nil && err.Error() != c.failed {
				t.Fatalf("told %q, %v", told, err)
			}
		})
	}
}

func printing(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func TestAgentThatEndsAtOnce(t *testing.T) {
	t.Parallel()
	for _, printed := range []string{"", "tell one\n"} {
		if _, err := awaitReady(io.NopCloser(strings.NewReader(printed))); err == nil || err.Error() != "the agent did not start: it ended at once" {
			t.Errorf("%q: %v", printed, err)
		}
	}
}

// deaf is a pipe whose Close waits for a read in progress, as on Windows.
type deaf struct{ *io.PipeReader }

func (d deaf) Close() error {
	_, _ = d.Read(make([]byte, 1))
	return d.PipeReader.Close()
}

// An agent that prints nothing is given up at the limit, and no goroutine waits longer.
func TestSilentAgent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		start := time.Now()
		_, err := awaitReady(deaf{r})
		if !errors.Is(err, fob.ErrInternal) || time.Since(start) != startLimit {
			t.Fatalf("after %v: %v", time.Since(start), err)
		}
		w.Close()
	})
}
