package child

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"

	"fob/internal/fob"
)

// Run runs the program and waits for it; its error is the program's [ExitStatus] unless
// that is 0.
func Run(argv, env []string) error {
	return Become(argv[0], argv, env)
}

// Become is [Run] for a program whose path is known: argv[0] is only what it is called.
// Windows cannot replace a process, so this one waits. Ctrl-C reaches both from the
// console; this one ignores it and leaves the decision to the program.
func Become(path string, argv, env []string) error {
	cmd := exec.Command(path, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	signal.Ignore(os.Interrupt)
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return ExitStatus(exit.ExitCode())
	case err != nil:
		return errors.Join(fob.Errorf(fob.ErrUsage, "cannot run %s: %w", argv[0], err), ExitStatus(127))
	}
	return nil
}
