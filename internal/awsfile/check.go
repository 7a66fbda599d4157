package awsfile

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"fob/internal/fob"
)

// checkSection refuses a header that some SDK would not find again. Names come from AWS and from
// identity providers and are not trusted: a line feed in a name once injected a credential_process
// (aws-cli#10163).
func (k Kind) checkSection(section ID) error {
	if section.Name == "" || !isName(section.Name) {
		return fob.Errorf(fob.ErrUsage, "%q cannot be the name of a section", section.Name).
			WithHint("use letters, digits and _ . @ + %% : / - (all that every AWS SDK reads)")
	}
	b := k.block(k.header(section))
	switch {
	case !b.known || b.id != section:
		return fob.Errorf(fob.ErrUsage, "there are no %q sections in this file", section.Type)
	case b.inner == "DEFAULT":
		// configparser applies that section's keys to all others.
		return fob.Errorf(fob.ErrUsage, "the AWS CLI takes a section named DEFAULT for all sections")
	case section.Name == "__proto__":
		return fob.Errorf(fob.ErrUsage, "the AWS SDK for JavaScript refuses a file with a section named __proto__")
	}
	return nil
}

// isName reports whether all SDKs can read a name; JavaScript's accepts the fewest.
func isName(name string) bool {
	return strings.IndexFunc(name, func(r rune) bool {
		return !isWord(r) && !strings.ContainsRune(".@+%:/", r)
	}) < 0
}

func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-'
}

// checkKey refuses keys that are not plain. Dots are refused because JavaScript's SDK uses them to
// flatten nested keys.
func checkKey(key string) error {
	if key == "" || strings.IndexFunc(key, func(r rune) bool { return !isWord(r) }) >= 0 {
		return fob.Errorf(fob.ErrUsage, "%q cannot be a key", key).WithHint("use letters, digits, _ and -")
	}
	return nil
}

// checkValue refuses values that some SDK would not read back unchanged. The error does not contain
// the value, which may be a secret.
func checkValue(key, value string) error {
	wrong := ""
	switch {
	case value == "":
		wrong = "is empty" // JavaScript would nest the keys that follow
	case !utf8.ValidString(value):
		wrong = "is not UTF-8"
	case strings.IndexFunc(value, isUnseen) >= 0:
		wrong = "has a line end, a control character or an invisible one"
	case strings.TrimSpace(value) != value:
		wrong = "starts or ends with a blank"
	case value[0] == '#' || value[0] == ';' || commentAt(value) >= 0:
		wrong = "has a # or ; after a blank, where a comment starts"
	case value == `"` || value == "'" || unquote(value) != value:
		wrong = "is in quotes, which some SDKs take off" // a lone one crashes Go's
	default:
		return nil
	}
	return fob.Errorf(fob.ErrUsage, "the value for %s %s", key, wrong)
}

// isUnseen reports control characters, the line separators that only Python knows (U+0085, U+2028,
// U+2029), and the byte order mark, which JavaScript trims.
func isUnseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// commentAt finds a # or ; after a blank: JavaScript's rule, which finds the most comments.
func commentAt(text string) int {
	blank := false
	for i, r := range text {
		if blank && (r == '#' || r == ';') {
			return i
		}
		blank = unicode.IsSpace(r)
	}
	return -1
}

// misread is the error for an edit that would change more than intended.
func misread(what string) error {
	return fob.Errorf(fob.ErrConflict, "%s cannot be edited without changing how the lines around it are read", what).
		WithHint("remove the indentation of plain keys in that section by hand")
}
