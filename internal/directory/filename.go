package directory

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// longestName is the length, in bytes, of the longest name that is used as it is.
const longestName = 64

// fileName returns the file name, without its extension, for a source. A short name of
// letters, digits and _.- is used as it is. Other names may come from anywhere
// (~/.aws/config, a start URL): they are cut and made plain, and a hash after a tilde,
// which no plain name has, keeps them apart.
func fileName(name string) string {
	plain := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_.-", r) {
			return r
		}
		return '-'
	}, name)
	if plain == name && name != "" && len(name) <= longestName && name[0] != '.' && !isDevice(name) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	plain = strings.TrimLeft(plain, ".")
	return plain[:min(len(plain), longestName/2)] + "~" + hex.EncodeToString(sum[:8])
}

// isDevice reports whether Windows takes a file of that name for a device, whatever its
// extension.
func isDevice(name string) bool {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	switch name {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt")) && '0' <= name[3] && name[3] <= '9'
}
