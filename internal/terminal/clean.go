package terminal

import "strings"

// Clean makes a text safe to print on one line of a terminal: names from files and from
// AWS could hold escape sequences. Tabs and line ends become blanks; other control
// characters and the marks that change the direction of text become U+FFFD.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == 0x2028 || r == 0x2029:
			return ' '
		case r < ' ', 0x7f <= r && r < 0xa0, r == 0x061c, 0x200e <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
			return '�'
		}
		return r
	}, s)
}
