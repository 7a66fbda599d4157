package agent

import (
	"errors"
	"io/fs"
	"path/filepath"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// maxNamed is the size of the largest file that a definition may name, in bytes: a
// token, a certificate, a key.
const maxNamed = 1 << 20

// namedFiles are the files that definitions name: tokens that something else renews,
// certificates, keys.
type namedFiles struct{ reader atomicfile.Reader }

// read returns the content of a file; [fob.ErrNotFound] if there is none.
func (n *namedFiles) read(path string) ([]byte, error) {
	if !filepath.IsAbs(path) { // the agent's directory is not the caller's
		return nil, fob.Errorf(fob.ErrUsage, "%s is not an absolute path", path).WithHint("name it from the root: /…/%s", filepath.Base(path))
	}
	data, _, err := n.reader.Read(path, maxNamed)
	switch {
	case err == nil:
		return data, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fob.Errorf(fob.ErrNotFound, "there is no file %s", path)
	case errors.Is(err, atomicfile.ErrHangs):
		return nil, fob.Errorf(fob.ErrInternal, "cannot read a file that a profile names: %w", err)
	}
	return nil, fob.Errorf(fob.ErrUsage, "cannot read a file that a profile names: %w", err)
}
