//go:build !heartbeat

package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/fob"
)

// signOptions are the flags of fob sign: a request, and what is wanted of it.
type signOptions struct {
	httpRequest
	service, region, regionSet, at, presign string
	asymmetric, unsigned, curl, json        bool
}

func (a *app) newSign() *cobra.Command {
	o := &signOptions{}
	p := &api.DeliverParams{Way: "sign"}
	c := a.command("sign", func(cmd *cobra.Command, args []string) error {
		p.Name, o.url = args[0], args[1]
		return a.sign(cmd.Context(), p, o)
	})
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 2 {
			return fob.Errorf(fob.ErrUsage, "fob sign takes one profile's name and one URL").WithHint("fob sign NAME URL; fob sign --help")
		}
		return nil
	}
	c.ValidArgsFunction = a.names
	o.bind(c)
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
	noSessionFlag(c, &p.NoSession)
	sessionFlags(c, &p.Narrow)
	c.MarkFlagsMutuallyExclusive("curl", "json")
	c.MarkFlagsMutuallyExclusive("region", "region-set")
	for _, name := range []string{"service", "region", "at", "presign", "region-set", "request", "header"} {
		_ = c.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return c
}

func (a *app) sign(ctx context.Context, p *api.DeliverParams, o *signOptions) error {
	headers, err := o.settle()
	if err != nil {
		return err
	}
	p.Options = map[string]string{
		"method": o.method, "url": o.url, "headers": lines(headers), "service": o.service, "region": o.region,
		"at": o.at, "presign": o.presign,
	}
	if o.asymmetric || o.regionSet != "" {
		p.Options["algorithm"] = "v4a"
	}
	if o.regionSet != "" {
		p.Options["region"] = o.regionSet
	}
	if p.Options["payload"], err = o.hash(a.In, o.unsigned); err != nil {
		return err
	}
	if n, err := seconds(o.presign); err == nil { // else the agent says what is wrong
		p.MinValid, p.Options["presign"] = n, (time.Duration(n) * time.Second).String()
	}
	d, err := a.deliver(ctx, p)
	if err != nil {
		return err
	}
	return a.writeSignature(o, headers, d)
}

// writeSignature prints what was delivered: the headers to set, or the URL.
func (a *app) writeSignature(o *signOptions, sent []header, d fob.Delivery) error {
	var set []header
	if o.presign == "" {
		// Content-Type goes with the signature where nobody but fob said it.
		set = append(sent[len(o.given()):len(sent):len(sent)], parseLines(d.Stdout)...)
	} else {
		o.url = strings.TrimSpace(d.Stdout)
		if len(sent) > 0 && !o.curl {
			a.tell("whoever uses this URL must send the same headers: " + strings.ReplaceAll(strings.TrimSpace(lines(sent)), "\n", "; "))
		}
	}
	switch {
	case o.curl:
		a.tell("this command holds a live signature: whoever has it can make this request, for some minutes or as long as the URL lasts")
		d.Stdout = o.curlCommand(set)
	case o.json:
		named := map[string]string{}
		for _, h := range set {
			named[h.name] = h.value
		}
		return a.printJSON(struct {
			Method  string            `json:"method"`
			URL     string            `json:"url"`
			Headers map[string]string `json:"headers"`
		}{o.method, o.url, named})
	case o.presign == "":
		d.Stdout = lines(set)
	}
	return a.write(d)
}

// header is one header of a request.
type header struct{ name, value string }

func lines(headers []header) string {
	var b strings.Builder
	for _, h := range headers {
		fmt.Fprintf(&b, "%s: %s\n", h.name, h.value)
	}
	return b.String()
}

func parseLines(text string) []header {
	var headers []header
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		headers = append(headers, header{name, value})
	}
	return headers
}
