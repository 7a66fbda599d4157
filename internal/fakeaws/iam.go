package fakeaws

import (
	"fob/internal/fakeaws/wire"
	"slices"
	"strconv"
	"strings"
)

// iamAPI is what a user does for itself in IAM, version 2010-05-08.
func iamAPI() queryAPI {
	return queryAPI{
		service: "iam", version: "2010-05-08", namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		global: true, gate: iamGate,
		operations: map[string]operation{
			"CreateAccessKey":      (*Server).createAccessKey,
			"DeleteAccessKey":      (*Server).deleteAccessKey,
			"GetAccessKeyLastUsed": (*Server).getAccessKeyLastUsed,
			"GetUser":              (*Server).getUser,
			"ListAccessKeys":       (*Server).listAccessKeys,
			"ListAccountAliases":   (*Server).listAccountAliases,
			"ListMFADevices":       (*Server).listMFADevices,
			"UpdateAccessKey":      (*Server).updateAccessKey,
		},
	}
}

// iamGate refuses, as if it did not know the key, sessions of GetSessionToken
// without MFA and all of GetFederationToken.
func iamGate(c *call, _ string) error {
	if c.is(federation) || c.is(userSession) && !c.mfa() {
		return wire.Refuse(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	return nil
}

func noEntity(message string) error { return wire.Refuse(404, "NoSuchEntity", message) }

func userName(p *wire.Params) string { return p.Text("UserName", 1, 128, wire.Wordy("+=,.@-")) }

// subject is the user that a call is about: the one it names, or the caller.
// Users may act on themselves, and on others if they are their account's admin.
func (s *Server) subject(c *call, name, action string) (*user, error) {
	if name == "" && c.user == nil {
		return nil, wire.Invalid("Must specify userName when calling with non-User credentials")
	}
	u := c.user
	if name != "" {
		u = s.users[s.iamARN(c.account(), "user/"+name)]
	} else {
		name = u.spec.Name
	}
	admin := c.user != nil && (c.user.spec.Admin || c.user.spec.Root) || c.user == nil && c.session.role.spec.Admin
	allowed, explicit := c.permits(action, c.mfa())
	if !allowed || !admin && (u == nil || u != c.user) {
		text := "user " + name
		if !explicit {
			text += " because no identity-based policy allows the " + action + " action"
		}
		return nil, notAuthorized(c.caller, action, text, explicit)
	}
	if u == nil {
		return nil, noEntity("The user with name " + name + " cannot be found.")
	}
	return u, nil
}

func (s *Server) getUser(c *call) ([]wire.Element, error) {
	name := userName(c.Params)
	if err := c.Err(); err != nil {
		return nil, err
	}
	u, err := s.subject(c, name, "iam:GetUser")
	if err != nil {
		return nil, err
	}
	kids := []wire.Element{wire.Text("UserId", u.id), wire.Text("Arn", u.arn), wire.Text("CreateDate", wire.Time(u.since))}
	if !u.spec.Root {
		kids = append([]wire.Element{wire.Text("Path", "/"), wire.Text("UserName", u.spec.Name)}, kids...)
	}
	return []wire.Element{wire.Group("User", kids...)}, nil
}

func (s *Server) listMFADevices(c *call) ([]wire.Element, error) {
	name := userName(c.Params)
	page, err := readPage(c.Params)
	if err != nil {
		return nil, err
	}
	u, err := s.subject(c, name, "iam:ListMFADevices")
	if err != nil {
		return nil, err
	}
	var list []wire.Element
	if u.mfa != nil {
		list = append(list, wire.Group("member", wire.Text("UserName", u.spec.Name), wire.Text("SerialNumber", u.mfa.serial), wire.Text("EnableDate", wire.Time(u.mfa.since))))
	}
	return page.of("MFADevices", list)
}

func (s *Server) listAccountAliases(c *call) ([]wire.Element, error) {
	page, err := readPage(c.Params)
	if err != nil {
		return nil, err
	}
	if allowed, explicit := c.permits("iam:ListAccountAliases", c.mfa()); !allowed {
		return nil, notAuthorized(c.caller, "iam:ListAccountAliases", "*", explicit)
	}
	var list []wire.Element
	if alias := s.aliases[c.account()]; alias != "" {
		list = append(list, wire.Text("member", alias))
	}
	return page.of("AccountAliases", list)
}

// page is the part of a list that is asked for.
type page struct {
	start string
	size  int
}

func readPage(p *wire.Params) (page, error) {
	pg := page{p.Text("Marker", 1, 320, wire.Latin1()), p.Number("MaxItems", 1, 1000, 100)}
	return pg, p.Err()
}

func (p page) of(name string, list []wire.Element) ([]wire.Element, error) {
	at := 0
	if p.start != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(p.start, "fake-"))
		if err != nil || n < 0 || n > len(list) {
			return nil, wire.Invalid("Invalid Marker.")
		}
		at = n
	}
	end := min(at+p.size, len(list))
	out := []wire.Element{wire.Group(name, list[at:end]...), wire.Text("IsTruncated", strconv.FormatBool(end < len(list)))}
	if end < len(list) {
		out = append(out, wire.Text("Marker", "fake-"+strconv.Itoa(end)))
	}
	return out, nil
}

