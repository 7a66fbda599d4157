package fob

import (
	"context"
	"errors"
	"fmt"
)

// Error is a failure as a person should meet it: what went wrong with which
// thing, and the command that mends it. Its Kind is one of the sentinels below,
// which [errors.Is] finds, on either side of the socket.
type Error struct {
	Kind    error  // a sentinel
	Message string // lower case, names the thing; never a secret
	Hint    string // the command to type, or what to change; may be empty
	Cause   error  // for logs and errors.Is; its text is not shown
}

func (e *Error) Error() string { return e.Message }

// Unwrap makes both the sentinel and the cause visible to [errors.Is].
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// The sentinels: each failure is one of these kinds.
var (
	ErrUsage     = errors.New("usage")               // the command line or a definition is wrong
	ErrNotFound  = errors.New("not found")           // no such profile, source, secret
	ErrSignIn    = errors.New("sign-in needed")      // a person must sign in or give an MFA code
	ErrNobody    = errors.New("nobody there to ask") // a prompt was needed, without a terminal
	ErrLocked    = errors.New("locked")              // the vault is locked, or cannot be opened
	ErrRefused   = errors.New("refused by AWS")      // AWS, or an identity provider, said no
	ErrNetwork   = errors.New("network")             // no answer, or throttled
	ErrCancelled = errors.New("cancelled")           // the person said no, or pressed Ctrl-C
	ErrConflict  = errors.New("conflict")            // a file changed meanwhile; something exists already
	ErrDamaged   = errors.New("damaged")             // a file of fob's own cannot be read
	ErrVersion   = errors.New("another version")     // agent and front end differ
	ErrInternal  = errors.New("internal error")      // a fault of fob's
)

// Outcome is one row of the table that maps kinds of failure to exit codes and
// to their names on the wire.
type Outcome struct {
	Kind error
	Code int    // exit code
	Wire string // name in a reply of the agent, and in --json
	Doc  string
}

// Outcomes is the table; docs/exit-codes.md is made from it. More specific
// kinds come first: the first row whose kind [errors.Is] finds wins.
func Outcomes() []Outcome {
	return []Outcome{
		{ErrUsage, 2, "usage", "The command line, or a definition, is wrong."},
		{ErrNotFound, 3, "not-found", "No such profile, source profile, or secret."},
		{ErrLocked, 5, "locked", "The vault is locked, or cannot be unlocked."},
		{ErrNobody, 4, "nobody-there", "A sign-in or an MFA code is needed, and there is no terminal to ask at."},
		{ErrSignIn, 4, "sign-in", "A sign-in or an MFA code is needed."},
		{ErrRefused, 6, "refused", "AWS or an identity provider refused."},
		{ErrNetwork, 7, "network", "No answer from AWS, or too many requests."},
		{ErrConflict, 8, "conflict", "Something exists already, or changed meanwhile."},
		{ErrDamaged, 9, "damaged", "A file of fob's own is damaged or of a newer version."},
		{ErrVersion, 10, "version", "The running agent speaks another protocol, or does not know a request."},
		{ErrCancelled, 130, "cancelled", "The user cancelled."},
		{ErrInternal, 1, "internal", "A fault of fob's, or of the machine."},
	}
}

// OutcomeOf finds the row for an error; anything unknown is internal.
func OutcomeOf(err error) Outcome {
	rows := Outcomes()
	for _, row := range rows {
		if errors.Is(err, row.Kind) {
			return row
		}
	}
	if errors.Is(err, context.Canceled) {
		return rows[len(rows)-2]
	}
	return rows[len(rows)-1]
}

// Errorf builds an [Error] without a hint. A %w in the format sets its cause.
func Errorf(kind error, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// WithHint adds the command to type.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// HintOf returns the hint of the outermost [Error] that has one.
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Cause
	}
	return ""
}
