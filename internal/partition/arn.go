package partition

import (
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
)

// ARN is an Amazon Resource Name in its parts.
type ARN struct{ Partition, Service, Region, Account, Resource string }

// ParseARN splits an ARN; it does not know what resources exist.
func ParseARN(s string) (ARN, error) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] == "" || parts[2] == "" || parts[5] == "" {
		return ARN{}, errors.New("must be an ARN (arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE)")
	}
	return ARN{parts[1], parts[2], parts[3], parts[4], parts[5]}, nil
}

// AccountOf returns the account in an ARN, empty if it has none or is no ARN.
func AccountOf(arn string) string {
	a, err := ParseARN(arn)
	if err != nil {
		return ""
	}
	return a.Account
}

// IsAccount reports whether a text has the form of an account id: twelve digits.
func IsAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

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
