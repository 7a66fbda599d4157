//go:build unix

package child

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"fob/internal/fob"
)

// Run replaces this process by the program (exec), so that signals, the terminal, the exit
// status and the process id are the program's own. It is looked up in the PATH of env. Run
// returns only on failure; the error has the shells' exit code, 127 for a program that is
// not found and 126 for one that cannot be executed.
func Run(argv, env []string) error {
	path, err := lookPath(argv[0], env)
	if err != nil {
		return err
	}
	return Become(path, argv, env)
}

// Become is [Run] for a program whose path is known: argv[0] is only what it is called.
func Become(path string, argv, env []string) error {
	return notStarted(argv[0], syscall.Exec(path, argv, env))
}

// lookPath searches the PATH that the program will have.
func lookPath(name string, env []string) (string, error) {
	if strings.ContainsRune(name, '/') {
		return name, nil
	}
	var list string
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			list = v
		}
	}
	found := error(syscall.ENOENT)
	for _, dir := range filepath.SplitList(list) {
		if dir == "" {
			dir = "."
		}
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil || info.IsDir() {
			continue
		}
		if info.Mode()&0o111 != 0 {
			return path, nil
		}
		found = syscall.EACCES
	}
	return "", notStarted(name, found)
}

// notStarted adds the exit code that shells use: 127 not found, 126 not executable.
func notStarted(name string, err error) error {
	code := ExitStatus(126)
	if errors.Is(err, syscall.ENOENT) {
		code = 127
	}
	return errors.Join(fob.Errorf(fob.ErrUsage, "cannot run %s: %w", name, err), code)
}
