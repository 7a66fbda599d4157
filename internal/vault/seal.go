package vault

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"filippo.io/age"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
)

// NewIdentity makes an age identity, in the text form of age-keygen.
func NewIdentity() (fob.Secret, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return fob.Secret{}, fob.Errorf(fob.ErrInternal, "cannot make an identity: %w", err)
	}
	return fob.NewSecret(id.String()), nil
}

// newID makes the random id of a document.
func newID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

// stanza is the type of a line that fob adds to the header of its files, with a fingerprint of the
// recipient. age ignores stanzas of unknown types. It distinguishes a file encrypted to another
// identity from a damaged one, which give the same error in age.
const stanza = "fob-recipient"

// key decrypts and encrypts.
type key struct {
	identity  *age.X25519Identity
	recipient *age.X25519Recipient
}

func newKey(identity fob.Secret) (*key, error) {
	one, err := unlock.ParseIdentity(identity.Reveal())
	if err != nil {
		return nil, err
	}
	id, err := age.ParseX25519Identity(one.Reveal())
	if err != nil {
		return nil, fob.Errorf(fob.ErrDamaged, "not an age identity")
	}
	return &key{id, id.Recipient()}, nil
}

// name returns the public half, age1….
func (k *key) name() string { return k.recipient.String() }

// label is a fingerprint of the public half, short enough to show. It names the item in keyrings
// that several vaults share, and is in the header of encrypted files.
func (k *key) label() string { return labelOf(k.name()) }

func labelOf(recipient string) string {
	sum := sha256.Sum256([]byte(recipient))
	return hex.EncodeToString(sum[:8])
}

// Wrap implements [age.Recipient].
func (k *key) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	stanzas, err := k.recipient.Wrap(fileKey)
	return append(stanzas, &age.Stanza{Type: stanza, Args: []string{k.label()}}), err
}

// reader is a key while it decrypts one file.
type reader struct {
	*key
	named bool // the file says that it is encrypted to this key
}

// Unwrap implements [age.Identity].
func (r *reader) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type == stanza && len(s.Args) == 1 && s.Args[0] == r.label() {
			r.named = true
		}
	}
	return r.identity.Unwrap(stanzas)
}

// labelIn returns the fingerprint in the header of an encrypted file, or "".
func labelIn(sealed []byte) string {
	var p peek
	_, _ = age.Decrypt(bytes.NewReader(sealed), &p)
	return string(p)
}

// peek is an age identity that decrypts nothing and records the fingerprint.
type peek string

// Unwrap implements [age.Identity].
func (p *peek) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type == stanza && len(s.Args) == 1 {
			*p = peek(s.Args[0])
		}
	}
	return nil, age.ErrIncorrectIdentity
}

// Reasons why a file does not open. age's own errors are not used: they quote input, which may be a
// secret if the file holds something else.
var (
	errOther   = errors.New("sealed to another identity")
	errEmpty   = errors.New("it is empty")
	errForeign = errors.New("it is not an age file")
	errBroken  = errors.New("it is cut off or was altered")
)

// intro is the first line of every age file of version 1.
const intro = "age-encryption.org/v1\n"

// open decrypts a file. It returns nothing unless all of it is authentic.
func (k *key) open(sealed []byte) (document, error) {
	switch {
	case len(sealed) == 0:
		return document{}, errEmpty
	case !bytes.HasPrefix(sealed, []byte(intro)):
		return document{}, errForeign
	}
	by := &reader{key: k}
	r, err := age.Decrypt(bytes.NewReader(sealed), by)
	if err != nil {
		if errors.Is(err, age.ErrIncorrectIdentity) && !by.named {
			return document{}, errOther
		}
		return document{}, errBroken
	}
	// Large enough that the buffer does not grow, which would leave copies in memory.
	text := bytes.NewBuffer(make([]byte, 0, len(sealed)+bytes.MinRead))
	_, err = text.ReadFrom(r)
	defer func() { clear(text.Bytes()) }()
	if err != nil {
		return document{}, errBroken
	}
	return parse(text.Bytes())
}

// seal encrypts a document, and checks that open returns the same.
func (k *key) seal(doc document) ([]byte, error) {
	text, err := doc.format()
	defer clear(text)
	if err != nil {
		return nil, err
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, k)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, err
	}
	back, err := k.open(sealed.Bytes())
	if err == nil && !back.equal(doc) {
		err = errors.New("what was sealed does not open as it was")
	}
	return sealed.Bytes(), err
}
