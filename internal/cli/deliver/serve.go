package deliver

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"fob/internal/cli/command"
	"fob/internal/fob"
	"fob/internal/quote"
)

// serveOptions are the flags of fob serve; the task's options have the flags' names.
type serveOptions struct {
	listen, tokenFile            string
	imds, force, json, noSession bool
	narrow                       fob.Narrow
}

// NewServe makes fob serve.
func NewServe(a *command.App) *cobra.Command {
	o := &serveOptions{}
	c := command.New("serve", func(cmd *cobra.Command, args []string) error {
		ctx, stop := command.UntilTold(cmd.Context())
		defer stop()
		way, t := o.task(args)
		t.Ready = func(d fob.Delivery) error {
			if !o.json { // a program with this run's proxy must not ask it for what is on this machine
				proxy := a.Environ.NoProxy()
				for _, name := range slices.Sorted(maps.Keys(proxy)) {
					d.Stdout += name + "=" + quote.Word(proxy[name]) + "\n"
				}
			}
			return a.Write(d)
		}
		return a.RunTask(ctx, way, t)
	})
	c.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return fob.Errorf(fob.ErrUsage, "fob serve takes the names of profiles").WithHint("fob serve NAME; fob list shows the names")
		case o.imds && len(args) > 1:
			return fob.Errorf(fob.ErrUsage, "instance metadata has the credentials of one profile").WithHint("fob serve %s --imds", args[0])
		case o.force && !o.imds:
			return fob.Errorf(fob.ErrUsage, "--force is for --imds: an endpoint with a token needs none")
		}
		return nil
	}
	c.ValidArgsFunction = a.Names
	flags := c.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "listen at `ADDRESS`: loopback and a port, or the absolute path of a socket")
	flags.StringVar(&o.tokenFile, "token-file", "", "write the token to `FILE`; for several names a folder, in which each gets a file")
	flags.BoolVar(&o.imds, "imds", false, "be the instance metadata service (IMDSv2), which any program of yours may ask")
	flags.BoolVar(&o.force, "force", false, "with --imds: also on a machine that is shared with other people")
	command.JSONFlag(c, &o.json)
	command.NoSessionFlag(c, &o.noSession)
	command.NarrowFlags(c, &o.narrow)
	c.MarkFlagsMutuallyExclusive("imds", "token-file")
	return c
}

func (o *serveOptions) task(names []string) (way string, t fob.Task) {
	way, t = "endpoint", fob.Task{Options: map[string][]string{"listen": {o.listen}}}
	if o.imds {
		way = "imds"
	}
	for _, name := range names {
		t.Requests = append(t.Requests, fob.Request{Profile: name, NoSession: o.noSession, Narrow: o.narrow})
	}
	if o.tokenFile != "" {
		t.Options["token-file"] = []string{o.tokenFile}
	}
	for name, is := range map[string]bool{"json": o.json, "force": o.force} {
		if is {
			t.Options[name] = []string{""}
		}
	}
	return way, t
}
