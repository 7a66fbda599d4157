// Package all lists the ways of unlocking a vault.
package all

import (
	"os"

	"fob/internal/vault/unlock"
	"fob/internal/vault/unlock/file"
	"fob/internal/vault/unlock/keyring"
	"fob/internal/vault/unlock/passphrase"
)

// Methods returns every method, in the order in which a first use tries them.
func Methods() []unlock.Method {
	return []unlock.Method{
		keyring.Method(os.Getenv),
		passphrase.Method(),
		file.Method(),
	}
}
