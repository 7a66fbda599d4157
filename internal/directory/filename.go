package directory

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// longestName is how much of a sign-in's name is in its file's.
const longestName = 64

// fileName is the name of a sign-in as that of a file: itself if it is plain. A
// name may come from anywhere (~/.aws/config, a start URL), so of others only a
// part can be read, and a hash tells them apart. A tilde is in no plain name.
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

// isDevice reports whether Windows takes a file of that name, whatever its
// extension, for a device.
func isDevice(name string) bool {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	switch name {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt")) && '0' <= name[3] && name[3] <= '9'
}
