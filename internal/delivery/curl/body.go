package curl

import (
	"io"
	"os"

	"fob/internal/fob"
	"fob/internal/sigv4/remote"
)

// inMemory is how many bytes of a body of unknown length are kept in memory.
const inMemory = 1 << 20

// body returns the body that the options describe; nil if there is none.
func body(t fob.Task) (*remote.Body, error) {
	switch name := t.Option("file"); {
	case name == "-":
		if f, ok := t.In.(*os.File); ok {
			if at, err := f.Seek(0, io.SeekCurrent); err == nil && at == 0 {
				return fileBody(t, f, "standard input")
			}
		}
		return spool(t, t.In, "standard input")
	case name != "":
		f, err := os.Open(name)
		if err != nil {
			return nil, fob.Errorf(fob.ErrUsage, "cannot read %s: %w", name, err)
		}
		b, err := fileBody(t, f, name)
		if err != nil {
			_ = f.Close()
		}
		return b, err
	case t.Has("body"):
		b := remote.Bytes([]byte(t.Option("body")))
		if t.Has("unsigned-payload") {
			b.Hash = ""
		}
		return b, nil
	}
	return nil, nil
}

// fileBody sends a file. What can be read only once, such as a pipe, is copied first, because it is
// read twice: to hash it and to send it.
func fileBody(t fob.Task, f *os.File, name string) (*remote.Body, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fob.Errorf(fob.ErrUsage, "cannot read %s: %w", name, err)
	case info.IsDir():
		return nil, fob.Errorf(fob.ErrUsage, "%s is a directory", name).WithHint("name one file")
	case !info.Mode().IsRegular():
		defer f.Close()
		return spool(t, f, name)
	case t.Has("unsigned-payload"):
		return remote.Unsigned(f, info.Size()), nil
	}
	return remote.File(f, name)
}

func spool(t fob.Task, r io.Reader, name string) (*remote.Body, error) {
	b, err := remote.Spool(r, inMemory, remote.SpoolFolders(t.RunDir)...)
	if err != nil {
		return nil, fob.Errorf(fob.OutcomeOf(err).Kind, "cannot read %s: %w", name, err).WithHint("%s", fob.HintOf(err))
	}
	if t.Has("unsigned-payload") {
		b.Hash = ""
	}
	return b, nil
}
