//go:build !heartbeat

package cli

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"

	"fob/internal/fob"
)

// child is a program that runs below this process. Ctrl-C reaches both from the
// console; this one lets the program decide.
type child struct{ cmd *exec.Cmd }

func startChild(argv, env []string) (*child, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fob.Errorf(fob.ErrUsage, "cannot run %s: %w", argv[0], err), exitStatus(127))
	}
	return &child{cmd}, nil
}

func (c *child) wait() error {
	err := c.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitStatus(exit.ExitCode())
	}
	return err
}

// mirror has nothing to do: a program ends with a status here, whatever ended it.
func (c *child) mirror(err error) error { return err }
