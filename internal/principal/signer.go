package principal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"strings"

	"fob/internal/fob"
)

// Signer returns what signs with a private key that the vault has as an item, in PEM.
// The error names the item, and never quotes it.
func (e Env) Signer(item string) (crypto.Signer, error) {
	text, err := e.Secrets.Get(item)
	if err != nil {
		return nil, err
	}
	s, err := ParseKey(text)
	if err != nil {
		return nil, fob.Errorf(fob.ErrUsage, "the private key %s %w", item, err)
	}
	return s, nil
}

// signer signs and cannot be taken apart: the key is in a closure, out of reach of fmt,
// of encoding packages and of reflection.
type signer struct {
	public crypto.PublicKey
	sign   func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (s signer) Public() crypto.PublicKey { return s.public }

func (s signer) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.sign(rand, digest, opts)
}

// Limits of keys. Checking a larger RSA key takes seconds.
const (
	maxKeyText = 64 << 10 // bytes
	maxRSA     = 8192     // bits
	minRSA     = 2048     // bits; IAM Roles Anywhere takes no smaller one
)

// keyError says what is wrong with the text of a key, as the end of a sentence.
type keyError string

func (e keyError) Error() string { return string(e) }

// ParseKey reads a private key in PEM: RSA or ECDSA, in PKCS#1, PKCS#8 or SEC 1. Other
// blocks (certificates, parameters of curves) may be around it. The error is the end of a
// sentence that begins with the key's name; it quotes nothing of the text.
func ParseKey(text fob.Secret) (crypto.Signer, error) {
	if len(text.Reveal()) > maxKeyText {
		return nil, keyError("is no key: it is too long")
	}
	var key *pem.Block
	certificates, public := false, false
	for block, rest := pem.Decode([]byte(text.Reveal())); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY") && key != nil:
			return nil, keyError("is ambiguous: there are two private keys")
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			key = block
		case block.Type == "CERTIFICATE":
			certificates = true
		case strings.HasSuffix(block.Type, "PUBLIC KEY"):
			public = true
		}
	}
	switch {
	case key == nil && certificates:
		return nil, keyError("is a certificate: the private key is in another file, as a rule")
	case key == nil && public:
		return nil, keyError("is the public half only")
	case key == nil:
		return nil, keyError("is not in PEM: it has no block -----BEGIN … PRIVATE KEY-----")
	case key.Type == "ENCRYPTED PRIVATE KEY" || key.Headers["DEK-Info"] != "" || strings.Contains(key.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, keyError("is encrypted, which fob does not read yet; openssl pkey -in FILE decrypts it, and the vault keeps it sealed")
	}
	return parseBlock(key)
}

func parseBlock(block *pem.Block) (crypto.Signer, error) {
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "OPENSSH PRIVATE KEY":
		return nil, keyError("is in the format of OpenSSH; ssh-keygen -p -m PEM -f FILE converts a copy of it")
	default:
		return nil, keyError("is of a type that fob does not know; RSA and ECDSA in PEM are read")
	}
	if err != nil { // whose text may say what was found in the key
		return nil, keyError("is damaged: what is in its PEM block is no key")
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA {
			return nil, keyError("is an RSA key of a size that fob does not take: 2048 to 8192 bits are")
		}
		return signer{key.Public(), key.Sign}, nil
	case *ecdsa.PrivateKey:
		return signer{key.Public(), key.Sign}, nil
	}
	return nil, keyError("is neither RSA nor ECDSA")
}
