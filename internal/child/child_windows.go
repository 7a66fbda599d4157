package child

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"

	"fob/internal/fob"
)

// Child is a program that runs below this process. Ctrl-C reaches both from the
// console; this one lets the program decide.
type Child struct{ cmd *exec.Cmd }

// Start starts a program with this process's standard streams.
func Start(argv, env []string) (*Child, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fob.Errorf(fob.ErrUsage, "cannot run %s: %w", argv[0], err), ExitStatus(127))
	}
	return &Child{cmd}, nil
}

// Wait waits until the program ends.
func (c *Child) Wait() error {
	err := c.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return ExitStatus(exit.ExitCode())
	}
	return err
}

// Mirror has nothing to do: a program ends with a status here, whatever ended it.
func (c *Child) Mirror(err error) error { return err }
