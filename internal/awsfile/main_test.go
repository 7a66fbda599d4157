package awsfile_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"

	"fob/internal/awsfile"
)

// TestMain makes this binary its own helper: with AWSFILE_HELPER set it edits a
// file as a program of its own would, to be killed, starved, or run beside others.
func TestMain(m *testing.M) {
	if os.Getenv("AWSFILE_HELPER") == "" {
		// More than rapid's 100 checks; -rapid.checks still wins.
		_ = flag.Set("rapid.checks", "1000")
		_ = flag.Set("rapid.nofailfile", "true")
		os.Exit(m.Run())
	}
	if err := helper(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// helper adds count sections, each in an update of its own.
func helper(path, lockDir, name, count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	for i := range n {
		err := awsfile.Update(context.Background(), awsfile.Config, path, lockDir, func(f *awsfile.File) error {
			return f.Set("profile", name+strconv.Itoa(i), "region", "eu-west-1")
		})
		if err != nil {
			return err
		}
	}
	return nil
}
