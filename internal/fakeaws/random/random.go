// Package random makes up ids and secrets.
package random

import (
	"crypto/rand"
	"math/big"
)

// Marker is in every secret that the fake makes up: secret keys, session tokens
// and MFA seeds. A search for it in files, logs, arguments and core dumps finds
// a leak of any of them.
const Marker = "FOBSECRETMARKER"

// Alphabets for [Text].
const (
	Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	Base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	URL    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// Text is n characters of an alphabet.
func Text(alphabet string, n int) string {
	text := make([]byte, n)
	limit := big.NewInt(int64(len(alphabet)))
	for i := range text {
		k, err := rand.Int(rand.Reader, limit)
		if err != nil {
			panic(err) // documented never to happen
		}
		text[i] = alphabet[k.Int64()]
	}
	return string(text)
}
