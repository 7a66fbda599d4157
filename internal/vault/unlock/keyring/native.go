//go:build darwin || windows

package keyring

import (
	"context"
	"errors"

	zalando "github.com/zalando/go-keyring"

	"fob/internal/fob"
)

// native is the macOS Keychain or the Windows Credential Manager, by zalando/go-keyring. On macOS
// that runs /usr/bin/security, so any program that runs it too can read the item
// (zalando/go-keyring#110).
type native struct{}

func newStore(func(string) string) store { return native{} }

// ready makes no call: both systems always have a keychain, and a call might open a window.
func (native) ready(ctx context.Context, _ *wait) error { return ctx.Err() }

func (native) get(_ context.Context, _ *wait, label string) (string, error) {
	text, err := zalando.Get(service, label)
	return text, mapped(err)
}

func (native) set(_ context.Context, _ *wait, label, text string) error {
	return mapped(zalando.Set(service, label, text))
}

func (native) remove(_ context.Context, _ *wait, label string) error {
	return mapped(zalando.Delete(service, label))
}

func mapped(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, zalando.ErrNotFound):
		return errNone
	}
	return fob.Errorf(fob.ErrLocked, "the keychain refused: %w", err).WithHint("unlock the keychain, then fob unlock")
}
