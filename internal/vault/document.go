package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"unicode/utf8"

	"fob/internal/fob"
)

// schema is the version of the document that this program writes.
const schema = 1

// document is the content of an encrypted file.
type document struct {
	vault      string // random id: distinguishes files of the same identity
	generation uint64 // grows by one with every write
	items      map[string]fob.Secret
}

// wire is the document in JSON.
type wire struct {
	Schema     int               `json:"schema"`
	Vault      string            `json:"vault"`
	Generation uint64            `json:"generation"`
	Items      map[string]string `json:"items"`
}

var (
	// errNewer marks a document of a later schema than this program knows.
	errNewer = errors.New("written by a newer version of fob")
	// errContent means that the decrypted text is not a document. The decoder's error is dropped
	// because it may quote the text.
	errContent = errors.New("its content is not a document of fob")
)

// parse reads a decrypted document.
func parse(text []byte) (document, error) {
	if !utf8.Valid(text) { // encoding/json would replace invalid UTF-8
		return document{}, errContent
	}
	var version struct {
		Schema int `json:"schema"`
	}
	if json.Unmarshal(text, &version) != nil || version.Schema < 1 {
		return document{}, errContent
	}
	if version.Schema > schema {
		return document{}, errNewer
	}
	var w wire
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if dec.Decode(&w) != nil || w.Vault == "" || w.Generation == 0 || w.Items == nil {
		return document{}, errContent
	}
	if _, err := dec.Token(); err != io.EOF {
		return document{}, errContent
	}
	doc := document{vault: w.Vault, generation: w.Generation, items: make(map[string]fob.Secret, len(w.Items))}
	for name, value := range w.Items {
		doc.items[name] = fob.NewSecret(value)
	}
	return doc, nil
}

// format is the inverse of parse. The caller must wipe the result.
func (d document) format() ([]byte, error) {
	w := wire{Schema: schema, Vault: d.vault, Generation: d.generation, Items: make(map[string]string, len(d.items))}
	size := 128
	for name, value := range d.items {
		w.Items[name] = value.Reveal()
		size += len(name) + len(value.Reveal()) + 16
	}
	buf := bytes.NewBuffer(make([]byte, 0, size+size/8)) // large enough that it rarely grows, which would leave a copy in memory
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(w)
	return buf.Bytes(), err
}

// check refuses items that JSON would change.
func (d document) check() error {
	for name, value := range d.items {
		if name == "" || !utf8.ValidString(name) {
			return fob.Errorf(fob.ErrUsage, "the name %q of a secret is not text", name)
		}
		if !utf8.ValidString(value.Reveal()) {
			return fob.Errorf(fob.ErrUsage, "the secret %s is not text", name).WithHint("encode it, for example with base64")
		}
	}
	return nil
}

func (d document) clone() document {
	d.items = maps.Clone(d.items)
	return d
}

func (d document) equal(other document) bool {
	return d.vault == other.vault && d.generation == other.generation && sameItems(d.items, other.items)
}

func sameItems(a, b map[string]fob.Secret) bool {
	return maps.EqualFunc(a, b, fob.Secret.Equal)
}
