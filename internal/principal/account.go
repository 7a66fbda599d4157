package principal

import (
	"encoding/base32"
	"fmt"
)

// AccountOfKey reads the account out of an access key id, for display only: ids
// made since about 2019 encode it in the characters after the fourth (older
// ones, which begin with AKIAI or AKIAJ, do not).
func AccountOfKey(id string) string {
	if len(id) != 20 || id[4] == 'I' || id[4] == 'J' {
		return ""
	}
	raw, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil {
		return ""
	}
	var n uint64
	for _, b := range raw[:6] {
		n = n<<8 | uint64(b)
	}
	return fmt.Sprintf("%012d", (n&0x7fffffffff80)>>7)
}
