// Package child runs programs, either in this process's place (exec) or as its child.
package child

import "fmt"

// ExitStatus is an exit code that fob passes on without a message of its own, such as that
// of the program that fob exec ran.
type ExitStatus int

func (s ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }
