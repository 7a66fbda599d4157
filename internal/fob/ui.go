package fob

import "context"

// UI is how a person is reached. A nil function means that there is nobody who
// could be reached in that way; the methods then return [ErrNobody].
type UI struct {
	ID          int64 // tells callers apart; 0 is nobody
	AskFunc     func(ctx context.Context, q Question) (Secret, error)
	ConfirmFunc func(ctx context.Context, c Confirmation) error
	OpenFunc    func(ctx context.Context, p Page) error
	TellFunc    func(ctx context.Context, message string)
	// ProgressFunc shows how far long work is.
	ProgressFunc func(p Progress)
	// Gone is closed when the person's front end has left: what was shown there is
	// seen by nobody any more. Nil if that cannot be.
	Gone <-chan struct{}
}

// The things a person can be asked for.
const (
	AskMFACode    = "mfa-code"   // the six digits of an MFA device
	AskPassphrase = "passphrase" // the passphrase that unlocks a vault
	AskNewPhrase  = "new-passphrase"
	AskSecret     = "secret" // a long-lived secret to be put in the vault
)

// Question asks a person for a text: one line, unless Lines is set.
type Question struct {
	Kind   string `json:"kind"`   // one of the Ask constants
	Prompt string `json:"prompt"` // one line without a final colon
	Hidden bool   `json:"hidden"` // do not echo
	// Lines says that the answer has several lines (a key in PEM), up to the end of
	// the input or a line that ends such a block.
	Lines bool `json:"lines,omitempty"`
	// Command, if set, is a program the user configured to answer in their
	// place (mfa_process): its first line of output is the answer.
	Command string `json:"command,omitempty"`
}

// Confirmation shows what is about to happen and asks for consent.
type Confirmation struct {
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"` // a diff, or a list; no secrets
}

// Page is a web page on which a person signs in.
type Page struct {
	Title string `json:"title"` // what it is for: sign in to corp
	// URL is empty in a question whether a page could be opened at all.
	URL string `json:"url,omitempty"`
	// Code is what the page must show (device authorization), for the person to
	// compare: somebody else's code would sign somebody else in.
	Code string `json:"code,omitempty"`
	// Always opens the page for callers without a terminal too.
	Always bool `json:"always,omitempty"`
}

// Progress is how far long work is.
type Progress struct {
	What  string `json:"what"` // accounts
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

// Progress shows progress, or nothing where nobody looks.
func (u UI) Progress(p Progress) {
	if u.ProgressFunc != nil {
		u.ProgressFunc(p)
	}
}

// Open shows a page, or returns [ErrNobody] at once where nobody would see it.
// It does not wait until the person is done.
func (u UI) Open(ctx context.Context, p Page) error {
	if u.OpenFunc == nil {
		return ErrNobody
	}
	return u.OpenFunc(ctx, p)
}

// Ask asks one question.
func (u UI) Ask(ctx context.Context, q Question) (Secret, error) {
	if u.AskFunc == nil {
		return Secret{}, ErrNobody
	}
	return u.AskFunc(ctx, q)
}

// Confirm returns nil if the person agreed, [ErrCancelled] if not.
func (u UI) Confirm(ctx context.Context, c Confirmation) error {
	if u.ConfirmFunc == nil {
		return ErrNobody
	}
	return u.ConfirmFunc(ctx, c)
}

// Tell shows one line, or nothing where nobody is there to read it.
func (u UI) Tell(ctx context.Context, message string) {
	if u.TellFunc != nil {
		u.TellFunc(ctx, message)
	}
}
