// Package all lists the unlock methods.
package all

import (
	"os"

	"fob/internal/vault/unlock"
	"fob/internal/vault/unlock/file"
	"fob/internal/vault/unlock/keyring"
	"fob/internal/vault/unlock/passphrase"
)

// Methods returns every method. A first use tries them in this order.
func Methods() []unlock.Method {
	return []unlock.Method{
		keyring.Method(os.Getenv),
		passphrase.Method(),
		file.Method(),
	}
}
