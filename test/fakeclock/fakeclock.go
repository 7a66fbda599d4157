// Package fakeclock has a program go by a clock that a test sets. libfaketime does so
// for the programs of others, but has no say in one without libc.
package fakeclock

import (
	"os"
	"strconv"
	"strings"
	"time"
	_ "unsafe" // for go:linkname

	_ "github.com/aws/aws-sdk-go-v2/aws" // whose clock nowTime is
)

// File is the variable that names libfaketime's file, which says how many seconds a
// clock is ahead of this machine's: +3600.
const File = "FAKETIME_TIMESTAMP_FILE"

// nowTime is the clock of the AWS SDK, which its own tests set.
//
//go:linkname nowTime github.com/aws/aws-sdk-go-v2/internal/sdk.NowTime
var nowTime func() time.Time

// Use has the AWS SDK of this program go by [Now].
func Use() { nowTime = Now }

// Now is the time by the file that the environment names; without one, this machine's.
func Now() time.Time {
	text, err := os.ReadFile(os.Getenv(File))
	ahead, wrong := strconv.Atoi(strings.TrimPrefix(string(text), "+"))
	if err != nil || wrong != nil {
		return time.Now()
	}
	return time.Now().Add(time.Duration(ahead) * time.Second)
}
