//go:build !heartbeat

package cli

import (
	"context"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/fob"
)

func (a *app) newExec() *cobra.Command {
	var static, endpoint bool
	p := &api.DeliverParams{Way: "exec"}
	c := a.command("exec", func(cmd *cobra.Command, args []string) error {
		p.Name = args[0]
		argv := args[1:]
		if len(argv) == 0 {
			argv = []string{a.shell()}
		}
		switch {
		case endpoint:
			return a.execEndpoint(cmd.Context(), p, argv)
		case static:
			return a.execStatic(cmd.Context(), p, argv)
		}
		return a.exec(cmd.Context(), p, argv)
	})
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 || cmd.ArgsLenAtDash() > 1 || cmd.ArgsLenAtDash() == 0 {
			return fob.Errorf(fob.ErrUsage, "fob exec takes one profile's name, then -- and a command").WithHint("fob exec NAME -- COMMAND")
		}
		return nil
	}
	c.ValidArgsFunction = a.names
	c.Flags().BoolVar(&static, "env", false, "give the program static variables, which stop working when they expire")
	c.Flags().BoolVar(&endpoint, "endpoint", false, "give the program an endpoint on loopback that answers it alone")
	c.MarkFlagsMutuallyExclusive("env", "endpoint")
	noSessionFlag(c, &p.NoSession)
	narrowFlags(c, &p.Narrow)
	return c
}

func (a *app) exec(ctx context.Context, p *api.DeliverParams, argv []string) error {
	p.Caller.Exe = a.exe()
	d, err := a.deliver(ctx, p)
	if err != nil {
		return err
	}
	a.leave()
	if err := a.enter(d, p.Name, p.Narrow, false); err != nil {
		return err
	}
	return run(argv, changed(a.unnested(), d))
}

// execStatic stays beside the program, to say when its variables have expired.
func (a *app) execStatic(ctx context.Context, p *api.DeliverParams, argv []string) error {
	p.Options, p.Caller.Exe = map[string]string{"mode": "env"}, a.exe()
	d, err := a.deliver(ctx, p)
	if err != nil {
		return err
	}
	a.leave()
	if err := a.enter(d, p.Name, p.Narrow, false); err != nil {
		return err
	}
	c, err := startChild(argv, changed(a.unnested(), d))
	if err != nil {
		return err
	}
	if expires, err := time.Parse(time.RFC3339, d.Set["AWS_CREDENTIAL_EXPIRATION"]); err == nil {
		timer := time.AfterFunc(time.Until(expires), func() {
			a.tell("the variables that " + argv[0] + " was started with have expired; without --env, credentials renew themselves")
		})
		defer timer.Stop()
	}
	return c.mirror(c.wait())
}

// shell is what runs when no command was given.
func (a *app) shell() string {
	if runtime.GOOS == "windows" {
		if s := a.getenv("ComSpec"); s != "" {
			return s
		}
		return "cmd.exe"
	}
	if s := a.getenv("SHELL"); s != "" {
		return s
	}
	return "/bin/sh"
}
