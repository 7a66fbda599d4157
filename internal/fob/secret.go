package fob

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what a [Secret] shows of itself, however it is printed.
const Redacted = "[secret]"

// Secret is a value that must not reach a screen, a log or a file by accident:
// it does not print, marshal or compare with ==. [Secret.Reveal] is the only
// way to its text, so that a search for that name finds every use.
type Secret struct {
	_ [0]func() // not comparable: == on secrets is neither constant-time nor meant
	// By a pointer, which fmt prints as an address where it cannot call Format: in
	// the unexported fields of other types.
	text *string
}

// NewSecret wraps text.
func NewSecret(text string) Secret { return Secret{text: &text} }

// Reveal returns the text. Call it only where the secret leaves for its
// destination: a signature, a sealed file, a delivery.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no secret here.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Equal compares in constant time.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// Format implements [fmt.Formatter] for every verb and flag.
func (s Secret) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, s.String()) }

// String returns [Redacted], or nothing for an empty secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return Redacted
}

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText refuses: a secret that should be written is revealed by name.
func (s Secret) MarshalText() ([]byte, error) {
	return nil, errors.New("a secret cannot be marshalled")
}

// MarshalJSON refuses, like [Secret.MarshalText].
func (s Secret) MarshalJSON() ([]byte, error) { return s.MarshalText() }
