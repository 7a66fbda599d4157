package child

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"

	"fob/internal/fob"
)

// Run starts the program and waits. Console programs of one group all get Ctrl-C
// from the system; fob ignores it and lets the program decide.
func Run(argv, env []string) error {
	return Become(argv[0], argv, env)
}

// Become runs another program in this one's place, as far as Windows has that.
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
