// Package audit writes the audit log: who was given which credentials, when.
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

// Event is one line of the log. It contains no secret; an access key id is not one.
type Event struct {
	Time        time.Time  `json:"time"`
	Profile     string     `json:"profile"`
	Kind        string     `json:"kind,omitempty"`
	Way         string     `json:"way"`
	Caller      fob.Caller `json:"caller"`
	AccessKeyID string     `json:"access_key_id,omitempty"`
	Expiration  *time.Time `json:"expiration,omitempty"`
	LongLived   bool       `json:"long_lived,omitempty"` // a user's own keys, which do not expire
	// Via says by which certificate authorities and proxy the credentials were obtained;
	// empty: by the system's and none.
	Via     string `json:"via,omitempty"`
	Outcome string `json:"outcome"` // ok, or the wire name of a failure
}

// Log appends events to a file, one JSON object on each line.
type Log struct {
	path string
	log  *slog.Logger
	mu   sync.Mutex
	file *os.File // nil until the first event
}

// New returns the log at path. Failures to write it are logged to log.
func New(path string, log *slog.Logger) *Log { return &Log{path: path, log: log} }

// Write appends an event with one write call, so that lines of several processes do not mix. If it
// fails, for instance because the disk is full, that is logged and the request goes on: a full disk
// must not keep users from their credentials.
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
