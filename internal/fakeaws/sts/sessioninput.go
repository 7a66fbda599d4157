package sts

import (
	"bytes"
	"compress/flate"
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

// check reads the session policies, which are of the account that the session is in.
func (in sessionInput) check(store *identity.Store, account string) (identity.SessionPolicies, error) {
	for i, t := range in.tags {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, wrongValue("aws: prefixed tag key names are not allowed for external use.")
		}
		if identity.FindTag(in.tags, t.Key) != i {
			return nil, wrongValue("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
	}
	return store.SessionPolicies(account, in.policy, in.policyARNs)
}

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
