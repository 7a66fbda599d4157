package processline

import (
	"runtime"
	"strings"
)

// Split splits a command line into words as SDKs do on this system. closed is false if a
// quote or a backslash has no end.
func Split(line string) (words []string, closed bool) {
	if runtime.GOOS == "windows" {
		return splitWindows(line)
	}
	return splitPOSIX(line)
}

// splitWindows splits a command line into words as programs on Windows do: double
// quotes keep blanks, and a backslash is a character like any other, but for one before
// a double quote, which makes that literal. closed is false if a quote has no end.
func splitWindows(line string) (words []string, closed bool) {
	return split(line, func(_ byte, rest string) bool { return rest[0] == '\\' && strings.HasPrefix(rest[1:], `"`) }, `"`)
}

// splitPOSIX splits a command line into words as a POSIX shell does, without expanding
// anything. closed is false if a quote or a backslash has no end.
func splitPOSIX(line string) (words []string, closed bool) {
	escapes := func(quote byte, rest string) bool {
		switch {
		case rest[0] != '\\' || quote == '\'':
			return false
		case quote == '"': // a shell's rule: elsewhere in double quotes a backslash is itself
			return len(rest) > 1 && strings.IndexByte("\"\\$`", rest[1]) >= 0
		}
		return true
	}
	return split(line, escapes, `"'`)
}

// split splits a line into words. escapes reports whether the rest of the line, within
// a quote or within none (0), begins with a backslash that makes the next byte literal.
func split(line string, escapes func(quote byte, rest string) bool, quotes string) (words []string, closed bool) {
	var word strings.Builder
	var quote byte
	begun := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case escapes(quote, line[i:]):
			if i++; i == len(line) {
				return words, false
			}
			word.WriteByte(line[i])
			begun = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && strings.IndexByte(quotes, c) >= 0:
			quote, begun = c, true
		case quote == 0 && strings.IndexByte(" \t\r\n", c) >= 0:
			if begun {
				words = append(words, word.String())
				word.Reset()
			}
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words, quote == 0
}
