package fakeaws

import (
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
		return &Refusal{403, "InvalidClientTokenId", "The security token included in the request is invalid."}
	}
	return nil
}

func noEntity(message string) error { return &Refusal{404, "NoSuchEntity", message} }

func (p *params) userName() string { return p.text("UserName", 1, 128, wordy("+=,.@-")) }

// subject is the user that a call is about: the one it names, or the caller.
// Users may act on themselves, and on others if they are their account's admin.
func (s *Server) subject(c *call, name, action string) (*user, error) {
	if name == "" && c.user == nil {
		return nil, invalid("Must specify userName when calling with non-User credentials")
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

func (s *Server) getUser(c *call) ([]element, error) {
	name := c.userName()
	if err := c.err(); err != nil {
		return nil, err
	}
	u, err := s.subject(c, name, "iam:GetUser")
	if err != nil {
		return nil, err
	}
	kids := []element{text("UserId", u.id), text("Arn", u.arn), text("CreateDate", isoTime(u.since))}
	if !u.spec.Root {
		kids = append([]element{text("Path", "/"), text("UserName", u.spec.Name)}, kids...)
	}
	return []element{group("User", kids...)}, nil
}

func (s *Server) listMFADevices(c *call) ([]element, error) {
	name := c.userName()
	page, err := c.page()
	if err != nil {
		return nil, err
	}
	u, err := s.subject(c, name, "iam:ListMFADevices")
	if err != nil {
		return nil, err
	}
	var list []element
	if u.mfa != nil {
		list = append(list, group("member", text("UserName", u.spec.Name), text("SerialNumber", u.mfa.serial), text("EnableDate", isoTime(u.mfa.since))))
	}
	return page.of("MFADevices", list)
}

func (s *Server) listAccountAliases(c *call) ([]element, error) {
	page, err := c.page()
	if err != nil {
		return nil, err
	}
	if allowed, explicit := c.permits("iam:ListAccountAliases", c.mfa()); !allowed {
		return nil, notAuthorized(c.caller, "iam:ListAccountAliases", "*", explicit)
	}
	var list []element
	if alias := s.aliases[c.account()]; alias != "" {
		list = append(list, text("member", alias))
	}
	return page.of("AccountAliases", list)
}

// page is the part of a list that is asked for.
type page struct {
	start string
	size  int
}

func (p *params) page() (page, error) {
	pg := page{p.text("Marker", 1, 320, latin1()), p.number("MaxItems", 1, 1000, 100)}
	return pg, p.err()
}

func (p page) of(name string, list []element) ([]element, error) {
	at := 0
	if p.start != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(p.start, "fake-"))
		if err != nil || n < 0 || n > len(list) {
			return nil, invalid("Invalid Marker.")
		}
		at = n
	}
	end := min(at+p.size, len(list))
	out := []element{group(name, list[at:end]...), text("IsTruncated", strconv.FormatBool(end < len(list)))}
	if end < len(list) {
		out = append(out, text("Marker", "fake-"+strconv.Itoa(end)))
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
func (s *Server) createAccessKey(c *call) ([]element, error) {
	name := c.userName()
	if err := c.err(); err != nil {
		return nil, err
	}
	u, err := s.subject(c, name, "iam:CreateAccessKey")
	if err != nil {
		return nil, err
	}
	if len(u.keys) >= 2 {
		return nil, &Refusal{409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"}
	}
	k := s.addKey(u, c.now.Add(s.keyDelay))
	return []element{group("AccessKey", text("UserName", u.spec.Name), text("AccessKeyId", k.id), text("Status", k.status()),
		text("SecretAccessKey", k.secret.Reveal()), text("CreateDate", isoTime(k.since)))}, nil
}

func (s *Server) listAccessKeys(c *call) ([]element, error) {
	name := c.userName()
	page, err := c.page()
	if err != nil {
		return nil, err
	}
	u, err := s.subject(c, name, "iam:ListAccessKeys")
	if err != nil {
		return nil, err
	}
	var list []element
	for _, k := range u.keys {
		list = append(list, group("member", text("UserName", u.spec.Name), text("AccessKeyId", k.id), text("Status", k.status()), text("CreateDate", isoTime(k.since))))
	}
	return page.of("AccessKeyMetadata", list)
}

func (s *Server) updateAccessKey(c *call) ([]element, error) {
	name, id := c.userName(), c.need("AccessKeyId", 16, 128, wordy(""))
	status := c.enum("Status", "Active", "Inactive")
	k, err := s.keyFor(c, name, id, "iam:UpdateAccessKey")
	if err != nil {
		return nil, err
	}
	k.active = status == "Active"
	return nil, nil
}

func (s *Server) deleteAccessKey(c *call) ([]element, error) {
	name, id := c.userName(), c.need("AccessKeyId", 16, 128, wordy(""))
	k, err := s.keyFor(c, name, id, "iam:DeleteAccessKey")
	if err != nil {
		return nil, err
	}
	s.dropKey(k)
	return nil, nil
}

func (s *Server) keyFor(c *call, name, id, action string) (*accessKey, error) {
	if err := c.err(); err != nil {
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
func (s *Server) getAccessKeyLastUsed(c *call) ([]element, error) {
	id := c.need("AccessKeyId", 16, 128, wordy(""))
	if err := c.err(); err != nil {
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
	service, region, last := "N/A", "N/A", []element(nil)
	if !k.used.IsZero() {
		service, region = k.service, k.region
		last = append(last, text("LastUsedDate", isoTime(k.used)))
	}
	last = append(last, text("ServiceName", service), text("Region", region))
	return []element{text("UserName", k.owner.spec.Name), group("AccessKeyLastUsed", last...)}, nil
}
