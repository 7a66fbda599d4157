// Package portal plays the access portal of IAM Identity Center: what a signed-in
// user may open.
package portal

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"fob/internal/fakeaws/center"
	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/wire"
)

// Service is the access portal.
type Service struct {
	service.REST
	env *service.Env

	mu     sync.Mutex
	bucket bucket
}

// New is the service.
func New(env *service.Env) *Service {
	s := &Service{env: env}
	s.REST = service.REST{Service: "sso", Host: "portal.sso", Shape: refuse, Operations: []service.Endpoint{
		{Method: http.MethodGet, Path: "/assignment/accounts", Name: "ListAccounts", Do: s.listAccounts},
		{Method: http.MethodGet, Path: "/assignment/roles", Name: "ListAccountRoles", Do: s.listAccountRoles},
		{Method: http.MethodGet, Path: "/federation/credentials", Name: "GetRoleCredentials", Do: s.getRoleCredentials},
		{Method: http.MethodPost, Path: "/logout", Name: "Logout", Do: s.logout},
	}}
	return s
}

func portalInvalid(message string) error {
	return wire.Refuse(400, "InvalidRequestException", message)
}

// noAccess is not in the model, and what AWS answers to a role that is not
// assigned, whether the account exists or not.
func noAccess() error { return wire.Refuse(403, "ForbiddenException", "No access") }

// enter lets a call in: within the rate, with a token that is alive.
func (s *Service) enter(r *wire.Request) (*center.Access, error) {
	settings := s.env.Settings()
	s.mu.Lock()
	wait, ok := s.bucket.take(s.env.Now(), settings.Rate, settings.Burst)
	s.mu.Unlock()
	if !ok {
		s.env.Count(func(c *center.Counts) { c.Throttled++ })
		if settings.RetryAfter {
			r.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		}
		return nil, tooMany()
	}
	t := s.env.Access(r.HTTP.Header.Get("X-Amz-Sso_bearer_token"))
	if at := s.env.RegionOf(r.HTTP.Host); t != nil && at != "" && at != t.Instance.Spec().Region {
		t = nil // no other region knows it
	}
	if t == nil {
		return nil, wire.Refuse(http.StatusUnauthorized, "UnauthorizedException", "Session token not found or invalid")
	}
	if len(t.Scopes) > 0 && !slices.Contains(t.Scopes, "sso:account:access") && !slices.Contains(t.Scopes, "sso-portal:*") {
		return nil, noAccess()
	}
	return t, nil
}

// pageOf reads the parameters of paging. A page's token names what comes first
// on it, so that nothing is skipped when something before it is removed.
func (s *Service) pageOf(r *wire.Request, list string) (size int, from string, err error) {
	query := r.HTTP.URL.Query()
	size = s.env.Settings().PageSize
	if v := query.Get("max_result"); v != "" {
		if size, err = strconv.Atoi(v); err != nil || size < 1 || size > 100 {
			return 0, "", portalInvalid("maxResults must be between 1 and 100")
		}
	}
	if v := query.Get("next_token"); v != "" {
		raw, err := base64.RawURLEncoding.DecodeString(v)
		from, mine := strings.CutPrefix(string(raw), list+"|")
		if err != nil || !mine {
			return 0, "", portalInvalid("Invalid next token")
		}
		return size, from, nil
	}
	return size, "", nil
}

func pageToken(list, next string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + "|" + next))
}

type accountInfo struct {
	AccountID    string `json:"accountId"`
	AccountName  string `json:"accountName"`
	EmailAddress string `json:"emailAddress"`
}

// listAccounts lists the accounts in which the user has a role.
func (s *Service) listAccounts(r *wire.Request) (wire.Reply, error) {
	t, err := s.enter(r)
	if err != nil {
		return wire.Reply{}, err
	}
	const list = "accounts"
	size, from, err := s.pageOf(r, list)
	if err != nil {
		return wire.Reply{}, err
	}
	first, _ := strconv.Atoi(from)
	page, next := t.Instance.List(first, size)
	out := struct {
		AccountList []accountInfo `json:"accountList"`
		NextToken   string        `json:"nextToken,omitempty"`
	}{AccountList: []accountInfo{}}
	for _, a := range page {
		out.AccountList = append(out.AccountList, accountInfo{a.ID, a.Name, a.Email})
	}
	if next > 0 {
		out.NextToken = pageToken(list, strconv.Itoa(next))
	}
	return wire.JSON(http.StatusOK, out), nil
}

type roleInfo struct {
	RoleName  string `json:"roleName"`
	AccountID string `json:"accountId"`
}

