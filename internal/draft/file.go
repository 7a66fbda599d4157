package draft

import (
	"bytes"
	"context"
	"errors"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

// File is one file with the changes that will be made to it.
type File struct {
	*awsfile.File
	Kind   awsfile.Kind
	Path   string
	Before []byte // its content when the draft was made
}

func read(kind awsfile.Kind, path string) (*File, error) {
	file, err := awsfile.Read(kind, path)
	if err != nil {
		return nil, err
	}
	return &File{file, kind, path, file.Bytes()}, nil
}

// Diff shows the changes to people, without secrets.
func (d *File) Diff() string {
	return awsfile.Unified(d.Path, d.Before, d.Bytes(), fob.IsSecretKey)
}

// ErrChanged is in the chain of the error of a change whose files are not as they
// were when it was prepared. Nothing is lost: preparing it again goes on from
// what is there now.
var ErrChanged = errors.New("changed meanwhile")

func (d *File) changed() error {
	return &fob.Error{Kind: fob.ErrConflict, Message: d.Path + " was changed meanwhile", Hint: "try again", Cause: ErrChanged}
}

// Write puts the draft in place of the file, if that is still as it was when
// the draft was made: records of adoption are made for exactly that content.
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

// Check refuses what Write would refuse, before any file is written.
func (d *File) Check(ctx context.Context, lockDir string) error {
	compare := func(f *awsfile.File) error {
		if !bytes.Equal(f.Bytes(), d.Before) {
			return d.changed()
		}
		return nil
	}
	if !bytes.Equal(d.Bytes(), d.Before) {
		return awsfile.Update(ctx, d.Kind, d.Path, lockDir, compare) // read-only files too
	}
	now, err := awsfile.Read(d.Kind, d.Path)
	if err != nil {
		return err
	}
	return compare(now)
}
