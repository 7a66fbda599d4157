//go:build unix

package atomicfile

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fob/internal/fob"
)

// What is no regular file is refused by name, at once: without a writer a FIFO would
// hang here, and a device would never end.
func TestIrregular(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "fob") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	at := func(name string) string { return filepath.Join(dir, name) }
	fifo := syscall.Mkfifo(at("fifo"), 0o600)
	held := syscall.Mkfifo(at("held"), 0o600)
	socket, e := net.Listen("unix", at("socket"))
	err = errors.Join(fifo, held, e, os.Mkdir(at("directory"), 0o700), os.Symlink(at("fifo"), at("link")), os.Symlink("/dev/zero", at("device")))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	writer, err := os.OpenFile(at("held"), os.O_RDWR, 0) // has it open, and never writes
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	for name, what := range map[string]string{
		"fifo": "a FIFO", "held": "a FIFO", "link": "a FIFO", "socket": "a socket", "directory": "a directory", "device": "a device",
	} {
		for does, do := range map[string]func(path string) error{
			"read":   func(path string) error { _, err := Read(path); return err },
			"head":   func(path string) error { _, _, err := new(Reader).Head(path, 1); return err },
			"append": func(path string) error { _, err := Append(path); return err },
		} {
			err := do(at(name))
			if !errors.Is(err, ErrIrregular) || !strings.Contains(err.Error(), at(name)) || !strings.Contains(err.Error(), what) || fob.HintOf(err) == "" {
				t.Errorf("%s %s: %v (%s)", does, name, err, fob.HintOf(err))
			}
		}
	}
	if info, err := os.Lstat(at("fifo")); err != nil || info.Mode().IsRegular() {
		t.Error("the FIFO is gone", err)
	}
	lock := Lock(at("fifo"))
	if mine, err := lock.TryLock(); !mine || err != nil { // anything will do that can be locked
		t.Error(mine, err)
	}
	_ = lock.Unlock()
}
