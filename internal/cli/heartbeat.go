//go:build heartbeat

package cli

import "context"

// execute hands every command but the hottest to the same front end inside
// fob-agent: its tree of commands would cost each fob credentials a tenth of its
// time just by being linked (ADR 10).
func (a *app) execute(context.Context, []string) int { return a.exit(a.becomeAgent(), false) }
