package signing

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"fob/internal/child"
	"fob/internal/cli/command"
	"fob/internal/curlflags"
	"fob/internal/fob"
)

// curlOptions are the flags of fob curl; the task's options have the flags' names.
type curlOptions struct {
	request           curlflags.Extended
	service, region   string
	v4a, unsigned     bool
	insecure          bool
	silent, showError bool
	noSession         bool
	texts             map[string]*string
	switches          map[string]*bool
}

// NewCurl makes fob curl.
func NewCurl(a *command.App) *cobra.Command {
	o := &curlOptions{texts: map[string]*string{}, switches: map[string]*bool{}}
	c := command.New("curl", func(cmd *cobra.Command, args []string) error {
		t, err := o.task(args, a.In)
		if err != nil {
			return err
		}
		return o.quiet(a.RunTask(cmd.Context(), "curl", t))
	})
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 2 {
			return fob.Errorf(fob.ErrUsage, "fob curl takes one profile's name and one URL").WithHint("fob curl NAME [flags] URL; fob list shows the names")
		}
		return nil
	}
	c.ValidArgsFunction = func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.Names(cmd, args, text)
	}
	o.bind(c)
	return c
}

func (o *curlOptions) bind(c *cobra.Command) {
	flags := c.Flags()
	o.request.Bind(c)
	flags.StringVar(&o.service, "service", "", "signing `NAME` of the service, where the host does not tell it: execute-api, es, s3")
	flags.StringVar(&o.region, "region", "", "`REGION` to sign for, where the host does not tell it")
	flags.BoolVar(&o.unsigned, "unsigned-payload", false, "leave the body out of the signature, where the service allows that")
	flags.BoolVar(&o.v4a, "sigv4a", false, "sign with Signature Version 4a, which is good for several regions")
	for _, f := range []struct{ name, short, usage string }{
		{"output", "o", "write the answer to `FILE`"},
		{"write-out", "w", "print `TEXT` at the end; %{http_code} and others stand for what happened"},
		{"max-time", "m", "give up after so many `SECONDS`"},
		{"connect-timeout", "", "give up connecting after so many `SECONDS`"},
		{"retry", "", "try `NUMBER` times more after 429, 5xx, or no answer"},
		{"max-redirs", "", "follow at most `NUMBER` redirects"},
		{"user-agent", "A", "say that the client is `NAME`"},
		{"cacert", "", "trust the certificates in `FILE`, and no others"},
	} {
		o.texts[f.name] = flags.StringP(f.name, f.short, "", f.usage)
	}
	*o.texts["max-redirs"] = "10"
	for _, f := range []struct{ name, short, usage string }{
		{"remote-name", "O", "write the answer to a file named like the URL's end"},
		{"include", "i", "print the answer's headers too"},
		{"location", "L", "follow redirects to the same server"},
		{"fail", "f", "print nothing and end with 6 if the answer is an error"},
		{"fail-with-body", "", "print the answer, and end with 6 if it is an error"},
		{"verbose", "v", "show what is sent and received on stderr, but no secret"},
		{"compressed", "", "ask for a compressed answer, and unpack it"},
	} {
		o.switches[f.name] = flags.BoolP(f.name, f.short, false, f.usage)
	}
	flags.BoolVarP(&o.silent, "silent", "s", false, "say nothing on stderr, errors too")
	flags.BoolVarP(&o.showError, "show-error", "S", false, "with -s, say what failed")
	flags.BoolVarP(&o.insecure, "insecure", "k", false, "not supported: see below")
	_ = flags.MarkHidden("insecure")
	command.NoSessionFlag(c, &o.noSession)
	for _, name := range []string{"request", "header", "service", "region", "write-out", "max-time", "connect-timeout", "retry", "max-redirs", "user-agent"} {
		_ = c.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
}

// task returns the task for the command's arguments and flags.
func (o *curlOptions) task(args []string, in *os.File) (fob.Task, error) {
	if o.insecure {
		return fob.Task{}, fob.Errorf(fob.ErrUsage, "fob sends no signed request to a server that cannot prove who it is, so there is no -k").
			WithHint("--cacert FILE trusts a certificate of your own")
	}
	if *o.switches["fail"] && *o.switches["fail-with-body"] {
		return fob.Task{}, fob.Errorf(fob.ErrUsage, "--fail and --fail-with-body exclude each other")
	}
	r := &o.request
	r.URL = args[1]
	asked := r.Method != ""
	headers, body, err := r.Read(in)
	if err != nil {
		return fob.Task{}, err
	}
	t := fob.Task{
		Requests: []fob.Request{{Profile: args[0], NoSession: o.noSession}}, Args: []string{r.URL},
		Options: map[string][]string{"method": {r.Method}, "header": headers},
	}
	set := func(name string, is bool, value string) {
		if is {
			t.Options[name] = []string{value}
		}
	}
	set("file", body.File != "", body.File)
	set("body", body.Has && body.File == "", string(body.Text))
	set("request", asked, "")
	set("head", r.Head, "")
	set("service", o.service != "", o.service)
	set("region", o.region != "", o.region)
	set("sigv4a", o.v4a, "")
	set("unsigned-payload", o.unsigned, "")
	set("silent", o.silent, "")
	for name, value := range o.texts {
		set(name, *value != "", *value)
	}
	for name, value := range o.switches {
		set(name, *value, "")
	}
	return t, nil
}

// quiet implements -s: of a failure only the exit code remains.
func (o *curlOptions) quiet(err error) error {
	var own *fob.Error
	if err == nil || !o.silent || o.showError || !errors.As(err, &own) && !errors.Is(err, context.Canceled) {
		return err
	}
	return child.ExitStatus(fob.OutcomeOf(err).Code)
}
