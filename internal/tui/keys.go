package tui

import "unicode/utf8"

// key is what a person did at the keyboard.
type key int

const (
	keyNone key = iota // no meaning here
	keyText
	keyUp
	keyDown
	keyPageUp
	keyPageDown
	keyFirst
	keyLast
	keyBack  // delete a rune
	keyWord  // delete a word
	keyClear // delete all
	keyEnter
	keyCancel
)

// next takes one key from the input of a terminal in raw mode. n is its length in bytes; 0 if more
// bytes must be read first. A single ESC may be the start of a longer sequence; with final it is
// the Esc key.
func next(input []byte, final bool) (k key, text rune, n int) {
	if len(input) == 0 {
		return keyNone, 0, 0
	}
	switch c := input[0]; {
	case c == 0x1b:
		return escape(input, final)
	case c < ' ' || c == 0x7f:
		return control(c), 0, 1
	}
	if !final && !utf8.FullRune(input) {
		return keyNone, 0, 0
	}
	r, n := utf8.DecodeRune(input)
	if acts(r) {
		return keyNone, 0, n
	}
	return keyText, r, n
}

func control(c byte) key {
	switch c {
	case '\r', '\n':
		return keyEnter
	case 0x03, 0x04, 0x07: // Ctrl-C, Ctrl-D, Ctrl-G
		return keyCancel
	case 0x10, 0x0b: // Ctrl-P, Ctrl-K
		return keyUp
	case 0x0e, '\t': // Ctrl-N
		return keyDown
	case 0x7f, 0x08:
		return keyBack
	case 0x17: // Ctrl-W
		return keyWord
	case 0x15: // Ctrl-U
		return keyClear
	case 0x01: // Ctrl-A
		return keyFirst
	case 0x05: // Ctrl-E
		return keyLast
	}
	return keyNone
}

// escape reads ESC alone, ESC [ parameters final (ECMA-48), ESC O final, or ESC
// and one more byte.
func escape(input []byte, final bool) (key, rune, int) {
	switch {
	case len(input) == 1 && !final:
		return keyNone, 0, 0
	case len(input) == 1 || input[1] == 0x1b:
		return keyCancel, 0, 1
	case input[1] == 'O':
		if len(input) == 2 {
			return keyNone, 0, whole(2, final)
		}
		return named(input[2], nil), 0, 3
	case input[1] != '[':
		return keyNone, 0, 2
	}
	for i := 2; i < len(input); i++ {
		if c := input[i]; c >= 0x40 && c <= 0x7e {
			return named(c, input[2:i]), 0, i + 1
		} else if c < 0x20 {
			return keyNone, 0, i // an incomplete sequence
		}
	}
	return keyNone, 0, whole(len(input), final)
}

func whole(n int, final bool) int {
	if final {
		return n
	}
	return 0
}

func named(c byte, parameters []byte) key {
	switch c {
	case 'A':
		return keyUp
	case 'B':
		return keyDown
	case 'H':
		return keyFirst
	case 'F':
		return keyLast
	case '~':
		switch string(parameters) {
		case "5":
			return keyPageUp
		case "6":
			return keyPageDown
		case "1", "7":
			return keyFirst
		case "4", "8":
			return keyLast
		}
	}
	return keyNone
}
