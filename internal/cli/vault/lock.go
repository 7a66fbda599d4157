package vault

import (
	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
)

// NewLock makes fob lock.
func NewLock(a *command.App) *cobra.Command { return a.Plain("lock", api.Lock) }

// NewUnlock makes fob unlock.
func NewUnlock(a *command.App) *cobra.Command { return a.Plain("unlock", api.Unlock) }
