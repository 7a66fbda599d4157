package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"

	"fob/internal/atomicfile"
	"fob/internal/fob"
	"fob/internal/vault/unlock"
)

// meta is vault.json, a file in clear that says how the vault is unlocked. It contains no secret,
// and changing it opens nothing.
type meta struct {
	Schema    int            `json:"schema"`
	Method    string         `json:"method"`
	Vault     string         `json:"vault"`     // the id inside vault.age
	Recipient string         `json:"recipient"` // the public half of the identity
	Options   unlock.Options `json:"options,omitzero"`
	// Pending is set while the vault is being made. It holds nothing yet, and the next attempt
	// starts again.
	Pending bool `json:"pending,omitempty"`
	// Left is the previous method, from which the identity must still be deleted.
	Left *kept `json:"left,omitempty"`
}

// kept is a method with its options.
type kept struct {
	Method  string         `json:"method"`
	Options unlock.Options `json:"options,omitzero"`
}

// metaPath is the path of vault.json.
func metaPath(home fob.Home) string { return filepath.Join(home.DataDir, "vault.json") }

// readMeta reads vault.json; fob.ErrNotFound if there is none.
func readMeta(path string) (meta, error) {
	text, err := atomicfile.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return meta{}, fob.Errorf(fob.ErrNotFound, "there is no vault yet").WithHint("fob vault init")
	}
	if err != nil {
		return meta{}, fob.Errorf(fob.ErrLocked, "cannot read %s: %w", path, err)
	}
	m, err := parseMeta(text)
	if errors.Is(err, errNewer) {
		return meta{}, fob.Errorf(fob.ErrDamaged, "%s was %w and is left as it is", path, err).WithHint("upgrade fob")
	}
	if err != nil {
		return meta{}, fob.Errorf(fob.ErrDamaged, "%s is damaged: %w", path, err).WithHint("fob vault restore, which makes it anew")
	}
	return m, nil
}

func parseMeta(text []byte) (meta, error) {
	var version struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return meta{}, err
	}
	if version.Schema > schema {
		return meta{}, errNewer
	}
	var m meta
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return meta{}, err
	}
	if m.Schema != schema || m.Method == "" || m.Recipient == "" {
		return meta{}, errors.New("something is missing in it")
	}
	return m, nil
}

func writeMeta(path string, m meta) error {
	m.Schema = schema
	text, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = atomicfile.Replace(path, append(text, '\n'))
	}
	if err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot write %s: %w", path, err)
	}
	return nil
}
