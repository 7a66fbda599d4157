package draft

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

// File is one file and the changes to be made to it. Edits are made by the methods of the
// embedded [awsfile.File].
type File struct {
	*awsfile.File
	Kind   awsfile.Kind
	Path   string
	Before []byte // the content when it was read
	// Kept is the path as records of changes keep it: below the user's home as ~/…, so that
	// it is the same file after the home has moved.
	Kept string
}

func read(kind awsfile.Kind, path, home string) (*File, error) {
	file, err := awsfile.Read(kind, path)
	if err != nil {
		return nil, err
	}
	return &File{file, kind, path, file.Bytes(), kept(path, home)}, nil
}

func kept(path, home string) string {
	rest, err := filepath.Rel(home, path)
	if home == "" || err != nil || !filepath.IsLocal(rest) {
		return path
	}
	return "~/" + filepath.ToSlash(rest)
}

// Is reports whether a path of a record is this file's. Records of older versions have the
// whole path.
func (d *File) Is(recorded string) bool { return recorded == d.Kept || recorded == d.Path }

// Diff returns the changes as a unified diff in which secrets are replaced.
func (d *File) Diff() string {
	return awsfile.Unified(d.Path, d.Before, d.Bytes(), fob.IsSecretKey)
}

// ErrChanged is in the chain of an error if a file is not as it was when its draft was
// made. The change can be prepared again from the present content.
var ErrChanged = errors.New("changed meanwhile")

func (d *File) changed() error {
	return &fob.Error{Kind: fob.ErrConflict, Message: d.Path + " was changed meanwhile", Hint: "try again", Cause: ErrChanged}
}

// Write writes the draft, with [awsfile.Update]. It returns [ErrChanged] if the file is
// not as it was when it was read: diff and records are of exactly that content.
func (d *File) Write(ctx context.Context, lockDir string) error {
	after := d.Bytes()
	return awsfile.Update(ctx, d.Kind, d.Path, lockDir, func(f *awsfile.File) error {
		if !bytes.Equal(f.Bytes(), d.Before) {
			return d.changed()
		}
		*f = *awsfile.Parse(d.Kind, after)
		return nil
	})
}

// Check returns the error that Write would return, without writing.
func (d *File) Check(ctx context.Context, lockDir string) error {
	compare := func(f *awsfile.File) error {
		if !bytes.Equal(f.Bytes(), d.Before) {
			return d.changed()
		}
		return nil
	}
	if !bytes.Equal(d.Bytes(), d.Before) {
		return awsfile.Update(ctx, d.Kind, d.Path, lockDir, compare) // finds read-only files, too
	}
	now, err := awsfile.Read(d.Kind, d.Path)
	if err != nil {
		return err
	}
	return compare(now)
}
