package api

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"fob/internal/fob"
)

// ReadMessage reads one line of at most limit bytes.
func ReadMessage(r *bufio.Reader, limit int) (*Message, error) {
	line, err := readLine(r, limit)
	if err != nil {
		return nil, err
	}
	return parseMessage(line, nil)
}

// parseMessage decodes a line in one pass: an answer's result into result, or if that is nil into
// the message. Listings are long, so they must not be parsed twice.
func parseMessage(line []byte, result any) (*Message, error) {
	m := &Message{}
	if result == nil {
		result = &m.Result
	}
	in := struct {
		*Message
		Result any `json:"result"` // in place of the message's own
	}{m, result}
	if err := json.Unmarshal(line, &in); err != nil || m.Version != "2.0" {
		return nil, fob.Errorf(fob.ErrInternal, "a message between fob and its agent is not JSON-RPC 2.0")
	}
	return m, nil
}

func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if line == nil && err == nil {
			return part, nil // valid until the next read; it is decoded before that
		}
		line = append(line, part...)
		if len(line) > limit {
			return nil, fob.Errorf(fob.ErrInternal, "a message between fob and its agent is longer than %d bytes", limit)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// WriteMessage writes one line with a single write. A result is JSON already and may be long, so it
// is not parsed again.
func WriteMessage(w io.Writer, m *Message) error {
	m.Version = "2.0"
	result := m.Result
	if m.ID == nil || m.Method != "" || m.Error != nil {
		result = nil
	}
	if result != nil {
		line := make([]byte, 0, len(result)+64)
		line = append(strconv.AppendInt(append(line, `{"jsonrpc":"2.0","id":`...), *m.ID, 10), `,"result":`...)
		_, err := w.Write(append(append(line, result...), "}\n"...))
		return err
	}
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
