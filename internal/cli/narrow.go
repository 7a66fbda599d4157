//go:build !heartbeat

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/fob"
)

// narrowFlags bind what a command line can take away from a definition.
func narrowFlags(c *cobra.Command, n *fob.Narrow) {
	c.Flags().StringVar(&n.Region, "region", "", "the `REGION` to use instead of the profile's")
	_ = c.RegisterFlagCompletionFunc("region", cobra.NoFileCompletions)
	sessionFlags(c, n)
}

// sessionFlags bind all of that but the region.
func sessionFlags(c *cobra.Command, n *fob.Narrow) {
	f := c.Flags()
	f.Func("duration", "how long sessions last, as a `TIME` (45m, 12h) or in seconds", func(text string) (err error) {
		n.Duration, err = seconds(text)
		return err
	})
	f.Func("policy", "narrow the session by a policy: the JSON document in `FILE`, or a managed policy's ARN", func(text string) (err error) {
		if strings.HasPrefix(text, "arn:") {
			n.PolicyARNs = []string{text}
			return nil
		}
		n.Policy, err = policyFile(text)
		return err
	})
	f.BoolFunc("read-only", "narrow the session to reading (AWS's policy "+fob.ReadOnlyAccess+")", func(text string) error {
		if on, err := strconv.ParseBool(text); err != nil || !on {
			return err
		}
		n.PolicyARNs = []string{fob.ReadOnlyAccess}
		return nil
	})
	// What either of two session policies allows is allowed.
	c.MarkFlagsMutuallyExclusive("policy", "read-only")
	_ = c.RegisterFlagCompletionFunc("duration", cobra.FixedCompletions([]string{"15m", "1h", "4h", "12h"}, cobra.ShellCompDirectiveNoFileComp))
}

// seconds reads a duration: 45m, 1h30m, or a number of seconds.
func seconds(text string) (int, error) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second {
		return 0, errors.New("must be a time like 45m or 12h, or a number of seconds")
	}
	return int(d.Seconds()), nil
}

// policyFile reads a policy without its white space, which STS would count.
func policyFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return "", errors.New("is not JSON: " + err.Error())
	}
	return b.String(), nil
}
