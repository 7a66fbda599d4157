//go:build unix

package clients

import (
	"bufio"
	"context"
	"encoding/json"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"fob/test/fakeclock"
)

// goClientArg as the first argument makes the test's own binary a client, so
// that the SDK sees an environment and a home of its own.
const goClientArg = "as-client"

// goClient is what client.py and client.mjs are, with the Go SDK.
func goClient(args []string, in io.Reader, out io.Writer) int {
	ctx := context.Background()
	enc := json.NewEncoder(out)
	say := func(name, arn string, err error) {
		a := answer{Profile: name, Arn: arn}
		if err != nil {
			a.Error = err.Error()
		}
		_ = enc.Encode(a)
	}
	switch {
	case len(args) > 1 && args[0] == "identities":
		for _, name := range args[1:] {
			client, err := goSTS(ctx, name)
			if err != nil {
				say(name, "", err)
				continue
			}
			arn, err := identity(ctx, client)
			say(name, arn, err)
		}
	case len(args) == 2 && args[0] == "steps":
		fakeclock.Use()
		client, err := goSTS(ctx, args[1])
		if err != nil {
			say(args[1], "", err)
			return 1
		}
		for lines := bufio.NewScanner(in); lines.Scan(); {
			arn, err := identity(ctx, client)
			say(args[1], arn, err)
		}
	default:
		return 2
	}
	return 0
}

func goSTS(ctx context.Context, name string) (*sts.Client, error) {
	// A server on a busy machine may answer late at times.
	opts := []func(*config.LoadOptions) error{config.WithRetryMaxAttempts(20)}
	if name != "-" {
		opts = append(opts, config.WithSharedConfigProfile(name))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return nil, err
	}
	return sts.NewFromConfig(cfg), nil
}

func identity(ctx context.Context, client *sts.Client) (string, error) {
	out, err := client.GetCallerIdentity(ctx, nil)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Arn), nil
}
