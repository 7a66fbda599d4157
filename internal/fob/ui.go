package fob

import "context"

// UI is how a person is reached. A nil function means that there is nobody who
// could be reached in that way; the methods then return [ErrNobody].
type UI struct {
	ID           int64 // tells callers apart; 0 is nobody
	AskFunc      func(ctx context.Context, q Question) (Secret, error)
	ConfirmFunc  func(ctx context.Context, c Confirmation) error
	OpenFunc     func(ctx context.Context, p Page) (gone <-chan struct{}, err error)
	ReachFunc    func(ctx context.Context) Reach
	TellFunc     func(ctx context.Context, message string)
	ProgressFunc func(p Progress) // shows how far long work is
}

// Reach says how a person could be reached at present, without bothering anybody.
type Reach struct {
	Here     bool `json:"here"`     // somebody sits at the caller's front end
	Browser  bool `json:"browser"`  // a browser that it opens would be seen, even if nobody sits there
	Prompter bool `json:"prompter"` // another front end, which has offered to, opens pages
}

// Page reports whether a page could be shown; always is [Page.Always].
func (r Reach) Page(always bool) bool { return r.Here || r.Prompter || always && r.Browser }

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
	For     Asker  `json:"for,omitzero"`
}

// Asker is who wants something of a person and for what, for a prompter to show: its
// person has not started the program that asks. It is zero in questions to the
// caller's own front end.
type Asker struct {
	Profile string `json:"profile,omitempty"` // what credentials are asked of, if that is known
	Request string `json:"request"`           // the method that was called
	Program Caller `json:"program"`           // the front end
	Parent  Caller `json:"parent,omitzero"`   // the program that started it, where the system tells
}

// Confirmation shows what is about to happen and asks for consent.
type Confirmation struct {
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"` // a diff, or a list; no secrets
	For    Asker  `json:"for,omitzero"`
}

// Page is a web page on which a person signs in.
type Page struct {
	Title string `json:"title"` // what it is for: sign in to corp
	URL   string `json:"url"`
	// Code is what the page must show (device authorization), for the person to
	// compare: somebody else's code would sign somebody else in.
	Code string `json:"code,omitempty"`
	// Returns says that the page leads back to this machine, by a redirect to loopback: a
	// browser on another machine cannot end what it has begun.
	Returns bool `json:"returns,omitempty"`
	// Always opens the page for callers without a terminal too.
	Always bool  `json:"always,omitempty"`
	For    Asker `json:"for,omitzero"`
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
// It does not wait until the person is done. gone is closed when whoever was shown
// the page has left, so that nobody sees it any more; it is nil if that cannot be told.
func (u UI) Open(ctx context.Context, p Page) (gone <-chan struct{}, err error) {
	if u.OpenFunc == nil {
		return nil, ErrNobody
	}
	return u.OpenFunc(ctx, p)
}

// Reach says how a person could be reached.
func (u UI) Reach(ctx context.Context) Reach {
	if u.ReachFunc == nil {
		return Reach{}
	}
	return u.ReachFunc(ctx)
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
