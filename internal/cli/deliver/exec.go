package deliver

import (
	"context"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/child"
	"fob/internal/cli/command"
	"fob/internal/fob"
)

// NewExec makes fob exec.
func NewExec(a *command.App) *cobra.Command {
	var static, endpoint bool
	p := &api.DeliverParams{Way: "exec"}
	c := command.New("exec", func(cmd *cobra.Command, args []string) error {
		p.Name = args[0]
		argv := args[1:]
		if len(argv) == 0 {
			argv = []string{shell(a)}
		}
		switch {
		case endpoint:
			return execEndpoint(cmd.Context(), a, p, argv)
		case static:
			return execStatic(cmd.Context(), a, p, argv)
		}
		return exec(cmd.Context(), a, p, argv)
	})
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 || cmd.ArgsLenAtDash() > 1 || cmd.ArgsLenAtDash() == 0 {
			return fob.Errorf(fob.ErrUsage, "fob exec takes one profile's name, then -- and a command").WithHint("fob exec NAME -- COMMAND")
		}
		return nil
	}
	c.ValidArgsFunction = a.Names
	c.Flags().BoolVar(&static, "env", false, "give the program static variables, which stop working when they expire")
	c.Flags().BoolVar(&endpoint, "endpoint", false, "give the program an endpoint on loopback that answers it alone")
	c.MarkFlagsMutuallyExclusive("env", "endpoint")
	command.NoSessionFlag(c, &p.NoSession)
	command.NarrowFlags(c, &p.Narrow)
	return c
}

func exec(ctx context.Context, a *command.App, p *api.DeliverParams, argv []string) error {
	d, err := a.Deliver(ctx, p)
	if err != nil {
		return err
	}
	a.Leave()
	if err := a.Environ.Enter(d, p.Name, p.Narrow, false); err != nil {
		return err
	}
	return child.Run(argv, a.Environ.Unnested().Changed(d))
}

// execStatic runs the program as a child with static credentials in its environment, and
// says so when they expire.
func execStatic(ctx context.Context, a *command.App, p *api.DeliverParams, argv []string) error {
	p.Options = map[string]string{"mode": "env"}
	d, err := a.Deliver(ctx, p)
	if err != nil {
		return err
	}
	a.Leave()
	if err := a.Environ.Enter(d, p.Name, p.Narrow, false); err != nil {
		return err
	}
	c, err := child.Start(argv, a.Environ.Unnested().Changed(d))
	if err != nil {
		return err
	}
	if expires, err := time.Parse(time.RFC3339, d.Set["AWS_CREDENTIAL_EXPIRATION"]); err == nil {
		timer := time.AfterFunc(time.Until(expires), func() {
			a.Tell("the variables that " + argv[0] + " was started with have expired; without --env, credentials renew themselves")
		})
		defer timer.Stop()
	}
	return c.Mirror(c.Wait())
}

// shell returns the program to run when no command was given.
func shell(a *command.App) string {
	if runtime.GOOS == "windows" {
		if s := a.Getenv("ComSpec"); s != "" {
			return s
		}
		return "cmd.exe"
	}
	if s := a.Getenv("SHELL"); s != "" {
		return s
	}
	return "/bin/sh"
}
