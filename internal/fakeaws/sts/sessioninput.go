package sts

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/wire"
)

// sessionInput is what narrows and describes a session: session policies and
// session tags.
type sessionInput struct {
	policy     string
	policyARNs []string
	tags       []identity.Tag
}

// readSessionInput reads Policy, PolicyArns and Tags. The policies' 2048 characters
// are of the plain text.
func readSessionInput(p *wire.Params) sessionInput {
	in := sessionInput{policy: p.Text("Policy", 1, 2048, wire.Latin1())}
	for _, m := range p.Members("PolicyArns", 10) {
		in.policyARNs = append(in.policyARNs, p.Text(m+".arn", 20, 2048, wire.AnyText()))
	}
	for _, m := range p.Members("Tags", 50) {
		in.tags = append(in.tags, identity.Tag{Key: p.Need(m+".Key", 1, 128, wire.TagText()), Value: p.Need(m+".Value", 0, 256, wire.TagText())})
	}
	return in
}

func (in sessionInput) check(partition string) error {
	for i, t := range in.tags {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return wrongValue("aws: prefixed tag key names are not allowed for external use.")
		}
		if identity.FindTag(in.tags, t.Key) != i {
			return wrongValue("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
	}
	for _, arn := range in.policyARNs {
		if !strings.HasPrefix(arn, "arn:"+partition+":iam::") || !strings.Contains(arn, ":policy/") {
			return wire.Invalid("ARN " + arn + " is not valid.")
		}
	}
	if in.policy == "" {
		return nil
	}
	return checkPolicy(in.policy)
}

func malformed(message string) error { return wire.Refuse(400, "MalformedPolicyDocument", message) }

// packed is the PackedPolicySize, in percent, of policies and tags; it is not in
// the answer if there are none. AWS's packing is its own and is not documented:
// here it is DEFLATE into 1024 bytes. Transitive keys cost nothing.
func (in sessionInput) packed(inherited []identity.Tag) ([]wire.Element, error) {
	var all strings.Builder
	all.WriteString(in.policy + strings.Join(in.policyARNs, ""))
	for _, t := range append(inherited[:len(inherited):len(inherited)], in.tags...) {
		all.WriteString(t.Key + "\x00" + t.Value + "\x00")
	}
	if all.Len() == 0 {
		return nil, nil
	}
	var small bytes.Buffer
	w, err := flate.NewWriter(&small, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	_, _ = w.Write([]byte(all.String()))
	_ = w.Close()
	percent := (small.Len()*100 + 1023) / 1024
	plain := len(in.policy) + len(strings.Join(in.policyARNs, ""))
	if percent > 100 || plain > 2048 {
		percent = max(percent, plain*100/2048)
		return nil, wire.Refuse(400, "PackedPolicyTooLarge", fmt.Sprintf("Packed policy consumes %d%% of allotted space, please use smaller policy.", percent))
	}
	return []wire.Element{wire.Text("PackedPolicySize", strconv.Itoa(percent))}, nil
}

type policyDocument struct {
	Version   string          `json:"Version"`
	ID        string          `json:"Id"`
	Statement json.RawMessage `json:"Statement"`
}

type policyStatement struct {
	Sid                                      string
	Effect                                   string
	Action, NotAction, Resource, NotResource any
	Condition, Principal, NotPrincipal       any
}

// checkPolicy knows the grammar of an identity policy, as far as to refuse what
// is none.
func checkPolicy(policy string) error {
	var doc policyDocument
	if err := wire.Strict([]byte(policy), &doc); err != nil {
		return malformed("Syntax errors in policy.")
	}
	if doc.Version != "" && doc.Version != "2012-10-17" && doc.Version != "2008-10-17" {
		return malformed("The policy document version is not valid.")
	}
	var list []policyStatement
	var one policyStatement
	switch {
	case wire.Strict(doc.Statement, &one) == nil:
		list = append(list, one)
	case wire.Strict(doc.Statement, &list) != nil:
		return malformed("Syntax errors in policy.")
	}
	if len(list) == 0 {
		return malformed("Missing required field Statement")
	}
	for _, st := range list {
		switch {
		case st.Effect != "Allow" && st.Effect != "Deny":
			return malformed("Missing required field Effect")
		case st.Principal != nil || st.NotPrincipal != nil:
			return malformed("Policy document should not specify a principal.")
		case (st.Action == nil) == (st.NotAction == nil):
			return malformed("Policy statement must contain actions.")
		case (st.Resource == nil) == (st.NotResource == nil):
			return malformed("Policy statement must contain resources.")
		}
	}
	return nil
}