func (s *Service) listAccountRoles(r *wire.Request) (wire.Reply, error) {
	t, err := s.enter(r)
	if err != nil {
		return wire.Reply{}, err
	}
	id := r.HTTP.URL.Query().Get("account_id")
	if wire.CheckAccount(id) != nil {
		return wire.Reply{}, portalInvalid("Invalid account id")
	}
	list := "roles|" + id
	size, from, err := s.pageOf(r, list)
	if err != nil {
		return wire.Reply{}, err
	}
	roles, ok := t.Instance.Roles(id)
	if !ok {
		return wire.Reply{}, wire.Refuse(http.StatusNotFound, "ResourceNotFoundException", "Account not found")
	}
	out := struct {
		RoleList  []roleInfo `json:"roleList"`
		NextToken string     `json:"nextToken,omitempty"`
	}{RoleList: []roleInfo{}}
	for _, name := range roles[sort.SearchStrings(roles, from):] {
		if len(out.RoleList) == size {
			out.NextToken = pageToken(list, name)
			break
		}
		out.RoleList = append(out.RoleList, roleInfo{name, id})
	}
	return wire.JSON(http.StatusOK, out), nil
}

// getRoleCredentials opens a session of the role that the permission set is in
// the account.
func (s *Service) getRoleCredentials(r *wire.Request) (wire.Reply, error) {
	t, err := s.enter(r)
	if err != nil {
		return wire.Reply{}, err
	}
	query := r.HTTP.URL.Query()
	id, name := query.Get("account_id"), query.Get("role_name")
	if wire.CheckAccount(id) != nil || name == "" {
		return wire.Reply{}, portalInvalid("Invalid account id or role name")
	}
	i := t.Instance
	if roles, _ := i.Roles(id); !slices.Contains(roles, name) {
		return wire.Reply{}, noAccess()
	}
	role, err := s.reservedRole(i, id, name)
	if err != nil {
		return wire.Reply{}, err
	}
	short := role.Spec.Name[strings.LastIndex(role.Spec.Name, "/")+1:]
	ses := s.env.Issue(identity.Session{Kind: identity.RoleSession, Account: id, Role: role, ID: role.ID + ":" + i.Spec().User,
		ARN: "arn:" + s.env.Partition() + ":sts::" + id + ":assumed-role/" + short + "/" + i.Spec().User}, s.env.Settings().RoleSession)
	s.env.Count(func(c *center.Counts) { c.Credentials[id+"/"+name]++ })
	return wire.JSON(http.StatusOK, map[string]any{"roleCredentials": map[string]any{
		"accessKeyId": ses.KeyID, "secretAccessKey": ses.Secret.Reveal(), "sessionToken": ses.Token.Reveal(),
		"expiration": ses.Expires.UnixMilli(),
	}}), nil
}

// reservedRole is the role that Identity Center keeps in an account for a
// permission set. Nobody but its own SAML provider may assume it. The fake makes
// it at first use.
func (s *Service) reservedRole(i *center.Instance, account, set string) (*identity.Role, error) {
	hash := sha256.Sum256([]byte(i.Spec().StartURL + "\n" + account + "\n" + set))
	name := "aws-reserved/sso.amazonaws.com/"
	if i.Spec().Region != "us-east-1" {
		name += i.Spec().Region + "/"
	}
	name += "AWSReservedSSO_" + set + "_" + hex.EncodeToString(hash[:8])
	spec := identity.RoleSpec{Account: account, Name: name, MaxSessionDuration: int(12 * time.Hour / time.Second)}
	if set == "Admin" {
		spec.Policies = []string{s.env.ARN("aws", "policy/AdministratorAccess")}
	}
	return s.env.EnsureRole(spec)
}

// logout ends the sign-in with all its tokens; credentials of roles live on.
func (s *Service) logout(r *wire.Request) (wire.Reply, error) {
	t, err := s.enter(r)
	if err != nil {
		return wire.Reply{}, err
	}
	t.End()
	return wire.Reply{Status: http.StatusOK, ContentType: "application/json"}, nil
}

func refuse(r *wire.Request, e *wire.Refusal) wire.Reply {
	if e.Code == "Throttling" {
		*e = *tooMany()
	}
	r.Header.Set("X-Amzn-Errortype", e.Code)
	return wire.JSON(e.Status, map[string]string{"message": e.Message, "__type": "com.amazonaws.switchboard.portal#" + e.Code})
}

func tooMany() *wire.Refusal {
	return wire.Refuse(429, "TooManyRequestsException", "HTTP 429 Unknown Code")
}
