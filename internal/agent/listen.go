package agent

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"fob/internal/api"
	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// watchPeriod is how often an agent checks that its socket still exists.
const watchPeriod = 2 * time.Minute

// joinLimit is how long a second agent waits for the first to listen.
const joinLimit = 5 * time.Second // less than the front end waits

// listenAndServe holds a lock for its home; with the socket alone, a dead agent could not be told
// from a slow one. If another agent is running, it says "ready" as well, because the front end that
// started this one can use the other.
func (a *Agent) listenAndServe(ctx context.Context, ready io.WriteCloser) error {
	if err := checkPrivate(a.home.RunDir); err != nil {
		return err
	}
	lock := atomicfile.Lock(filepath.Join(a.home.RunDir, "agent.lock"))
	mine, err := a.first(lock)
	if err != nil {
		return err
	}
	if !mine {
		return errors.Join(api.WriteReady(ready, nil), ready.Close())
	}
	defer lock.Unlock()
	listener, err := listen(a.home.Socket())
	if err != nil {
		return err
	}
	defer listener.Close()
	if announced := api.Announce(a.home); announced != nil {
		defer announced.Close()
	}
	told := a.written.Open()
	defer a.written.Close()
	_ = errors.Join(api.WriteReady(ready, told), ready.Close()) // the front end that started it may have left
	a.sweep()
	_ = os.Chdir(filepath.VolumeName(a.home.RunDir) + string(filepath.Separator)) // so that no file system stays in use by the working directory
	a.log.Info("agent started", "version", a.version, "pid", os.Getpid())
	go a.watch(ctx)
	a.accept(ctx, listener)
	a.log.Info("agent ends")
	return nil
}

// unused is the age at which unused private files of programs are deleted. A shell that fob use
// changed may be that old.
const unused = 90 * 24 * time.Hour

// sweep deletes old private files of fob exec and fob use.
func (a *Agent) sweep() {
	entries, err := os.ReadDir(a.home.Exec())
	if err != nil {
		return // there is none
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > unused {
			_ = os.Remove(filepath.Join(a.home.Exec(), e.Name()))
		}
	}
}

// first takes the lock, or finds another agent that holds it and answers. If that agent does not
// answer, it is starting or ending, and first waits for it.
func (a *Agent) first(lock *flock.Flock) (mine bool, err error) {
	for deadline := time.Now().Add(joinLimit); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if mine, err := lock.TryLock(); err != nil {
			return false, fob.Errorf(fob.ErrInternal, "cannot lock %s: %w", lock.Path(), err)
		} else if mine {
			return true, nil
		}
		if c, err := api.Dial(a.home.Socket()); err == nil {
			return false, c.Close()
		}
	}
	return false, fob.Errorf(fob.ErrInternal, "another agent holds the lock but does not answer at %s", a.home.Socket()).WithHint("end it, then try again")
}

// accept serves connections until ctx ends. Connections are closed after the socket is gone, so
// that a front end which sees its connection close can start a new agent.
func (a *Agent) accept(ctx context.Context, l net.Listener) {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	closed, closeAll := context.WithCancel(context.Background())
	failing := false
	for {
		nc, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			break
		}
		if err != nil { // out of file descriptors, for instance; other connections may end
			if !failing { // log it once, not fifty times a second
				a.log.Warn("accept failed", "error", err)
			}
			failing = true
			time.Sleep(20 * time.Millisecond)
			continue
		}
		failing = false
		caller, err := peer(nc)
		if err != nil {
			a.log.Warn("a connection was refused", "error", err)
			nc.Close()
			continue
		}
		c := newConn(nc, a.lastConn.Add(1), caller)
		a.conns.Go(func() {
			stop := context.AfterFunc(closed, c.finish)
			defer stop()
			a.serve(ctx, c)
		})
	}
	closeAll()
	served := make(chan struct{})
	go func() { a.conns.Wait(); close(served) }()
	select {
	case <-served:
	case <-time.After(lastLimit): // written files must still be deleted
		a.log.Warn("a request hangs; the agent ends without it")
	}
}

// watch ends the agent if its socket was removed or replaced: it cannot be reached any more, and a
// new agent will be started.
func (a *Agent) watch(ctx context.Context) {
	own, err := os.Lstat(a.home.Socket())
	if err != nil {
		return // on Windows it is not a file
	}
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if now, err := os.Lstat(a.home.Socket()); err != nil || !os.SameFile(own, now) {
				a.log.Warn("the socket was replaced or removed")
				a.quit()
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
