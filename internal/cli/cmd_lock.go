//go:build !heartbeat

package cli

import (
	"github.com/spf13/cobra"

	"fob/internal/api"
)

func (a *app) newLock() *cobra.Command { return a.plain("lock", api.Lock) }

func (a *app) newUnlock() *cobra.Command { return a.plain("unlock", api.Unlock) }
