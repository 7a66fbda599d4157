package identity

import (
	"slices"
	"strings"
)

// condition is one operator with one key and its values.
type condition struct {
	operator string // without IfExists
	ifExists bool
	key      string // in lower case
	values   patterns
}

// newCondition refuses operators and keys that the fake does not evaluate: a
// policy that says one thing here and another at AWS would be worse.
func newCondition(operator, key string, values texts) (condition, error) {
	c := condition{key: strings.ToLower(key), values: patterns(values)}
	c.operator, c.ifExists = strings.CutSuffix(operator, "IfExists")
	switch c.operator {
	case "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike", "ArnEquals", "ArnLike", "Bool", "Null":
	default:
		return c, malformed("The fake of AWS does not evaluate the condition operator " + operator + ".")
	}
	known := []string{"aws:multifactorauthpresent", "aws:principalaccount", "aws:principalarn", "aws:requestedregion", "aws:username", "aws:sourceidentity"}
	if !slices.Contains(known, c.key) && !strings.HasPrefix(c.key, "aws:principaltag/") {
		return c, malformed("The fake of AWS does not know the condition key " + key + ".")
	}
	return c, nil
}

func (c condition) holds(q question) bool {
	fact, known := q.facts[c.key]
	if c.operator == "Null" {
		return slices.Contains(c.values, map[bool]string{true: "false", false: "true"}[known])
	}
	negated := strings.Contains(c.operator, "Not")
	if !known {
		return c.ifExists || negated
	}
	some := slices.ContainsFunc(c.values, func(value string) bool {
		value = q.fill(value)
		switch c.operator {
		case "StringLike", "StringNotLike", "ArnLike", "ArnEquals":
			return match(value, fact)
		case "StringEqualsIgnoreCase", "Bool":
			return strings.EqualFold(value, fact)
		}
		return value == fact
	})
	return some != negated
}
