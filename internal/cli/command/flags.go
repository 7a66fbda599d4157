package command

import "github.com/spf13/cobra"

// JSONFlag binds --json.
func JSONFlag(c *cobra.Command, p *bool) { c.Flags().BoolVar(p, "json", false, "print JSON") }

// NoSessionFlag binds --no-session.
func NoSessionFlag(c *cobra.Command, p *bool) {
	c.Flags().BoolVar(p, "no-session", false, "use the user's own keys, not a session made from them")
}
