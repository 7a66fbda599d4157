package imds

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// tokens makes and checks session tokens. A token contains its expiry and a MAC, so no table of
// them is needed, which callers could fill up.
type tokens struct{ key []byte }

func newTokens() *tokens {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return &tokens{key}
}

// make returns a token: its expiry, 16 random bytes, and a MAC over both.
func (t *tokens) make(until time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(until.UnixMilli()))
	b = append(b, make([]byte, 16)...)
	_, _ = rand.Read(b[8:]) // never fails
	return base64.URLEncoding.EncodeToString(append(b, t.mac(b)...))
}

func (t *tokens) valid(text string, now time.Time) bool {
	b, err := base64.URLEncoding.Strict().DecodeString(text) // strict, so that a token has only one valid spelling
	if err != nil || len(b) != 24+sha256.Size || !hmac.Equal(b[24:], t.mac(b[:24])) {
		return false
	}
	return now.UnixMilli() < int64(binary.BigEndian.Uint64(b))
}

func (t *tokens) mac(b []byte) []byte {
	h := hmac.New(sha256.New, t.key)
	h.Write(b)
	return h.Sum(nil)
}
