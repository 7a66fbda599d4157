package remote

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"

	"fob/internal/fob"
)

// Body is a request's body, which can be sent more than once.
type Body struct {
	Size int64  // in bytes
	Hash string // SHA-256 in lower-case hex; empty for one made by [Unsigned]

	open  func() io.Reader
	close func() error
}

// Close removes temporary files and closes open ones.
func (b *Body) Close() error {
	if b == nil || b.close == nil {
		return nil
	}
	return b.close()
}

// Bytes is a body in memory.
func Bytes(text []byte) *Body {
	sum := sha256.Sum256(text)
	return &Body{Size: int64(len(text)), Hash: hex.EncodeToString(sum[:]), open: func() io.Reader { return bytes.NewReader(text) }}
}

// Unsigned is a body read from a regular file, opened at its start, and sent without its hash.
// Closing the body closes f.
func Unsigned(f *os.File, size int64) *Body {
	return &Body{Size: size, close: f.Close, open: func() io.Reader { return io.NewSectionReader(f, 0, size) }}
}

// File is a body read from a regular file, opened at its start; name is for messages. It is read
// twice: to hash it and to send it. If the content changed in between, sending fails with
// [fob.ErrConflict]. Closing the body closes f.
func File(f *os.File, name string) (*Body, error) {
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return nil, fob.Errorf(fob.ErrUsage, "cannot read %s: %w", name, err)
	}
	sum := h.Sum(nil)
	return &Body{Size: n, Hash: hex.EncodeToString(sum), close: f.Close, open: func() io.Reader {
		return &same{r: io.NewSectionReader(f, 0, 1<<62), left: n, want: sum, hash: sha256.New(), name: name}
	}}, nil
}

// same checks at the last byte that what is sent has the hash that was signed.
type same struct {
	r    io.Reader
	left int64
	want []byte
	hash hash.Hash
	name string
}

func (s *same) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.left -= int64(n)
	s.hash.Write(p[:n])
	switch {
	case s.left < 0, s.left > 0 && err == io.EOF, s.left == 0 && !bytes.Equal(s.hash.Sum(nil), s.want):
		return 0, fob.Errorf(fob.ErrConflict, "%s changed while it was sent", s.name).WithHint("try again when nobody writes to it")
	}
	return n, err
}

// Spool reads r to its end. Up to memory bytes are kept in memory; longer bodies are written to a
// file that has no name. The folders are tried in turn.
func Spool(r io.Reader, memory int64, folders ...string) (*Body, error) {
	var head bytes.Buffer
	h := sha256.New()
	n, err := io.CopyN(io.MultiWriter(&head, h), r, memory+1)
	if err == io.EOF {
		return &Body{Size: n, Hash: hex.EncodeToString(h.Sum(nil)), open: func() io.Reader { return bytes.NewReader(head.Bytes()) }}, nil
	}
	if err != nil {
		return nil, err
	}
	f, remove, err := nameless(folders)
	if err != nil {
		return nil, err
	}
	size, err := head.WriteTo(f)
	if err == nil {
		n, err = io.Copy(io.MultiWriter(file{f}, h), r)
		size += n
	}
	if err != nil {
		_ = remove()
		return nil, err
	}
	return &Body{Size: size, Hash: hex.EncodeToString(h.Sum(nil)), close: remove, open: func() io.Reader {
		return io.NewSectionReader(f, 0, size)
	}}, nil
}

// file marks errors of writing to disk, to tell them from errors of the sender.
type file struct{ *os.File }

func (f file) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if err != nil {
		err = fob.Errorf(fob.ErrInternal, "cannot keep the body until it is signed: %w", err).WithHint("check free space in /var/tmp")
	}
	return n, err
}

// nameless opens a file of mode 0600 and deletes its name at once, where the system allows that, so
// that nothing remains if the process is killed.
func nameless(folders []string) (f *os.File, remove func() error, err error) {
	for _, dir := range folders {
		if f, err = os.CreateTemp(dir, "fob-body-*"); err == nil {
			break
		}
	}
	if f == nil {
		return nil, nil, fob.Errorf(fob.ErrInternal, "cannot keep the body until it is signed: %w", err)
	}
	if os.Remove(f.Name()) == nil {
		return f, f.Close, nil
	}
	return f, func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }, nil
}

// SpoolFolders lists the folders for large bodies. /var/tmp comes first because it is on a disk;
// runDir is often in memory.
func SpoolFolders(runDir string) []string { return []string{"/var/tmp", runDir} }
