//go:build unix

package clients

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// goClientArg as the first argument makes the test's own binary a client, so
// that the SDK sees an environment and a home of its own.
const goClientArg = "as-client"

// goClient is what client.py and client.mjs are, with the Go SDK.
func goClient(args []string, out io.Writer) int {
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
	case len(args) == 4 && args[0] == "loop":
		seconds, err1 := strconv.ParseFloat(args[1], 64)
		pause, err2 := strconv.ParseFloat(args[2], 64)
		client, err3 := goSTS(ctx, args[3])
		if err1 != nil || err2 != nil || err3 != nil {
			say(args[3], "", fmt.Errorf("%v %v %v", err1, err2, err3))
			return 1
		}
		pace := time.NewTicker(time.Duration(pause * float64(time.Second)))
		defer pace.Stop()
		for end := time.Now().Add(time.Duration(seconds * float64(time.Second))); time.Now().Before(end); <-pace.C {
			arn, err := identity(ctx, client)
			say(args[3], arn, err)
		}
	default:
		return 2
	}
	return 0
}

func goSTS(ctx context.Context, name string) (*sts.Client, error) {
	var opts []func(*config.LoadOptions) error
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
