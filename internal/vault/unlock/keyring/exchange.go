//go:build unix && !darwin

package keyring

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"math/big"
)

// algorithm is the Secret Service specification's only encrypted transport. It keeps the identity
// out of recordings of the bus (dbus-monitor, bug reports). It does not authenticate; the bus does,
// by user.
const algorithm = "dh-ietf1024-sha256-aes128-cbc-pkcs7"

// groupBytes is the size of the group's numbers.
const groupBytes = 128

// prime is that of the Second Oakley Group, RFC 2409 section 6.2; its generator is 2.
func prime() *big.Int {
	p, _ := new(big.Int).SetString(""+
		"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD1"+
		"29024E088A67CC74020BBEA63B139B22514A08798E3404DD"+
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245"+
		"E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"+
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381"+
		"FFFFFFFFFFFFFFFF", 16)
	return p
}

// exchange is our half of a Diffie-Hellman key exchange.
type exchange struct{ x *big.Int }

func newExchange() (exchange, []byte, error) {
	p := prime()
	x, err := rand.Int(rand.Reader, p)
	if err != nil {
		return exchange{}, nil, err
	}
	y := new(big.Int).Exp(big.NewInt(2), x, p)
	return exchange{x}, y.FillBytes(make([]byte, groupBytes)), nil
}

// key derives the session's key from the service's public number.
func (e exchange) key(peer []byte) (sessionKey, error) {
	p, y := prime(), new(big.Int).SetBytes(peer)
	last := new(big.Int).Sub(p, big.NewInt(1))
	if y.Cmp(big.NewInt(1)) <= 0 || y.Cmp(last) >= 0 {
		return nil, errors.New("not a public key of the group")
	}
	shared := new(big.Int).Exp(y, e.x, p).FillBytes(make([]byte, groupBytes))
	defer clear(shared)
	return hkdf.Key(sha256.New, shared, nil, "", 16)
}

// sessionKey encrypts secrets in transit; nil for a service without encrypted transport.
type sessionKey []byte

func (k sessionKey) seal(text []byte) (iv, sealed []byte, err error) {
	if k == nil {
		return []byte{}, text, nil
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, nil, err
	}
	iv = make([]byte, aes.BlockSize)
	if _, err := rand.Read(iv); err != nil {
		return nil, nil, err
	}
	pad := aes.BlockSize - len(text)%aes.BlockSize
	sealed = append(bytes.Clone(text), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, sealed)
	return iv, sealed, nil
}

func (k sessionKey) open(iv, sealed []byte) ([]byte, error) {
	if k == nil {
		return sealed, nil
	}
	if len(iv) != aes.BlockSize || len(sealed) == 0 || len(sealed)%aes.BlockSize != 0 {
		return nil, errors.New("not sealed as agreed")
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	text := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(text, sealed)
	pad := int(text[len(text)-1])
	if pad == 0 || pad > aes.BlockSize || !bytes.Equal(text[len(text)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, errors.New("not sealed as agreed")
	}
	return text[:len(text)-pad], nil
}
