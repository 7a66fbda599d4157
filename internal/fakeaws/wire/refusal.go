package wire

import "errors"

// Refusal is an error as AWS sends it.
type Refusal struct {
	Status  int // of HTTP
	Code    string
	Message string
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Refuse makes a refusal.
func Refuse(status int, code, message string) *Refusal {
	return &Refusal{Status: status, Code: code, Message: message}
}

// Denied is what a service of the query protocol answers to a caller without
// permission.
func Denied(message string) error { return &Refusal{403, "AccessDenied", message} }

// Invalid is what it answers to parameters outside of its model.
func Invalid(message string) error { return &Refusal{400, "ValidationError", message} }

// AsRefusal makes a refusal of any error.
func AsRefusal(err error) *Refusal {
	var e *Refusal
	if errors.As(err, &e) {
		return e
	}
	return &Refusal{500, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure."}
}
