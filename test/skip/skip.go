// Package skip is the only place in which tests are skipped.
//
// What an installation could mend is [Missing] where people try things out, and a
// failure where CI is set to true: there test/setup has installed all. What no
// installation can mend is a [Reason], and skipped everywhere.
package skip

import (
	"fmt"
	"os"
	"os/exec"
)

// T is what is skipped: a test, a case of a property, a story.
type T interface {
	Skip(args ...any)
	Fatal(args ...any)
}

// Reason says why a test cannot run here, whatever is installed.
type Reason string

// The reasons there are.
const (
	NotRoot          Reason = "only root can mount, give files away and become another user"
	Windows          Reason = "on Windows, modes and links of files are another matter"
	BigEndian        Reason = "the table that is read is one of a little-endian machine"
	NoIPv6           Reason = "this machine has no IPv6"
	NoSecondLoopback Reason = "127.0.0.2 is no address of this machine"
	// NoMoto: no package manager that test/setup uses has it. PowerShell is in none
	// either, but no test starts it: what fob prints for it is held to its grammar.
	NoMoto Reason = "moto_server is not installed"
	// Discarded makes rapid draw another case.
	Discarded Reason = "the case that was drawn is none for this property"
)

// Because skips a test for a reason.
func Because(t T, why Reason) {
	helper(t)
	t.Skip(string(why))
}

// Missing skips a test that needs what is not installed; where CI is set it fails.
func Missing(t T, format string, args ...any) {
	helper(t)
	what := fmt.Sprintf(format, args...)
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Need is [Missing] for programs that are not in PATH.
func Need(t T, programs ...string) {
	helper(t)
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			Missing(t, "%s is not installed", p)
		}
	}
}

// helper makes the line of a test that is skipped that of the caller; stories have
// none.
func helper(t T) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
}
