package child

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"

	"fob/internal/fob"
)

// Child is a child process. Ctrl-C in the console reaches both; this process ignores it
// and leaves the decision to the child.
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

// Wait waits until the child ends; its error is the child's [ExitStatus] unless that is 0.
func (c *Child) Wait() error {
	err := c.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return ExitStatus(exit.ExitCode())
	}
	return err
}

// Mirror returns err: on Windows every process ends with an exit status.
func (c *Child) Mirror(err error) error { return err }
