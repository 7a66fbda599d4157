package audit_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fob/internal/audit"
	"fob/internal/fob"
)

// Lines of several writers, in one process and in several processes, do not mix.
func TestLinesAreWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	until := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	want := audit.Event{Time: until, Profile: strings.Repeat("p", 2000), Kind: "role", Way: "process",
		Caller: fob.Caller{PID: 7}, AccessKeyID: "ASIAXXXXXXXXXXXXXXXX", Expiration: &until, Outcome: "ok"}
	var all sync.WaitGroup
	for range 4 {
		l := audit.New(path, slog.New(slog.DiscardHandler)) // as in another process
		for range 4 {
			all.Go(func() {
				for range 20 {
					l.Write(want)
				}
			})
		}
	}
	all.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range bytes.Lines(text) {
		var got audit.Event
		if err := json.Unmarshal(line, &got); err != nil || got.Profile != want.Profile || !got.Expiration.Equal(until) || got.Caller.PID != 7 {
			t.Fatalf("%s: %v", line, err)
		}
		lines++
	}
	if lines != 4*4*20 {
		t.Error(lines, "lines")
	}
}

// A log that cannot be written blocks no request, and the failure is logged.
func TestLogThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var told bytes.Buffer
	l := audit.New(filepath.Join(dir, "missing", "audit.jsonl"), slog.New(slog.NewTextHandler(&told, nil)))
	l.Write(audit.Event{Profile: "a"})
	if !strings.Contains(told.String(), "cannot be opened") {
		t.Error(told.String())
	}
	// When it can be written again, it is.
	if err := os.Mkdir(filepath.Join(dir, "missing"), 0o700); err != nil {
		t.Fatal(err)
	}
	l.Write(audit.Event{Profile: "b"})
	if text, err := os.ReadFile(filepath.Join(dir, "missing", "audit.jsonl")); err != nil || strings.Count(string(text), "\n") != 1 || !strings.Contains(string(text), `"profile":"b"`) {
		t.Errorf("%s %v", text, err)
	}
}
