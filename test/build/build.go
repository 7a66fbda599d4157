// Package build makes the programs that tests from outside run.
package build

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"syscall"
)

// Programs builds packages of the module's cmd folder (fob, fob-agent, …) into
// dir, as the Makefile does; ../test/visit is the stories' browser. Without names
// it builds fob and fob-agent. Flags go to go build.
func Programs(dir string, flags []string, names ...string) error {
	if len(names) == 0 {
		names = []string{"fob", "fob-agent"}
	}
	for _, name := range names {
		if err := program(dir, flags, name); err != nil {
			return err
		}
	}
	return nil
}

func program(dir string, flags []string, name string) error {
	args := append([]string{"build", "-trimpath", "-o", dir + string(filepath.Separator)}, flags...)
	cmd := exec.Command("go", append(args, path.Join("fob/cmd", name))...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %v: %w\n%s", args, err, out)
	}
	return nil
}

// Temp builds fob and fob-agent into a new directory, all links resolved, that
// other users may enter. Call remove when the tests are over. What the tests start
// from then on finds no signal ignored, however the tests themselves were started.
func Temp() (dir string, remove func(), err error) {
	heedSignals()
	dir, err = os.MkdirTemp("", "fob-bin-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	if err = os.Chmod(dir, 0o755); err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err == nil {
		err = Programs(dir, nil)
	}
	if err != nil {
		remove()
		return "", nil, err
	}
	return dir, remove, nil
}

// heedSignals undoes, for the programs that are started, that the tests were started
// with signals ignored (nohup make test &): a program inherits that, but not that
// this process catches a signal. This process itself goes on ignoring it.
func heedSignals() {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}
