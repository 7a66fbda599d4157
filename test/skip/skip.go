// Package skip is the only place in which tests are skipped.
//
// What an installation could mend is [Missing] where people try things out, and a
// failure where CI is set to true: there test/setup has installed all. What no
// installation can mend is a [Reason], and skipped everywhere.
package skip

import (
	"errors"
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
	record(t, string(why))
	t.Skip(string(why))
}

// Missing skips a test that needs what is not installed; where CI is set it fails.
func Missing(t T, format string, args ...any) {
	helper(t)
	what := fmt.Sprintf(format, args...)
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
		return // a T that notes what happens goes on
	}
	record(t, what)
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

// List names the variable with the file that collects what was skipped: go test says
// nothing of it where a package passes. test/all prints the file at the end.
const List = "FOB_TEST_SKIPPED"

// record adds a line to the list: the test and why. A case that rapid discards is none.
func record(t T, why string) {
	named, ok := t.(interface{ Name() string })
	path := os.Getenv(List)
	if !ok || path == "" || why == string(Discarded) {
		return
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err == nil {
		_, err = f.WriteString(named.Name() + ": " + why + "\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// helper makes the line of a test that is skipped that of the caller; stories have
// none.
func helper(t T) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
}