func (k *accessKey) status() string {
	if k.active {
		return "Active"
	}
	return "Inactive"
}

func (u *user) key(id string) (*accessKey, error) {
	i := slices.IndexFunc(u.keys, func(k *accessKey) bool { return k.id == id })
	if i < 0 {
		return nil, noEntity("The Access Key with id " + id + " cannot be found.")
	}
	return u.keys[i], nil
}

// createAccessKey makes a second key at most. The services learn of it late.
func (s *Server) createAccessKey(c *call) ([]wire.Element, error) {
	name := userName(c.Params)
	if err := c.Err(); err != nil {
		return nil, err
	}
	u, err := s.subject(c, name, "iam:CreateAccessKey")
	if err != nil {
		return nil, err
	}
	if len(u.keys) >= 2 {
		return nil, wire.Refuse(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	}
	k := s.addKey(u, c.now.Add(s.keyDelay))
	return []wire.Element{wire.Group("AccessKey", wire.Text("UserName", u.spec.Name), wire.Text("AccessKeyId", k.id), wire.Text("Status", k.status()),
		wire.Text("SecretAccessKey", k.secret.Reveal()), wire.Text("CreateDate", wire.Time(k.since)))}, nil
}

func (s *Server) listAccessKeys(c *call) ([]wire.Element, error) {
	name := userName(c.Params)
	page, err := readPage(c.Params)
	if err != nil {
		return nil, err
	}
	u, err := s.subject(c, name, "iam:ListAccessKeys")
	if err != nil {
		return nil, err
	}
	var list []wire.Element
	for _, k := range u.keys {
		list = append(list, wire.Group("member", wire.Text("UserName", u.spec.Name), wire.Text("AccessKeyId", k.id), wire.Text("Status", k.status()), wire.Text("CreateDate", wire.Time(k.since))))
	}
	return page.of("AccessKeyMetadata", list)
}

func (s *Server) updateAccessKey(c *call) ([]wire.Element, error) {
	name, id := userName(c.Params), c.Need("AccessKeyId", 16, 128, wire.Wordy(""))
	status := c.Enum("Status", "Active", "Inactive")
	k, err := s.keyFor(c, name, id, "iam:UpdateAccessKey")
	if err != nil {
		return nil, err
	}
	k.active = status == "Active"
	return nil, nil
}

func (s *Server) deleteAccessKey(c *call) ([]wire.Element, error) {
	name, id := userName(c.Params), c.Need("AccessKeyId", 16, 128, wire.Wordy(""))
	k, err := s.keyFor(c, name, id, "iam:DeleteAccessKey")
	if err != nil {
		return nil, err
	}
	s.dropKey(k)
	return nil, nil
}

func (s *Server) keyFor(c *call, name, id, action string) (*accessKey, error) {
	if err := c.Err(); err != nil {
		return nil, err
	}
	u, err := s.subject(c, name, action)
	if err != nil {
		return nil, err
	}
	return u.key(id)
}

// getAccessKeyLastUsed tells "N/A" as service and region until a key was used,
// and AccessDenied for a key of nobody in the account.
func (s *Server) getAccessKeyLastUsed(c *call) ([]wire.Element, error) {
	id := c.Need("AccessKeyId", 16, 128, wire.Wordy(""))
	if err := c.Err(); err != nil {
		return nil, err
	}
	const action = "iam:GetAccessKeyLastUsed"
	k := s.keys[id]
	if k == nil || k.owner.spec.Account != c.account() {
		return nil, notAuthorized(c.caller, action, "access key "+id, false)
	}
	name := k.owner.spec.Name
	if k.owner == c.user {
		name = "" // root cannot be named
	}
	if _, err := s.subject(c, name, action); err != nil {
		return nil, err
	}
	service, region, last := "N/A", "N/A", []wire.Element(nil)
	if !k.used.IsZero() {
		service, region = k.service, k.region
		last = append(last, wire.Text("LastUsedDate", wire.Time(k.used)))
	}
	last = append(last, wire.Text("ServiceName", service), wire.Text("Region", region))
	return []wire.Element{wire.Text("UserName", k.owner.spec.Name), wire.Group("AccessKeyLastUsed", last...)}, nil
}
