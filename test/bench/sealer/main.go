// Command sealer is what make bench measures fob adopt and fob release against: it
// reads files, the paths its arguments, seals their bytes with age, and writes them to
// the disk as safely as fob does, beside the old file and then in its place.
package main

import (
	"bytes"
	"os"

	"filippo.io/age"
)

func main() {
	identity, err := age.GenerateX25519Identity()
	for _, path := range os.Args[1:] {
		if err == nil {
			err = seal(path, identity.Recipient())
		}
	}
	if err != nil {
		panic(err)
	}
}

func seal(path string, to age.Recipient) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	f, err := os.Create(path + ".sealed.new")
	if err != nil {
		return err
	}
	if _, err := f.Write(sealed.Bytes()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(path+".sealed.new", path+".sealed")
}
