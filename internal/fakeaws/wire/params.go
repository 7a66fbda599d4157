package wire

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Params are the parameters of a call of the query protocol, checked against the
// limits of the service's model. What is wrong is collected, since AWS lists all
// of it in one ValidationError.
type Params struct {
	Values    url.Values
	wrong     []string
	malformed string
}

// Charset is a pattern of the model.
type Charset struct {
	pattern string
	allowed func(rune) bool
}

// OK reports whether a text has no other characters.
func (c Charset) OK(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !c.allowed(r) }) < 0
}

// Wordy is [\w…]: ASCII letters, digits, underscore, and some more.
func Wordy(more string) Charset {
	pattern := `[\w` + strings.ReplaceAll(more, "/", `\/`) + `]*`
	return Charset{pattern, func(r rune) bool {
		return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(more, r)
	}}
}

// Digits is [\d].
func Digits() Charset {
	return Charset{`[\d]*`, func(r rune) bool { return '0' <= r && r <= '9' }}
}

// Latin1 is the alphabet of policies.
func Latin1() Charset {
	return Charset{`[\u0009\u000A\u000D\u0020-\u00FF]+`, func(r rune) bool {
		return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0xff
	}}
}

// TagText is the alphabet of tags.
func TagText() Charset {
	return Charset{`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.Z, unicode.N) || strings.ContainsRune("_.:/=+-@", r)
	}}
}

// AnyText is the alphabet of ARNs.
func AnyText() Charset {
	return Charset{`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`, func(r rune) bool {
		return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= '~' || r == 0x85 || r >= 0xa0
	}}
}

func (p *Params) fault(name, value, constraint string) {
	p.wrong = append(p.wrong, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, path(name), constraint))
}

// path writes Tags.member.1.Key as AWS's messages do: tags.1.member.key.
func path(name string) string {
	parts := strings.Split(name, ".")
	for i := len(parts) - 2; i > 0; i-- {
		if parts[i] == "member" {
			parts[i], parts[i+1] = parts[i+1], parts[i]
		}
	}
	for i, part := range parts {
		parts[i] = strings.ToLower(part[:1]) + part[1:]
	}
	return strings.Join(parts, ".")
}

// Need is text that must be there.
func (p *Params) Need(name string, low, high int, c Charset) string {
	if !p.Values.Has(name) {
		p.fault(name, "null", "Member must not be null")
		return ""
	}
	return p.Text(name, low, high, c)
}

// Text is text that may be left out; given, it must keep to the limits, so that
// an empty value is not the same as none.
func (p *Params) Text(name string, low, high int, c Charset) string {
	if !p.Values.Has(name) {
		return ""
	}
	v := p.Values.Get(name)
	quoted := "'" + v + "'"
	switch n := utf8.RuneCountInString(v); {
	case n < low:
		p.fault(name, quoted, fmt.Sprintf("Member must have length greater than or equal to %d", low))
	case n > high:
		p.fault(name, quoted, fmt.Sprintf("Member must have length less than or equal to %d", high))
	}
	if !c.OK(v) {
		p.fault(name, quoted, "Member must satisfy regular expression pattern: "+c.pattern)
	}
	return v
}

// Number is a whole number, or standard where it is left out.
func (p *Params) Number(name string, low, high, standard int) int {
	if !p.Values.Has(name) {
		return standard
	}
	v := p.Values.Get(name)
	n, err := strconv.Atoi(v)
	switch {
	case err != nil:
		p.malformed = name
	case n < low:
		p.fault(name, "'"+v+"'", fmt.Sprintf("Member must have value greater than or equal to %d", low))
	case n > high:
		p.fault(name, "'"+v+"'", fmt.Sprintf("Member must have value less than or equal to %d", high))
	}
	return n
}

// Enum is one of a few words that must be there.
func (p *Params) Enum(name string, words ...string) string {
	v := p.Values.Get(name)
	for _, w := range words {
		if v == w {
			return v
		}
	}
	if !p.Values.Has(name) {
		p.fault(name, "null", "Member must not be null")
	} else {
		p.fault(name, "'"+v+"'", "Member must satisfy enum value set: ["+strings.Join(words, ", ")+"]")
	}
	return v
}

// Members are the prefixes of a list's members: Tags.member.1, Tags.member.2…
func (p *Params) Members(name string, most int) []string {
	var found []string
	for i := 1; ; i++ {
		prefix := fmt.Sprintf("%s.member.%d", name, i)
		present := false
		for k := range p.Values {
			present = present || k == prefix || strings.HasPrefix(k, prefix+".")
		}
		if !present {
			break
		}
		found = append(found, prefix)
	}
	if len(found) > most {
		p.fault(name, "'["+strings.Join(found, ", ")+"]'", fmt.Sprintf("Member must have length less than or equal to %d", most))
	}
	return found
}

// Err is what AWS says of all that was wrong.
func (p *Params) Err() error {
	if p.malformed != "" {
		return &Refusal{400, "MalformedInput", "Could not parse parameter " + p.malformed}
	}
	switch n := len(p.wrong); n {
	case 0:
		return nil
	case 1:
		return Invalid("1 validation error detected: " + p.wrong[0])
	default:
		return Invalid(fmt.Sprintf("%d validation errors detected: %s", n, strings.Join(p.wrong, "; ")))
	}
}

// CheckAccount refuses what is no id of an account.
func CheckAccount(account string) error {
	if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
		return fmt.Errorf("account %q is not twelve digits", account)
	}
	return nil
}
