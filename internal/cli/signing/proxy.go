package signing

import (
	"context"

	"github.com/spf13/cobra"

	"fob/internal/cli/command"
	"fob/internal/fob"
)

// proxyOptions are the flags of fob proxy; the task's options have the flags' names.
type proxyOptions struct {
	to                                         []string
	listen, tokenFile, service, region, caFile string
	noToken, v4a, browser, noSession           bool
}

// NewProxy makes fob proxy.
func NewProxy(a *command.App) *cobra.Command {
	o := &proxyOptions{}
	c := a.OneName(command.New("proxy", func(cmd *cobra.Command, args []string) error {
		ctx, stop := command.UntilTold(cmd.Context())
		defer stop()
		t := o.task(args[0])
		t.Ready = func(d fob.Delivery) error { return proxyReady(ctx, a, d) }
		a.SigningIn = a.SigningIn || o.browser
		return a.RunTask(ctx, "proxy", t)
	}))
	flags := c.Flags()
	flags.StringArrayVar(&o.to, "to", nil, "sign for `HOST`, which may be a URL without a path; may be given several times")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "listen at `ADDRESS`: loopback and a port, or the absolute path of a socket")
	flags.StringVar(&o.tokenFile, "token-file", "", "write the token to `FILE`")
	flags.BoolVar(&o.noToken, "no-token", false, "ask for no token; only on a socket, where that is so without this flag")
	flags.BoolVar(&o.browser, "browser", false, "open it in the browser, which is let in by a link that works once")
	flags.StringVar(&o.service, "service", "", "sign for `SERVICE`; without it the host tells")
	flags.StringVar(&o.region, "region", "", "sign for `REGION`; without it the host tells, or the profile")
	flags.BoolVar(&o.v4a, "sigv4a", false, "sign with Signature Version 4A, for any region")
	flags.StringVar(&o.caFile, "cacert", "", "trust the certificates in `FILE`, and no others")
	command.NoSessionFlag(c, &o.noSession)
	c.MarkFlagsMutuallyExclusive("no-token", "token-file")
	_ = c.RegisterFlagCompletionFunc("to", cobra.NoFileCompletions)
	return c
}

func (o *proxyOptions) task(name string) fob.Task {
	t := fob.Task{Requests: []fob.Request{{Profile: name, NoSession: o.noSession}}, Options: map[string][]string{"to": o.to}}
	for name, value := range map[string]string{
		"listen": o.listen, "token-file": o.tokenFile, "service": o.service, "region": o.region, "cacert": o.caFile,
	} {
		if value != "" {
			t.Options[name] = []string{value}
		}
	}
	for name, is := range map[string]bool{"no-token": o.noToken, "sigv4a": o.v4a, "browser": o.browser} {
		if is {
			t.Options[name] = []string{""}
		}
	}
	return t
}

// proxyReady prints the proxy's address, and with --browser opens its page.
func proxyReady(ctx context.Context, a *command.App, d fob.Delivery) error {
	if err := a.Write(d); err != nil || d.URL == "" {
		return err
	}
	return a.Open(ctx, fob.Page{Title: "the proxy's server", URL: d.URL, Always: true})
}
