package identity

import (
	"encoding/json"
	"slices"
	"strings"

	"fob/internal/fakeaws/wire"
)

// policy is an identity-based or a session policy.
type policy []statement

type statement struct {
	deny              bool
	actions           patterns
	resources         patterns
	conditions        []condition
	notAction, notRes bool // the lists are of what is meant not
}

// patterns are texts with the wildcards * and ?.
type patterns []string

// question is what a policy is asked.
type question struct {
	action, resource string
	facts            map[string]string // condition keys in lower case; what is not there is not known of the request
}

func malformed(message string) error { return wire.Refuse(400, "MalformedPolicyDocument", message) }

// parsePolicy reads a document. It refuses what AWS refuses, and, saying so, what
// would be evaluated wrongly here.
func parsePolicy(text string) (policy, error) {
	var doc struct {
		Version   string          `json:"Version"`
		ID        string          `json:"Id"`
		Statement json.RawMessage `json:"Statement"`
	}
	if err := wire.Strict([]byte(text), &doc); err != nil {
		return nil, malformed("Syntax errors in policy.")
	}
	if doc.Version != "" && doc.Version != "2012-10-17" && doc.Version != "2008-10-17" {
		return nil, malformed("The policy document version is not valid.")
	}
	var list []document
	var one document
	switch {
	case wire.Strict(doc.Statement, &one) == nil:
		list = append(list, one)
	case wire.Strict(doc.Statement, &list) != nil:
		return nil, malformed("Syntax errors in policy.")
	}
	if len(list) == 0 {
		return nil, malformed("Missing required field Statement")
	}
	var p policy
	for _, d := range list {
		st, err := d.statement()
		if err != nil {
			return nil, err
		}
		p = append(p, st)
	}
	return p, nil
}

// document is a statement as it is written.
type document struct {
	Sid                                      string
	Effect                                   string
	Action, NotAction, Resource, NotResource texts
	Condition                                map[string]map[string]texts
	Principal, NotPrincipal                  any
}

// texts is one text, or a list of them.
type texts []string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

func (d document) statement() (statement, error) {
	switch {
	case d.Effect != "Allow" && d.Effect != "Deny":
		return statement{}, malformed("Missing required field Effect")
	case d.Principal != nil || d.NotPrincipal != nil:
		return statement{}, malformed("Policy document should not specify a principal.")
	case (d.Action == nil) == (d.NotAction == nil):
		return statement{}, malformed("Policy statement must contain actions.")
	case (d.Resource == nil) == (d.NotResource == nil):
		return statement{}, malformed("Policy statement must contain resources.")
	}
	st := statement{deny: d.Effect == "Deny", notAction: d.NotAction != nil, notRes: d.NotResource != nil,
		actions: patterns(slices.Concat(d.Action, d.NotAction)), resources: patterns(slices.Concat(d.Resource, d.NotResource))}
	for _, a := range st.actions {
		if a != "*" && !strings.Contains(a, ":") {
			return statement{}, malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
	}
	for operator, keys := range d.Condition {
		for key, values := range keys {
			c, err := newCondition(operator, key, values)
			if err != nil {
				return statement{}, err
			}
			st.conditions = append(st.conditions, c)
		}
	}
	return st, nil
}

// covers reports whether a statement speaks of what is asked.
func (st statement) covers(q question) bool {
	// Actions compare without case, resources with it.
	if st.actions.match(q, strings.ToLower(q.action), strings.ToLower) == st.notAction {
		return false
	}
	if st.resources.match(q, q.resource, func(s string) string { return s }) == st.notRes {
		return false
	}
	return !slices.ContainsFunc(st.conditions, func(c condition) bool { return !c.holds(q) })
}

func (p patterns) match(q question, text string, fold func(string) string) bool {
	return slices.ContainsFunc(p, func(pattern string) bool { return match(fold(q.fill(pattern)), text) })
}

// fill puts the facts into a pattern's policy variables. One that is not known
// matches nothing.
func (q question) fill(pattern string) string {
	for {
		before, rest, found := strings.Cut(pattern, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return pattern
		}
		value, known := q.facts[strings.ToLower(name)]
		if !known {
			return "\x00"
		}
		pattern = before + value + after
	}
}

// match compares a text with a pattern in which * is any text and ? any character.
func match(pattern, text string) bool {
	for i := 0; i < len(pattern); i++ {
		switch {
		case pattern[i] == '*':
			for k := 0; k <= len(text); k++ {
				if match(pattern[i+1:], text[k:]) {
					return true
				}
			}
			return false
		case text == "" || pattern[i] != '?' && pattern[i] != text[0]:
			return false
		}
		text = text[1:]
	}
	return text == ""
}

// ask gives what policies say together: an explicit deny counts more than any allow.
func ask(policies []policy, q question) (allowed, denied bool) {
	for _, p := range policies {
		for _, st := range p {
			if !st.covers(q) {
				continue
			}
			if st.deny {
				return false, true
			}
			allowed = true
		}
	}
	return allowed, false
}
