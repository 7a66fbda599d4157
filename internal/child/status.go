// Package child runs programs: in this process's place, or below it.
package child

import "fmt"

// ExitStatus is the exit code of a program that fob exec ran, to be passed on
// without a message.
type ExitStatus int

func (s ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }
