package identity

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strconv"

	"fob/internal/fakeaws/random"
	"fob/internal/fob"
)

// newKeyID makes an access key id: a prefix (AKIA long-lived, ASIA temporary)
// and 16 characters of base32, whose first 48 bits are a set bit, the account in
// 40 bits, and 7 more; so the account can be read off a key, as with AWS's.
func newKeyID(prefix, account string) string {
	n, _ := strconv.ParseUint(account, 10, 64)
	raw := make([]byte, 10)
	_, _ = rand.Read(raw)
	low := uint64(raw[5]) & 0x7f
	head := binary.BigEndian.AppendUint64(nil, 1<<47|n<<7|low)
	copy(raw, head[2:])
	return prefix + base32.StdEncoding.EncodeToString(raw)
}

// AccountOfKey reads the account off an access key id.
func AccountOfKey(id string) (string, bool) {
	if len(id) != 20 {
		return "", false
	}
	raw, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil {
		return "", false
	}
	n := binary.BigEndian.Uint64(append([]byte{0, 0}, raw[:6]...))
	account := fmt.Sprintf("%012d", (n&0x7fffffffff80)>>7)
	return account, len(account) == 12
}

// NewID makes the id of a user (AIDA) or a role (AROA).
func NewID(prefix string) string { return prefix + random.Text(random.Base32, 17) }

// newSecretKey makes 40 characters, among them the two of base64 that need
// escaping in URLs.
func newSecretKey() fob.Secret {
	return fob.NewSecret(random.Marker + random.Text(random.Base64, 10) + "/" + random.Text(random.Base64, 6) + "+" + random.Text(random.Base64, 7))
}

// newToken makes a session token; its length is that of common ones, and
// clients must not rely on it.
func newToken() fob.Secret {
	return fob.NewSecret("IQoJb3JpZ2luX2VjE//////////" + random.Marker + "+" + random.Text(random.Base64, 512) + "==")
}

// newSeed makes the base32 seed of an MFA device, 160 bits.
func newSeed() fob.Secret {
	return fob.NewSecret(random.Marker + random.Text(random.Base32, 32-len(random.Marker)))
}
