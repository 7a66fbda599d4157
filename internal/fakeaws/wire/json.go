package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// JSON is an answer in JSON.
func JSON(status int, v any) Reply {
	body, err := json.Marshal(v)
	if err != nil {
		return Reply{500, "text/plain", []byte(err.Error())}
	}
	return Reply{status, "application/json", append(body, '\n')}
}

// RefuseJSON is the shape of errors of the JSON protocols, which have a name and a
// status of their own for a missing permission.
func RefuseJSON(_ *Request, e *Refusal) Reply {
	if e.Code == "AccessDenied" {
		e.Status, e.Code = 400, "AccessDeniedException"
	}
	return JSON(e.Status, map[string]string{"__type": e.Code, "message": e.Message})
}

// JSON reads the body; like AWS, it ignores members that nobody knows.
func (r *Request) JSON(into any) error {
	if len(r.Body) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.Body, into); err != nil {
		return &Refusal{400, "InvalidRequestException", "The request could not be read."}
	}
	return nil
}

// Strict decodes one JSON value without unknown members or trailing text.
func Strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one value")
	}
	return nil
}
