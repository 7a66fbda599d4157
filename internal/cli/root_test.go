package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"fob/internal/cli/command"
	"fob/internal/frontend"
)

// Every command has help, sorted flags with text, and takes --json if it lists.
func TestCommandsAreDocumented(t *testing.T) {
	t.Parallel()
	a := &command.App{App: &frontend.App{}}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || c.Long == "" || strings.HasSuffix(c.Short, ".") || len(c.Short) > 90 {
			t.Errorf("%s: help is not as it should be: %q", c.CommandPath(), c.Short)
		}
		for _, sub := range c.Commands() {
			if sub.Name() != "help" {
				walk(sub)
			}
		}
	}
	walk(newRoot(a))
	for _, path := range []string{"list", "show", "whoami", "console", "version", "vault status", "agent status", "adopt"} {
		c, _, err := newRoot(a).Find(strings.Fields(path))
		if err != nil || c.Flags().Lookup("json") == nil {
			t.Errorf("%s has no --json (%v)", path, err)
		}
	}
}
