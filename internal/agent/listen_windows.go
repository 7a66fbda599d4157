package agent

import (
	"net"
	"os"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"

	"fob/internal/fob"
)

func setUmask() {}

func harden() error { return nil }

func checkPrivate(string) error { return nil } // under the user's own profile directory

// listen makes a named pipe that belongs to this user, who alone may open it. winio refuses remote
// clients, and fails if the name is in use.
func listen(path string) (net.Listener, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cannot tell who runs the agent: %w", err)
	}
	sid := user.User.Sid.String()
	l, err := winio.ListenPipe(path, &winio.PipeConfig{SecurityDescriptor: "O:" + sid + "D:P(A;;GA;;;" + sid + ")"})
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cannot listen at %s: %w", path, err)
	}
	takeFirst(path)
	return l, nil
}

// takeFirst connects to the pipe before anybody is accepted. winio reserves the name by an
// end of the pipe that it never serves and that Windows lets nobody connect to, so this
// fails; wine does let clients connect to it, and the first one would wait for ever.
func takeFirst(path string) {
	if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		f.Close()
	}
}

// peer: the pipe's descriptor lets nobody else in.
func peer(net.Conn) (fob.Caller, error) { return fob.Caller{}, nil }

// parentOf returns nothing: the parent is not looked up on this system.
func parentOf(int) fob.Caller { return fob.Caller{} }
