package agent

import (
	"encoding/json"
	"log/slog"
	"os"
	"sync"

	"fob/internal/broker"
)

// audit appends events to the audit log, one JSON object a line.
type audit struct {
	path string
	log  *slog.Logger
	mu   sync.Mutex
	file *os.File
}

// write appends one event with one write, so that lines of several processes do
// not mix. A full disk must not lock a user out: it is logged, and the request
// goes on.
func (a *audit) write(e broker.Event) {
	line, err := json.Marshal(e)
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file == nil {
		rotate(a.path)
		if a.file, err = os.OpenFile(a.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600); err != nil {
			a.log.Error("the audit log cannot be opened", "error", err)
			a.file = nil
			return
		}
	}
	if _, err := a.file.Write(append(line, '\n')); err != nil {
		a.log.Error("the audit log cannot be written", "error", err)
	}
}
