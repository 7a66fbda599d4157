// Package signing has the commands that sign requests: sign, curl and proxy.
package signing

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/curlflags"
	"fob/internal/fob"
)

// signOptions are the flags of fob sign: a request, and how to sign it.
type signOptions struct {
	curlflags.Request
	service, region, regionSet, at, presign string
	asymmetric, unsigned, curl, json        bool
	noSession                               bool
	narrow                                  fob.Narrow
}

// NewSign makes fob sign.
func NewSign(a *command.App) *cobra.Command {
	o := &signOptions{}
	c := command.New("sign", func(cmd *cobra.Command, args []string) error {
		o.URL = args[1]
		return o.run(cmd.Context(), a, args[0])
	})
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 2 {
			return fob.Errorf(fob.ErrUsage, "fob sign takes one profile's name and one URL").WithHint("fob sign NAME URL; fob sign --help")
		}
		return nil
	}
	c.ValidArgsFunction = a.Names
	o.bind(c)
	return c
}

func (o *signOptions) bind(c *cobra.Command) {
	o.Request.Bind(c)
	f := c.Flags()
	f.StringVar(&o.service, "service", "", "signing `NAME` of the service, where the host does not tell it: execute-api, es, s3")
	f.StringVar(&o.region, "region", "", "`REGION` to sign for, where the host does not tell it")
	f.StringVar(&o.at, "at", "", "sign as if it were `TIME`, such as 2006-01-02T15:04:05Z")
	f.StringVar(&o.presign, "presign", "", "print a URL that works for a `TIME` (15m, or in seconds; 168h at most) instead of headers")
	f.BoolVar(&o.unsigned, "unsigned-payload", false, "leave the body out of the signature, where the service allows that")
	f.BoolVar(&o.asymmetric, "sigv4a", false, "sign with Signature Version 4a, which is good for several regions")
	f.StringVar(&o.regionSet, "region-set", "", "`REGIONS` that a Signature Version 4a is good for: us-east-1,eu-* or *")
	f.BoolVar(&o.curl, "curl", false, "print a curl command that makes the request")
	f.BoolVar(&o.json, "json", false, "print JSON")
	command.NoSessionFlag(c, &o.noSession)
	command.SessionFlags(c, &o.narrow)
	c.MarkFlagsMutuallyExclusive("curl", "json")
	c.MarkFlagsMutuallyExclusive("region", "region-set")
	for _, name := range []string{"service", "region", "at", "presign", "region-set", "request", "header"} {
		_ = c.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
}

// params returns what to ask of the agent for a request with its headers settled. The
// body is read, from stdin if the flags say so, for its hash.
func (o *signOptions) params(name string, headers []curlflags.Header, stdin io.Reader) (*api.DeliverParams, error) {
	p := &api.DeliverParams{Way: "sign", Name: name, NoSession: o.noSession, Narrow: o.narrow, Options: map[string]string{
		"method": o.Method, "url": o.URL, "headers": curlflags.Lines(headers), "service": o.service, "region": o.region,
		"at": o.at, "presign": o.presign,
	}}
	if o.asymmetric || o.regionSet != "" {
		p.Options["algorithm"] = "v4a"
	}
	if o.regionSet != "" {
		p.Options["region"] = o.regionSet
	}
	hash, err := o.Hash(stdin, o.unsigned)
	if err != nil {
		return nil, err
	}
	p.Options["payload"] = hash
	if n, err := command.Seconds(o.presign); err == nil { // for anything else the agent returns an error
		p.MinValid, p.Options["presign"] = n, (time.Duration(n) * time.Second).String()
	}
	return p, nil
}

func (o *signOptions) run(ctx context.Context, a *command.App, name string) error {
	headers, err := o.Settle()
	if err != nil {
		return err
	}
	p, err := o.params(name, headers, a.In)
	if err != nil {
		return err
	}
	d, err := a.Deliver(ctx, p)
	if err != nil {
		return err
	}
	return writeSignature(a, o, headers, d)
}

// writeSignature prints the headers to set, or the presigned URL.
func writeSignature(a *command.App, o *signOptions, sent []curlflags.Header, d fob.Delivery) error {
	var set []curlflags.Header
	if o.presign == "" {
		// A Content-Type that was added for --data is signed, so it is printed too.
		set = append(sent[len(o.Given()):len(sent):len(sent)], curlflags.ParseLines(d.Stdout)...)
	} else {
		o.URL = strings.TrimSpace(d.Stdout)
		if len(sent) > 0 && !o.curl {
			a.Tell("whoever uses this URL must send the same headers: " + strings.ReplaceAll(strings.TrimSpace(curlflags.Lines(sent)), "\n", "; "))
		}
	}
	switch {
	case o.curl:
		a.Tell("this command holds a live signature: whoever has it can make this request, for some minutes or as long as the URL lasts")
		d.Stdout = o.Command(set)
	case o.json:
		named := map[string]string{}
		for _, h := range set {
			named[h.Name] = h.Value
		}
		return a.PrintJSON(struct {
			Method  string            `json:"method"`
			URL     string            `json:"url"`
			Headers map[string]string `json:"headers"`
		}{o.Method, o.URL, named})
	case o.presign == "":
		d.Stdout = curlflags.Lines(set)
	}
	return a.Write(d)
}
