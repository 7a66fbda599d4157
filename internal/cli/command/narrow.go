package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/fob"
)

// NarrowFlags binds the flags that restrict credentials further than their definition:
// --region, --duration, --policy and --read-only.
func NarrowFlags(c *cobra.Command, n *fob.Narrow) {
	c.Flags().Func("region", "the `REGION` to use instead of the profile's", func(text string) error {
		if text == "" || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return errors.New("must be a region, like eu-west-1")
		}
		n.Region = text
		return nil
	})
	_ = c.RegisterFlagCompletionFunc("region", cobra.NoFileCompletions)
	SessionFlags(c, n)
}

// SessionFlags binds those of [NarrowFlags] without --region.
func SessionFlags(c *cobra.Command, n *fob.Narrow) {
	f := c.Flags()
	f.Func("duration", "how long sessions last, as a `TIME` (45m, 12h) or in seconds", func(text string) (err error) {
		n.Duration, err = Seconds(text)
		return err
	})
	f.Func("policy", "narrow the session by a policy: the JSON document in `FILE`, or a managed policy's ARN", func(text string) (err error) {
		if n.Policy != "" || len(n.PolicyARNs) > 0 { // AWS allows what any session policy allows
			return errors.New("there is one session policy: a second would widen the session")
		}
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
	// AWS allows what any session policy allows: two would widen the session.
	c.MarkFlagsMutuallyExclusive("policy", "read-only")
	_ = c.RegisterFlagCompletionFunc("duration", cobra.FixedCompletions([]string{"15m", "1h", "4h", "12h"}, cobra.ShellCompDirectiveNoFileComp))
}

// Seconds parses a duration of at least a second: 45m, 1h30m, or a number of seconds.
func Seconds(text string) (int, error) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second {
		return 0, errors.New("must be a time like 45m or 12h, or a number of seconds")
	}
	return int(d.Seconds()), nil
}

// policyLimit is far more than STS accepts, white space included, in bytes.
const policyLimit = 64 << 10

// policyFile reads a policy and removes white space, which would count towards STS's limit.
func policyFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, policyLimit+1))
	if err != nil {
		return "", err
	}
	if len(text) > policyLimit {
		return "", errors.New("is too long for a session policy")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return "", errors.New("is not JSON: " + err.Error())
	}
	return b.String(), nil
}
