// Package audit keeps the audit log: who was given which credentials, when.
package audit

import (
	"encoding/json"
	"log/slog"
	"os"
	"sync"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// Event is one line of the log. It holds no secret; an access key id is a name, not
// one.
type Event struct {
	Time        time.Time  `json:"time"`
	Profile     string     `json:"profile"`
	Kind        string     `json:"kind,omitempty"`
	Way         string     `json:"way"`
	Caller      fob.Caller `json:"caller"`
	AccessKeyID string     `json:"access_key_id,omitempty"`
	Expiration  *time.Time `json:"expiration,omitempty"`
	Outcome     string     `json:"outcome"` // ok, or the wire name of a failure
}

// Log appends events to a file, one JSON object a line.
type Log struct {
	path string
	log  *slog.Logger
	mu   sync.Mutex
	file *os.File // nil until something is written
}

// New returns the log at a path. Failures to write it are told to log.
func New(path string, log *slog.Logger) *Log { return &Log{path: path, log: log} }

// Write appends one event with one write, so that lines of several processes do
// not mix. A full disk must not lock a user out: it is logged, and the request
// goes on.
func (l *Log) Write(e Event) {
	line, err := json.Marshal(e)
	if err != nil {
		l.log.Error("an event does not fit the audit log", "error", err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		if l.file, err = atomicfile.Append(l.path); err != nil {
			l.log.Error("the audit log cannot be opened", "error", err)
			l.file = nil
			return
		}
	}
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		l.log.Error("the audit log cannot be written", "error", err)
	}
}
