package fakeaws

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
	"time"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/wire"
)

// The access portal: what a signed-in user may open.

func portalInvalid(message string) error {
	return wire.Refuse(400, "InvalidRequestException", message)
}

// noAccess is not in the model, and what AWS answers to a role that is not
// assigned, whether the account exists or not.
func noAccess() error { return wire.Refuse(403, "ForbiddenException", "No access") }

// enterPortal lets a call in: within the rate, with a token that is alive.
func (s *Server) enterPortal(r *wire.Request) (*accessToken, error) {
	st := &s.sso
	wait, ok := st.bucket.take(s.Now(), st.settings.Rate, st.settings.Burst)
	if !ok {
		st.counts.Throttled++
		if st.settings.RetryAfter {
			r.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		}
		return nil, tooMany()
	}
	t := st.access[r.HTTP.Header.Get("X-Amz-Sso_bearer_token")]
	if t == nil || !s.Now().Before(t.expires) || t.session.over {
		return nil, wire.Refuse(http.StatusUnauthorized, "UnauthorizedException", "Session token not found or invalid")
	}
	if len(t.scopes) > 0 && !slices.Contains(t.scopes, "sso:account:access") && !slices.Contains(t.scopes, "sso-portal:*") {
		return nil, noAccess()
	}
	return t, nil
}

// pageOf reads the parameters of paging. A page's token names what comes first
// on it, so that nothing is skipped when something before it is removed.
func (s *Server) pageOf(r *wire.Request, list string) (size int, from string, err error) {
	query := r.HTTP.URL.Query()
	size = s.sso.settings.PageSize
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
func (s *Server) listAccounts(r *wire.Request) (wire.Reply, error) {
	t, err := s.enterPortal(r)
	if err != nil {
		return wire.Reply{}, err
	}
	const list = "accounts"
	size, from, err := s.pageOf(r, list)
	if err != nil {
		return wire.Reply{}, err
	}
	first, _ := strconv.Atoi(from)
	all := t.session.instance.accounts
	at := sort.Search(len(all), func(k int) bool { return all[k].seq >= first })
	out := struct {
		AccountList []accountInfo `json:"accountList"`
		NextToken   string        `json:"nextToken,omitempty"`
	}{AccountList: []accountInfo{}}
	for _, a := range all[at:] {
		if len(a.Roles) == 0 {
			continue
		}
		if len(out.AccountList) == size {
			out.NextToken = pageToken(list, strconv.Itoa(a.seq))
			break
		}
		out.AccountList = append(out.AccountList, accountInfo{a.ID, a.Name, a.Email})
	}
	return wire.JSON(http.StatusOK, out), nil
}

type roleInfo struct {
	RoleName  string `json:"roleName"`
	AccountID string `json:"accountId"`
}

func (s *Server) listAccountRoles(r *wire.Request) (wire.Reply, error) {
	t, err := s.enterPortal(r)
	if err != nil {
		return wire.Reply{}, err
	}
	id := r.HTTP.URL.Query().Get("account_id")
	if identity.CheckAccount(id) != nil {
		return wire.Reply{}, portalInvalid("Invalid account id")
	}
	list := "roles|" + id
	size, from, err := s.pageOf(r, list)
	if err != nil {
		return wire.Reply{}, err
	}
	a := t.session.instance.byID[id]
	if a == nil {
		return wire.Reply{}, wire.Refuse(http.StatusNotFound, "ResourceNotFoundException", "Account not found")
	}
	out := struct {
		RoleList  []roleInfo `json:"roleList"`
		NextToken string     `json:"nextToken,omitempty"`
	}{RoleList: []roleInfo{}}
	for _, name := range a.Roles[sort.SearchStrings(a.Roles, from):] {
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
func (s *Server) getRoleCredentials(r *wire.Request) (wire.Reply, error) {
	t, err := s.enterPortal(r)
	if err != nil {
		return wire.Reply{}, err
	}
	query := r.HTTP.URL.Query()
	id, name := query.Get("account_id"), query.Get("role_name")
	if identity.CheckAccount(id) != nil || name == "" {
		return wire.Reply{}, portalInvalid("Invalid account id or role name")
	}
	i := t.session.instance
	a := i.byID[id]
	if a == nil || !slices.Contains(a.Roles, name) {
		return wire.Reply{}, noAccess()
	}
	role := s.reservedRole(i, id, name)
	short := role.Spec.Name[strings.LastIndex(role.Spec.Name, "/")+1:]
	ses := s.Issue(identity.Session{Kind: identity.RoleSession, Account: id, Role: role, ID: role.ID + ":" + i.spec.User,
		ARN: "arn:" + s.Partition() + ":sts::" + id + ":assumed-role/" + short + "/" + i.spec.User}, s.sso.settings.RoleSession)
	s.sso.counts.Credentials[id+"/"+name]++
	return wire.JSON(http.StatusOK, map[string]any{"roleCredentials": map[string]any{
		"accessKeyId": ses.KeyID, "secretAccessKey": ses.Secret.Reveal(), "sessionToken": ses.Token.Reveal(),
		"expiration": ses.Expires.UnixMilli(),
	}}), nil
}

// reservedRole is the role that Identity Center keeps in an account for a
// permission set. Nobody but its own SAML provider may assume it. The fake makes
// it at first use.
func (s *Server) reservedRole(i *Instance, account, set string) *identity.Role {
	hash := sha256.Sum256([]byte(i.spec.StartURL + "\n" + account + "\n" + set))
	name := "aws-reserved/sso.amazonaws.com/"
	if i.spec.Region != "us-east-1" {
		name += i.spec.Region + "/"
	}
	name += "AWSReservedSSO_" + set + "_" + hex.EncodeToString(hash[:8])
	return s.EnsureRole(identity.RoleSpec{Account: account, Name: name, MaxSessionDuration: int(12 * time.Hour / time.Second), Admin: set == "Admin"})
}

// logoutPortal ends the sign-in with all its tokens; credentials of roles live on.
func (s *Server) logoutPortal(r *wire.Request) (wire.Reply, error) {
	t, err := s.enterPortal(r)
	if err != nil {
		return wire.Reply{}, err
	}
	t.session.over = true
	return wire.Reply{Status: http.StatusOK, ContentType: "application/json"}, nil
}
