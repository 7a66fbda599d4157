// Package iam plays what a user does for itself in IAM, version 2010-05-08.
package iam

import (
	"strconv"
	"strings"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/wire"
)

// New is the service.
func New(env *service.Env) service.Service {
	a := api{env}
	return &service.Query{Env: env, Service: "iam", Version: "2010-05-08", Namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		Global: true, Gate: gate,
		Operations: map[string]service.Operation{
			"CreateAccessKey":      a.createAccessKey,
			"DeleteAccessKey":      a.deleteAccessKey,
			"GetAccessKeyLastUsed": a.getAccessKeyLastUsed,
			"GetUser":              a.getUser,
			"ListAccessKeys":       a.listAccessKeys,
			"ListAccountAliases":   a.listAccountAliases,
			"ListMFADevices":       a.listMFADevices,
			"UpdateAccessKey":      a.updateAccessKey,
		}}
}

type api struct{ *service.Env }

// gate refuses, as if it did not know the key, sessions of GetSessionToken
// without MFA and all of GetFederationToken.
func gate(c *service.Call, _ string) error {
	if c.Is(identity.Federation) || c.Is(identity.UserSession) && !c.MFA() {
		return wire.Refuse(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	return nil
}

func noEntity(message string) error { return wire.Refuse(404, "NoSuchEntity", message) }

func userName(p *wire.Params) string { return p.Text("UserName", 1, 128, wire.Wordy("+=,.@-")) }

// subject is the user that a call is about: the one it names, or the caller.
// Users may act on themselves, and on others if they are their account's admin.
func (a api) subject(c *service.Call, name, action string) (*identity.IAMUser, error) {
	if name == "" && c.User == nil {
		return nil, wire.Invalid("Must specify userName when calling with non-User credentials")
	}
	u := c.User
	if name != "" {
		u = a.User(c.Account(), name)
	} else {
		name = u.Spec.Name
	}
	arn := a.ARN(c.Account(), "user/"+name)
	if u != nil {
		arn = u.ARN // that of root is another
	}
	if err := c.Refuse(c.Decide(action, arn, false), action, "user "+name); err != nil {
		return nil, err
	}
	if u == nil {
		return nil, noEntity("The user with name " + name + " cannot be found.")
	}
	return u, nil
}

func (a api) getUser(c *service.Call) ([]wire.Element, error) {
	name := userName(c.Params)
	if err := c.Err(); err != nil {
		return nil, err
	}
	u, err := a.subject(c, name, "iam:GetUser")
	if err != nil {
		return nil, err
	}
	kids := []wire.Element{wire.Text("UserId", u.ID), wire.Text("Arn", u.ARN), wire.Text("CreateDate", wire.Time(u.Since))}
	if !u.Spec.Root {
		kids = append([]wire.Element{wire.Text("Path", "/"), wire.Text("UserName", u.Spec.Name)}, kids...)
	}
	return []wire.Element{wire.Group("User", kids...)}, nil
}

func (a api) listMFADevices(c *service.Call) ([]wire.Element, error) {
	name := userName(c.Params)
	page, err := readPage(c.Params)
	if err != nil {
		return nil, err
	}
	u, err := a.subject(c, name, "iam:ListMFADevices")
	if err != nil {
		return nil, err
	}
	var list []wire.Element
	for _, d := range u.Devices {
		list = append(list, wire.Group("member", wire.Text("UserName", u.Spec.Name), wire.Text("SerialNumber", d.Serial), wire.Text("EnableDate", wire.Time(d.Since))))
	}
	return page.of("MFADevices", list)
}

func (a api) listAccountAliases(c *service.Call) ([]wire.Element, error) {
	page, err := readPage(c.Params)
	if err != nil {
		return nil, err
	}
	if err := c.Authorize("iam:ListAccountAliases", "*"); err != nil {
		return nil, err
	}
	var list []wire.Element
	if alias := a.Alias(c.Account()); alias != "" {
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
			return nil, wire.Invalid("Invalid random.Marker.")
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

// createAccessKey makes a second key at most. The services learn of it late.
func (a api) createAccessKey(c *service.Call) ([]wire.Element, error) {
	name := userName(c.Params)
	if err := c.Err(); err != nil {
		return nil, err
	}
	u, err := a.subject(c, name, "iam:CreateAccessKey")
	if err != nil {
		return nil, err
	}
	k, secret, ok := a.CreateKey(u)
	if !ok {
		return nil, wire.Refuse(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	}
	return []wire.Element{wire.Group("AccessKey", wire.Text("UserName", u.Spec.Name), wire.Text("AccessKeyId", k.ID), wire.Text("Status", k.Status()),
		wire.Text("SecretAccessKey", secret.Reveal()), wire.Text("CreateDate", wire.Time(k.Since)))}, nil
}

func (a api) listAccessKeys(c *service.Call) ([]wire.Element, error) {
	name := userName(c.Params)
	page, err := readPage(c.Params)
	if err != nil {
		return nil, err
	}
	u, err := a.subject(c, name, "iam:ListAccessKeys")
	if err != nil {
		return nil, err
	}
	var list []wire.Element
	for _, k := range a.Keys(u) {
		list = append(list, wire.Group("member", wire.Text("UserName", u.Spec.Name), wire.Text("AccessKeyId", k.ID), wire.Text("Status", k.Status()), wire.Text("CreateDate", wire.Time(k.Since))))
	}
	return page.of("AccessKeyMetadata", list)
}

func (a api) updateAccessKey(c *service.Call) ([]wire.Element, error) {
	name, id := userName(c.Params), c.Need("AccessKeyId", 16, 128, wire.Wordy(""))
	status := c.Enum("Status", "Active", "Inactive")
	k, err := a.keyFor(c, name, id, "iam:UpdateAccessKey")
	if err != nil {
		return nil, err
	}
	return nil, a.SetKeyActive(k.ID, status == "Active")
}

func (a api) deleteAccessKey(c *service.Call) ([]wire.Element, error) {
	name, id := userName(c.Params), c.Need("AccessKeyId", 16, 128, wire.Wordy(""))
	k, err := a.keyFor(c, name, id, "iam:DeleteAccessKey")
	if err != nil {
		return nil, err
	}
	return nil, a.DeleteKey(k.ID)
}

// keyFor is the key that a call is about, one of its subject's.
func (a api) keyFor(c *service.Call, name, id, action string) (identity.AccessKey, error) {
	if err := c.Err(); err != nil {
		return identity.AccessKey{}, err
	}
	u, err := a.subject(c, name, action)
	if err != nil {
		return identity.AccessKey{}, err
	}
	k, ok := a.Key(id)
	if !ok || k.Owner != u {
		return identity.AccessKey{}, noEntity("The Access Key with id " + id + " cannot be found.")
	}
	return k, nil
}

// getAccessKeyLastUsed tells "N/A" as service and region until a key was used,
// and AccessDenied for a key of nobody in the account.
func (a api) getAccessKeyLastUsed(c *service.Call) ([]wire.Element, error) {
	id := c.Need("AccessKeyId", 16, 128, wire.Wordy(""))
	if err := c.Err(); err != nil {
		return nil, err
	}
	const action = "iam:GetAccessKeyLastUsed"
	k, ok := a.Key(id)
	if !ok || k.Owner.Spec.Account != c.Account() {
		return nil, c.NotAuthorized(action, "access key "+id, " because no identity-based policy allows the "+action+" action")
	}
	name := k.Owner.Spec.Name
	if k.Owner == c.User {
		name = "" // root cannot be named
	}
	if _, err := a.subject(c, name, action); err != nil {
		return nil, err
	}
	service, region, last := "N/A", "N/A", []wire.Element(nil)
	if !k.Used.IsZero() {
		service, region = k.Service, k.Region
		last = append(last, wire.Text("LastUsedDate", wire.Time(k.Used)))
	}
	last = append(last, wire.Text("ServiceName", service), wire.Text("Region", region))
	return []wire.Element{wire.Text("UserName", k.Owner.Spec.Name), wire.Group("AccessKeyLastUsed", last...)}, nil
}
