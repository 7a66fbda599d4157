package atomicfile

import (
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A file on which a program holds a lease (Samba does) is read once that program has
// let go, which the kernel asks it to.
func TestLease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "text")
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGIO)
	defer signal.Stop(asked)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Fatal(err)
	}
	go func() {
		<-asked
		_, _ = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
	}()
	if got, err := Read(path); err != nil || string(got) != "text" {
		t.Errorf("%q, %v", got, err)
	}
}
