package principal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/gob"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"fob/internal/fob"
)

// keyTexts are private keys in every form that is read.
func keyTexts(t testing.TB) (texts map[string]string, secrets []*big.Int) {
	t.Helper()
	block := func(typ string) func(der []byte, err error) string {
		return func(der []byte, err error) string {
			if err != nil {
				t.Fatal(err)
			}
			return string(pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der}))
		}
	}
	texts = map[string]string{}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	texts["RSA in PKCS#1"] = block("RSA PRIVATE KEY")(x509.MarshalPKCS1PrivateKey(r), nil)
	texts["RSA in PKCS#8"] = block("PRIVATE KEY")(x509.MarshalPKCS8PrivateKey(r))
	secrets = append(secrets, r.D, r.Primes[0])
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		e, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		name := curve.Params().Name
		texts[name+" in SEC 1"] = block("EC PRIVATE KEY")(x509.MarshalECPrivateKey(e))
		texts[name+" in PKCS#8"] = block("PRIVATE KEY")(x509.MarshalPKCS8PrivateKey(e))
		d, err := e.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, new(big.Int).SetBytes(d))
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<33, 0)}
	certificate := block("CERTIFICATE")(x509.CreateCertificate(rand.Reader, template, template, r.Public(), r))
	texts["among certificates"] = certificate + texts["RSA in PKCS#8"] + certificate
	texts["with CRLF and a text"] = "Bag Attributes\r\n" + strings.ReplaceAll(texts["RSA in PKCS#1"], "\n", "\r\n")
	return texts, secrets
}

type items map[string]string

func (i items) Get(name string) (fob.Secret, error) {
	text, ok := i[name]
	if !ok {
		return fob.Secret{}, fob.Errorf(fob.ErrNotFound, "no %s", name)
	}
	return fob.NewSecret(text), nil
}

func verified(public crypto.PublicKey, digest, signature []byte) bool {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest, signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, digest, signature)
	}
	return false
}

// It signs, and nothing that prints or encodes gets at the key.
func TestSigner(t *testing.T) {
	t.Parallel()
	texts, secrets := keyTexts(t)
	digest := sha256.Sum256([]byte("text"))
	for name, text := range texts {
		s, err := Env{Secrets: items{"key/x": text}}.Signer("key/x")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		signature, err := s.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil || !verified(s.Public(), digest[:], signature) {
			t.Errorf("%s: the signature is not the key's: %v", name, err)
		}
		var encoded bytes.Buffer
		_ = gob.NewEncoder(&encoded).Encode(s) // which refuses
		asJSON, _ := json.Marshal(struct{ S any }{s})
		pkcs8, err := x509.MarshalPKCS8PrivateKey(s)
		if err == nil {
			t.Errorf("%s: it was marshalled to %d bytes", name, len(pkcs8))
		}
		shown := encoded.String() + string(asJSON) + fmt.Sprintf("%v %+v %#v %s %x %d", s, s, s, s, s, s) + fmt.Sprintf("%+v %#v", []any{s}, struct{ s any }{s})
		for _, secret := range secrets {
			for _, form := range []string{secret.String(), secret.Text(16), strings.ToUpper(secret.Text(16)), string(secret.Bytes())} {
				if strings.Contains(shown, form) {
					t.Errorf("%s: it shows its key", name)
				}
			}
		}
	}
}

// What is wrong is named, without the text.
func TestNoKey(t *testing.T) {
	t.Parallel()
	texts, _ := keyTexts(t)
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	ed, _ := x509.MarshalPKCS8PrivateKey(edwards)
	of := func(typ string, der []byte, headers map[string]string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: typ, Headers: headers, Bytes: der}))
	}
	const filler = "c2VjcmV0IHNlY3JldCBzZWNyZXQ"
	for text, want := range map[string]string{
		"":                                     "not in PEM",
		filler:                                 "not in PEM",
		strings.Repeat(filler, 4000):           "too long",
		of("CERTIFICATE", []byte(filler), nil): "certificate",
		of("PUBLIC KEY", []byte(filler), nil):  "public half",
		of("ENCRYPTED PRIVATE KEY", []byte(filler), nil):                                                                   "encrypted",
		of("RSA PRIVATE KEY", []byte(filler), map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}): "encrypted",
		of("OPENSSH PRIVATE KEY", []byte(filler), nil):                                                                     "OpenSSH",
		of("DSA PRIVATE KEY", []byte(filler), nil):                                                                         "type",
		of("PRIVATE KEY", []byte(filler), nil):                                                                             "damaged",
		of("EC PRIVATE KEY", []byte(filler), nil):                                                                          "damaged",
		of("PRIVATE KEY", ed, nil):                                                                                         "neither RSA nor ECDSA",
		texts["RSA in PKCS#1"] + texts["P-256 in SEC 1"]:                                                                   "two private keys",
		of("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(small), nil):                                                     "size",
		texts["RSA in PKCS#1"][:400]:                                                                                       "not in PEM",
	} {
		_, err := Env{Secrets: items{"key/x": text}}.Signer("key/x")
		if !errors.Is(err, fob.ErrUsage) || !strings.Contains(err.Error(), "key/x") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), filler) {
			t.Errorf("%d bytes: %v, want %s", len(text), err, want)
		}
	}
	if _, err := (Env{Secrets: items{}}).Signer("key/x"); !errors.Is(err, fob.ErrNotFound) {
		t.Error(err)
	}
}

// Whatever the text is: no panic, and an error or a key that signs.
func FuzzParseKey(f *testing.F) {
	texts, _ := keyTexts(f)
	for _, text := range texts {
		f.Add(text)
	}
	f.Add("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n")
	digest := sha256.Sum256([]byte("text"))
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseKey(fob.NewSecret(text))
		if err != nil {
			return
		}
		signature, err := s.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil || !verified(s.Public(), digest[:], signature) {
			t.Fatalf("a key that does not sign: %v", err)
		}
	})
}
