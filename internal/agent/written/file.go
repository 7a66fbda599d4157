package written

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"fob/internal/atomicfile"
)

// File is the entry of one file. The file is fob's as long as it has the content that
// fob wrote.
type File struct {
	Path       string    `json:"path"`
	Profile    string    `json:"profile"`
	Section    string    `json:"section"`
	Expiration time.Time `json:"expiration"`
	// Sums are the hashes of what fob wrote there, and of what it was about to write.
	Sums []string `json:"sha256"`

	again func(ctx context.Context, f *File) error // renews it
	timer *time.Timer
}

func (f *File) there() bool {
	_, err := os.Lstat(f.Path)
	return !errors.Is(err, fs.ErrNotExist)
}

// state reports whether the file is there with content that fob wrote.
func (f *File) state() (ours bool, err error) {
	info, err := os.Lstat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	text, err := atomicfile.Read(f.Path)
	return err == nil && slices.Contains(f.Sums, sum(text)), err
}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}
