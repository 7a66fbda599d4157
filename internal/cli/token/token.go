// Package token has fob token, for tools that take a token instead of credentials.
package token

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/child"
	"fob/internal/cli/command"
	"fob/internal/fob"
	"fob/internal/terminal"
)

// helperLimit is the most that is read of what git and Docker write to a credential helper,
// in bytes.
const helperLimit = 64 << 10

// NewToken makes fob token.
func NewToken(a *command.App) *cobra.Command {
	return command.Group("token", newTokenEKS(a), newTokenRDS(a), newTokenCodeCommit(a), newTokenECR(a))
}

// tokenCommand makes a command that prints a token. options turns its argument into the
// delivery's options; if it returns nil, there is nothing to deliver.
func tokenCommand(a *command.App, kind string, takes []string, options func(arg string) (map[string]string, error)) *cobra.Command {
	p := &api.DeliverParams{Way: "token"}
	var profile string
	c := command.New("token "+kind, func(cmd *cobra.Command, args []string) error {
		opts, err := options(args[0])
		if err != nil || opts == nil {
			return err
		}
		if p.Name = profile; profile == "" {
			if err = actFor(a, p); err != nil {
				return err
			}
		}
		opts["for"] = kind
		p.Options = opts
		d, err := a.Deliver(cmd.Context(), p)
		if err != nil {
			return err
		}
		return a.Write(d)
	})
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fob.Errorf(fob.ErrUsage, "%s takes one argument", cmd.CommandPath()).WithHint("%s", cmd.UseLine())
		}
		return nil
	}
	c.ValidArgs = takes
	c.Flags().StringVar(&profile, "profile", "", "the `NAME` of the profile; without it that of AWS_PROFILE")
	_ = c.RegisterFlagCompletionFunc("profile", func(cmd *cobra.Command, _ []string, text string) ([]string, cobra.ShellCompDirective) {
		return a.Names(cmd, nil, text)
	})
	command.NarrowFlags(c, &p.Narrow)
	return c
}

// actFor sets the profile and the restrictions of the surrounding fob exec, from the
// environment: the helper of a tool must not get more permissions than the tool has.
func actFor(a *command.App, p *api.DeliverParams) error {
	name, narrowed := a.Environ.Acting()
	if name == "" {
		return fob.Errorf(fob.ErrUsage, "neither --profile nor AWS_PROFILE says for which profile").WithHint("--profile NAME, or fob exec NAME -- …")
	}
	own := p.Narrow
	if (own.Policy != "" || len(own.PolicyARNs) > 0) && (narrowed.Policy != "" || len(narrowed.PolicyARNs) > 0) {
		return fob.Errorf(fob.ErrUsage, "%s is narrowed here already, and another policy beside that one would widen it", name).WithHint("--profile %s, with the policy", name)
	}
	p.Name, p.Narrow = name, fob.Narrow{
		Region: cmp.Or(own.Region, narrowed.Region), Duration: cmp.Or(own.Duration, narrowed.Duration),
		Policy: cmp.Or(own.Policy, narrowed.Policy), PolicyARNs: append(own.PolicyARNs, narrowed.PolicyARNs...),
	}
	return nil
}

func newTokenEKS(a *command.App) *cobra.Command {
	return tokenCommand(a, "eks", nil, func(cluster string) (map[string]string, error) {
		version, warning := execVersion(a.Getenv("KUBERNETES_EXEC_INFO"))
		if warning != "" {
			a.Tell("warning: " + warning)
		}
		return map[string]string{"cluster": cluster, "api": version}, nil
	})
}

// execVersion returns the version of its protocol that a client asks for in
// KUBERNETES_EXEC_INFO. One that asks for nothing, or for what fob does not know, gets v1
// and a warning: the token is the same in all versions, and what the client makes of the
// answer is for it to say. Charts and operators leave the variable empty or set it wrongly.
func execVersion(info string) (version, warning string) {
	const group, newest, mend = "client.authentication.k8s.io/", "v1", "; apiVersion: client.authentication.k8s.io/v1 belongs in the user's exec section of the kubeconfig"
	if strings.TrimSpace(info) == "" {
		return newest, ""
	}
	var asked struct {
		APIVersion string `json:"apiVersion"`
	}
	if json.Unmarshal([]byte(info), &asked) != nil || asked.APIVersion == "" {
		return newest, "KUBERNETES_EXEC_INFO names no apiVersion; the answer is " + group + newest + mend
	}
	switch version, known := strings.CutPrefix(asked.APIVersion, group); {
	case known && (version == newest || version == "v1beta1"):
		return version, ""
	case known && version == "v1alpha1":
		return version, group + version + " is asked for, which kubectl has not taken since 1.24" + mend
	}
	return newest, "KUBERNETES_EXEC_INFO asks for " + asked.APIVersion + ", which fob does not know; the answer is " + group + newest + mend
}

func newTokenRDS(a *command.App) *cobra.Command {
	return tokenCommand(a, "rds", nil, func(target string) (map[string]string, error) {
		return map[string]string{"target": target}, nil
	})
}

func newTokenCodeCommit(a *command.App) *cobra.Command {
	return tokenCommand(a, "codecommit", []string{"get", "store", "erase"}, func(verb string) (map[string]string, error) {
		input, err := helperInput(a)
		if verb != "get" {
			return nil, err // nothing is stored; unknown verbs are ignored, as git asks of helpers
		}
		return map[string]string{"input": input}, err
	})
}

func newTokenECR(a *command.App) *cobra.Command {
	verbs := []string{"get", "store", "erase", "list", "version"}
	c := tokenCommand(a, "ecr", verbs, func(verb string) (map[string]string, error) {
		switch verb {
		case "get":
			input, err := helperInput(a)
			return map[string]string{"input": input}, err
		case "store", "erase":
			_, err := helperInput(a)
			return nil, err
		case "list":
			return nil, a.Write(fob.Delivery{Stdout: "{}\n"})
		case "version":
			return nil, a.Write(fob.Delivery{Stdout: "fob token ecr " + a.Version + "\n"})
		}
		return nil, fob.Errorf(fob.ErrUsage, "Docker's helpers know no verb %q", verb).WithHint("fob token ecr %s", strings.Join(verbs, "|"))
	})
	// On failure Docker shows what its helper has printed on stdout, not on stderr.
	run := c.RunE
	c.RunE = command.Runs(func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if err != nil && args[0] == "get" {
			text := err.Error()
			if hint := fob.HintOf(err); hint != "" {
				text += " (hint: " + hint + ")"
			}
			fmt.Fprintln(a.Out, terminal.Clean(text))
			return child.ExitStatus(1)
		}
		return err
	})
	return c
}

func helperInput(a *command.App) (string, error) {
	text, err := io.ReadAll(io.LimitReader(a.In, helperLimit+1))
	if err != nil || len(text) > helperLimit {
		return "", fob.Errorf(fob.ErrUsage, "standard input cannot be read, or is too long")
	}
	return string(text), nil
}
