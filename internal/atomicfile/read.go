package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"fob/internal/fob"
	"fob/internal/quote"
)

// Limit is the size of the largest file that [Read] reads, in bytes.
const Limit = 64 << 20

// Patience is how long a read waits for the file system. One that wakes a disk or
// mounts something answers within seconds; a network home whose server is gone does
// not answer at all.
const Patience = 10 * time.Second

// retry is how often a file is tried again that another program holds a lease on.
const retry = 10 * time.Millisecond

// ErrIrregular is in the chain of the error for what is no regular file: a FIFO, a
// directory, a device, a socket.
var ErrIrregular = errors.New("not a regular file")

// ErrHangs is in the chain of the error for a file whose file system does not answer.
var ErrHangs = errors.New("the file system does not answer")

// Reader reads files that may be anything. It opens regular files only and without
// waiting for a writer, reads no more than a limit, and gives up after [Patience]. The
// null device is an empty file. Symbolic links are followed.
//
// No system lets go of a call to a file system that hangs, so what was given up goes on
// in the background. Until it ends, the Reader refuses that path at once: otherwise each
// further call would take one more thread. The zero value is ready for use. Methods may
// be called concurrently.
type Reader struct {
	mu    sync.Mutex
	stuck map[string]int // calls that were given up and have not returned, by path
}

// Read returns a whole file of at most [Limit] bytes, as [Reader.Read] does.
func Read(path string) ([]byte, error) {
	data, _, err := new(Reader).Read(path, Limit)
	return data, err
}

// Read returns a whole file, and what the file that was read is. The error is an
// [fs.PathError]; it has a hint for what is not regular, larger than limit bytes, or
// hangs.
func (r *Reader) Read(path string, limit int64) ([]byte, fs.FileInfo, error) {
	data, info, err := r.Head(path, limit+1)
	if err == nil && int64(len(data)) > limit {
		return nil, nil, failed("read", path, fob.Errorf(fob.ErrInternal, "larger than %d MiB", limit>>20).
			WithHint("put a smaller file in its place, or name another"))
	}
	return data, info, err
}

// Head returns the first n bytes of a file, or all of a shorter one.
func (r *Reader) Head(path string, n int64) ([]byte, fs.FileInfo, error) {
	got, err := within(r, path, func() (content, error) { return read(path, n) })
	return got.data, got.info, err
}

// Stat is [os.Stat] in bounded time.
func (r *Reader) Stat(path string) (fs.FileInfo, error) {
	return within(r, path, func() (fs.FileInfo, error) { return os.Stat(path) })
}

// StatAll is [Reader.Stat] of several paths, which waits for the file system once for
// all of them: to hand a call over and take its result back costs more than the call.
func (r *Reader) StatAll(paths ...string) ([]fs.FileInfo, []error) {
	type looked struct {
		infos []fs.FileInfo
		errs  []error
	}
	look := func(stat func(string) (fs.FileInfo, error)) looked {
		var all looked
		for _, path := range paths {
			info, err := stat(path)
			all.infos, all.errs = append(all.infos, info), append(all.errs, err)
		}
		return all
	}
	all, err := within(r, strings.Join(paths, "\x00"), func() (looked, error) { return look(os.Stat), nil })
	if err != nil { // one of them hangs: each by itself tells which
		all = look(r.Stat)
	}
	return all.infos, all.errs
}

type content struct {
	data []byte
	info fs.FileInfo
}

// read looks at a path before it opens it, since opening alone may do something: it
// wakes the writer of a FIFO, and rewinds a tape.
func read(path string, n int64) (content, error) {
	info, err := os.Stat(path)
	if err != nil {
		return content{}, err
	}
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
		return content{nil, info}, nil
	}
	if err := regular(path, info); err != nil {
		return content{}, err
	}
	f, err := open(path, os.O_RDONLY, 0)
	if err != nil {
		return content{}, err
	}
	defer f.Close()
	if info, err = f.Stat(); err == nil {
		err = regular(path, info) // it may be another by now
	}
	if err != nil {
		return content{}, err
	}
	data, err := io.ReadAll(io.LimitReader(f, n))
	return content{data, info}, err
}

// open opens a file without waiting for the other end of a FIFO. A file on which another
// program holds a lease is tried again: that program is told and has to let go.
func open(path string, flags int, mode fs.FileMode) (*os.File, error) {
	for began := time.Now(); ; time.Sleep(retry) {
		f, err := os.OpenFile(path, flags|nonBlocking, mode)
		if err == nil || !leased(err) || time.Since(began) > Patience {
			return f, err
		}
	}
}

// regular returns an error for what is no regular file.
func regular(path string, info fs.FileInfo) error {
	what := "no regular file"
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		what = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		what = "a FIFO"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	}
	err := fob.Errorf(fob.ErrInternal, "it is %s and no file", what)
	err.Cause = ErrIrregular
	if info.Mode()&fs.ModeDevice != 0 {
		return failed("open", path, err.WithHint("name a file instead"))
	}
	word := quote.Word(path)
	return failed("open", path, err.WithHint("put a file in its place (mv %s %s.away), or name another", word, word))
}

func failed(op, path string, err error) error {
	return &fs.PathError{Op: op, Path: path, Err: err}
}

func hangs(path string) error {
	err := fob.Errorf(fob.ErrInternal, "no answer from its file system")
	err.Cause = ErrHangs
	return failed("read", path, err.WithHint("ls -l %s must answer again; else name a file elsewhere", quote.Word(path)))
}

// within runs do, which does nothing but call the file system for path, and waits for it
// as long as a [Reader] does.
func within[T any](r *Reader, path string, do func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	r.mu.Lock()
	stuck := r.stuck[path] > 0
	r.mu.Unlock()
	if stuck {
		return none, hangs(path)
	}
	ended := make(chan result, 1)
	givenUp := false // guarded by r.mu
	go func() {
		var end result
		end.value, end.err = do()
		ended <- end
		r.mu.Lock()
		defer r.mu.Unlock()
		if givenUp {
			r.count(path, -1)
		}
	}()
	limit := time.NewTimer(Patience)
	defer limit.Stop()
	select {
	case end := <-ended:
		return end.value, end.err
	case <-limit.C:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case end := <-ended: // at the last moment
		return end.value, end.err
	default:
	}
	givenUp = true
	r.count(path, 1)
	return none, hangs(path)
}

// count counts the calls that were given up. The caller holds r.mu.
func (r *Reader) count(path string, n int) {
	if r.stuck == nil {
		r.stuck = map[string]int{}
	}
	if r.stuck[path] += n; r.stuck[path] == 0 {
		delete(r.stuck, path)
	}
}
