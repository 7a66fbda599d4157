package portal_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
	"fob/internal/fob"
)

// The credentials are a session of this fake's STS: a chain from it is held to an hour.
func TestRoleCredentials(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	st.SignedIn(t)
	out, err := st.Credentials(t.Context(), fakeaws.PaymentsAccount, "ReadOnly")
	if err != nil {
		t.Fatal(err)
	}
	rc := out.RoleCredentials
	if left := time.UnixMilli(rc.Expiration).Sub(st.Now()); left != time.Hour {
		t.Errorf("expires in %v", left)
	}
	if !strings.Contains(*rc.SecretAccessKey, fakeaws.Marker) || !strings.Contains(*rc.SessionToken, fakeaws.Marker) {
		t.Error("no marker")
	}
	creds := fob.Credentials{AccessKeyID: *rc.AccessKeyId, SecretAccessKey: fob.NewSecret(*rc.SecretAccessKey), SessionToken: fob.NewSecret(*rc.SessionToken)}
	me, err := st.STS(creds).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	role, user, _ := strings.Cut(strings.TrimPrefix(*me.Arn, "arn:aws:sts::222233334444:assumed-role/AWSReservedSSO_ReadOnly_"), "/")
	if len(role) != 16 || user != "jane@example.com" {
		t.Errorf("is %s", *me.Arn)
	}
	_, err = st.Assume(t, creds, fakeaws.FromSSO, func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(7200) })
	stage.WantRefusal(t, err, "ValidationError", "role chaining")
	st.MustAssume(t, creds, fakeaws.FromSSO, nil)

	again, err := st.Credentials(t.Context(), fakeaws.PaymentsAccount, "ReadOnly")
	if err != nil || *again.RoleCredentials.AccessKeyId == *rc.AccessKeyId {
		t.Error("the same credentials again", err)
	}
	if got := st.SSOCounts().Credentials; len(got) != 1 || got[fakeaws.PaymentsAccount+"/ReadOnly"] != 2 {
		t.Errorf("counts %v", got)
	}
	st.SetLifetime(8 * time.Second)
	short, err := st.Credentials(t.Context(), fakeaws.PaymentsAccount, "Admin")
	if err != nil || time.UnixMilli(short.RoleCredentials.Expiration).Sub(st.Now()) != 8*time.Second {
		t.Error("the cap of lifetimes", err)
	}
	st.Reset()
	if c := st.SSOCounts(); len(c.Credentials)+len(c.Exchanges)+c.Pages != 0 {
		t.Errorf("after a reset: %+v", c)
	}
}

func TestPortalRefuses(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	st.Access = "nonsense"
	stage.WantHTTP(t, st.Accounts(t), 401, "UnauthorizedException")
	st.SignedIn(t)
	roles := func(account string) error {
		_, err := st.Portal().ListAccountRoles(t.Context(), &sso.ListAccountRolesInput{AccessToken: &st.Access, AccountId: &account})
		return err
	}
	for _, c := range []struct {
		account, role string
		status        int
		code          string
	}{
		{fakeaws.PaymentsAccount, "Owner", 403, "ForbiddenException"}, {"999999999999", "Admin", 403, "ForbiddenException"},
		{"payments", "Admin", 400, "InvalidRequestException"}, {fakeaws.PaymentsAccount, "", 400, "InvalidRequestException"},
	} {
		_, err := st.Credentials(t.Context(), c.account, c.role)
		stage.WantHTTP(t, err, c.status, c.code)
	}
	stage.WantHTTP(t, roles("999999999999"), 404, "ResourceNotFoundException")
	stage.WantHTTP(t, roles("payments"), 400, "InvalidRequestException")
	if err := st.SSO.Assign(fakeaws.PaymentsAccount, "ReadOnly"); err != nil {
		t.Fatal(err)
	}
	_, err := st.Credentials(t.Context(), fakeaws.PaymentsAccount, "Admin")
	stage.WantHTTP(t, err, 403, "ForbiddenException")
	for _, c := range []struct {
		fault  fakeaws.Fault
		status int
		code   string
	}{
		{fakeaws.Fault{Kind: fakeaws.FaultThrottle}, 429, "TooManyRequestsException"},
		{fakeaws.Fault{Kind: fakeaws.FaultUnavailable}, 503, "ServiceUnavailable"},
		{fakeaws.Fault{Kind: fakeaws.FaultUnavailable, Status: 500}, 500, "InternalFailure"},
		{fakeaws.Fault{Kind: fakeaws.FaultError, Status: 404, Code: "ResourceNotFoundException"}, 404, "ResourceNotFoundException"},
	} {
		c.fault.Action, c.fault.Times = "sso:GetRoleCredentials", 1
		st.Fail(c.fault)
		_, err := st.Credentials(t.Context(), fakeaws.PaymentsAccount, "ReadOnly")
		stage.WantHTTP(t, err, c.status, c.code)
		if log := st.Log(); log[len(log)-1].Status != c.status {
			t.Errorf("logged as %+v", log[len(log)-1])
		}
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	st.SignedIn(t)
	st.SSO.AddAccounts(40, 25)
	names, pages := st.List(t.Context(), t, 0, func() {})
	if len(names) != 44 || pages != 3 || names[0] != "payments=222233334444" || names[2] != "sandbox=555566667777" || names[3] != "sandbox=666677778888" {
		t.Errorf("%d accounts on %d pages: %v", len(names), pages, names)
	}
	// Removed, hidden and renamed between two pages: nothing else is lost or doubled.
	names, pages = st.List(t.Context(), t, 3, func() {
		if err := st.SSO.RemoveAccount(fakeaws.PaymentsAccount); err != nil {
			t.Error(err)
		}
		if err := st.SSO.Rename("666677778888", "playground"); err != nil {
			t.Error(err)
		}
		last := st.SSO.Accounts()[42]
		if err := st.SSO.Assign(last.ID); err != nil {
			t.Error(err)
		}
	})
	if len(names) != 43 || pages != 15 || names[3] != "playground=666677778888" {
		t.Errorf("%d accounts on %d pages: %v", len(names), pages, names)
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != 43 {
		t.Error("listed twice")
	}
}

func TestPagingOfRoles(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	st.SignedIn(t)
	st.SSO.AddAccounts(10, 25)
	in := &sso.ListAccountRolesInput{AccessToken: &st.Access, AccountId: aws.String(st.SSO.Accounts()[10].ID)}
	var roles []string
	for p := sso.NewListAccountRolesPaginator(st.Portal(), in); p.HasMorePages(); {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.RoleList {
			roles = append(roles, *r.RoleName)
		}
	}
	if len(roles) != 25 || !slices.IsSorted(roles) || st.Calls("ListAccountRoles") != 2 {
		t.Errorf("%d roles in %d calls: %v", len(roles), st.Calls("ListAccountRoles"), roles)
	}
	in.MaxResults = aws.Int32(1)
	other, err := st.Portal().ListAccountRoles(t.Context(), in)
	if err != nil || other.NextToken == nil {
		t.Fatal("no second page", err)
	}
	for _, edit := range []func(*sso.ListAccountsInput){
		func(in *sso.ListAccountsInput) { in.MaxResults = aws.Int32(101) },
		func(in *sso.ListAccountsInput) { in.MaxResults = aws.Int32(0) },
		func(in *sso.ListAccountsInput) { in.NextToken = aws.String("nonsense") },
		func(in *sso.ListAccountsInput) { in.NextToken = other.NextToken },
	} {
		in := &sso.ListAccountsInput{AccessToken: &st.Access}
		edit(in)
		_, err := st.Portal().ListAccounts(t.Context(), in)
		stage.WantHTTP(t, err, 400, "InvalidRequestException")
	}
}

func TestLifetimesOfTokens(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	first := st.SignedIn(t)
	st.Advance(time.Hour - time.Second)
	stage.WantHTTP(t, st.Accounts(t), 0, "")
	st.Advance(time.Second)
	stage.WantHTTP(t, st.Accounts(t), 401, "UnauthorizedException")
	second, err := st.Renew(t.Context(), *first.RefreshToken)
	if err != nil || *second.RefreshToken == *first.RefreshToken {
		t.Fatal("not rotated", err)
	}
	stage.WantHTTP(t, st.Accounts(t), 0, "")
	_, err = st.Renew(t.Context(), *first.RefreshToken)
	stage.WantHTTP(t, err, 400, "InvalidGrantException")
	st.SetSSO(func(c *fakeaws.SSOSettings) { c.KeepRefresh = true })
	for range 2 {
		again, err := st.Renew(t.Context(), *second.RefreshToken)
		if err != nil || *again.RefreshToken != *second.RefreshToken {
			t.Fatal("not kept", err)
		}
	}
	st.Advance(6*time.Hour + 30*time.Minute)
	last, err := st.Renew(t.Context(), *second.RefreshToken)
	if err != nil || last.ExpiresIn != 1800 {
		t.Fatal("not cut to the session's end", err)
	}
	st.Advance(30 * time.Minute)
	_, err = st.Renew(t.Context(), *second.RefreshToken)
	stage.WantHTTP(t, err, 400, "InvalidGrantException")

	st.SetSSO(func(c *fakeaws.SSOSettings) { c.NoRefresh = true })
	if out := st.SignedIn(t); out.RefreshToken != nil {
		t.Error("a refresh token after all")
	}
	st.Register(t, func(in *ssooidc.RegisterClientInput) { in.Scopes, in.GrantTypes = nil, nil })
	_, poll := st.StartDevice(t)
	_, _ = st.AnswerDevice("", true)
	stage.WantHTTP(t, poll(t.Context()), 0, "")
	st.Advance(8*time.Hour - time.Second)
	stage.WantHTTP(t, st.Accounts(t), 0, "") // without scopes, as long as the session
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	st.SignedIn(t)
	refresh := st.Refresh
	if n := st.RevokeSSO(fakeaws.RevokeAccess); n != 1 {
		t.Errorf("%d access tokens", n)
	}
	stage.WantHTTP(t, st.Accounts(t), 401, "UnauthorizedException")
	_, err := st.Renew(t.Context(), refresh)
	stage.WantHTTP(t, err, 0, "")
	st.RevokeSSO(fakeaws.RevokeRefresh)
	stage.WantHTTP(t, st.Accounts(t), 0, "")
	_, err = st.Renew(t.Context(), st.Refresh)
	stage.WantHTTP(t, err, 400, "InvalidGrantException")

	st.SignedIn(t)
	rc, err := st.Credentials(t.Context(), fakeaws.PaymentsAccount, "Admin")
	stage.WantHTTP(t, err, 0, "")
	logout := func() error {
		_, err := st.Portal().Logout(t.Context(), &sso.LogoutInput{AccessToken: &st.Access})
		return err
	}
	stage.WantHTTP(t, logout(), 0, "")
	stage.WantHTTP(t, st.Accounts(t), 401, "UnauthorizedException")
	stage.WantHTTP(t, logout(), 401, "UnauthorizedException")
	_, err = st.Renew(t.Context(), st.Refresh)
	stage.WantHTTP(t, err, 400, "InvalidGrantException")
	c := rc.RoleCredentials
	_, err = st.STS(fob.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: fob.NewSecret(*c.SecretAccessKey), SessionToken: fob.NewSecret(*c.SessionToken)}).GetCallerIdentity(t.Context(), nil)
	stage.WantHTTP(t, err, 0, "") // what was issued lives on

	st.SignedIn(t)
	st.RevokeSSO(fakeaws.RevokeSessions)
	stage.WantHTTP(t, st.Accounts(t), 401, "UnauthorizedException")
	_, err = st.Renew(t.Context(), st.Refresh)
	stage.WantHTTP(t, err, 400, "InvalidGrantException")
	st.RevokeSSO(fakeaws.RevokeClients)
	_, err = st.Renew(t.Context(), st.Refresh)
	stage.WantHTTP(t, err, 401, "InvalidClientException")
}

func TestPortalRate(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	st.SignedIn(t)
	st.SetSSO(func(c *fakeaws.SSOSettings) { c.Rate, c.Burst, c.RetryAfter = 20, 5, true })
	burst := func() (served int) {
		for st.Accounts(t) == nil {
			served++
		}
		return served
	}
	if n := burst(); n != 5 {
		t.Errorf("%d at once", n)
	}
	_, err := st.Credentials(t.Context(), fakeaws.PaymentsAccount, "Admin") // one rate for all operations
	stage.WantHTTP(t, err, 429, "TooManyRequestsException")
	req, _ := http.NewRequestWithContext(t.Context(), "GET", st.HTTP.URL+"/assignment/accounts", nil)
	if status, header, _ := stage.Send(t, req); status != 429 || header.Get("Retry-After") != "1" {
		t.Errorf("%d, Retry-After %q", status, header.Get("Retry-After"))
	}
	st.Advance(100 * time.Millisecond)
	if n := burst(); n != 2 {
		t.Errorf("%d after 100 ms", n)
	}
	st.Advance(time.Minute)
	if n := burst(); n != 5 {
		t.Errorf("%d after a minute", n)
	}
	if c := st.SSOCounts(); c.Throttled != 5 {
		t.Errorf("counts %+v", c)
	}
	// At twenty a second, and no faster: 100 calls, one each 10 ms.
	served := 0
	for range 100 {
		st.Advance(10 * time.Millisecond)
		if st.Accounts(t) == nil {
			served++
		}
	}
	if served != 20 {
		t.Errorf("%d in a second", served)
	}
}

func TestManyAccounts(t *testing.T) {
	t.Parallel()
	st := stage.NewSignIn(t)
	st.SignedIn(t)
	begun := time.Now()
	st.SSO.AddAccounts(5000, 4)
	names, pages := st.List(t.Context(), t, 100, func() {})
	if len(names) != 5004 || pages != 51 {
		t.Fatalf("%d accounts on %d pages", len(names), pages)
	}
	for _, a := range st.SSO.Accounts() {
		req := httptest.NewRequestWithContext(t.Context(), "GET", "/assignment/roles?account_id="+a.ID, nil)
		req.Header.Set("X-Amz-Sso_bearer_token", st.Access)
		rec := httptest.NewRecorder()
		st.ServeHTTP(rec, req)
		if want := fmt.Sprintf(`"accountId":"%s"`, a.ID); strings.Count(rec.Body.String(), want) != len(a.Roles) {
			t.Fatal(rec.Body)
		}
	}
	t.Logf("5,000 accounts with 4 roles, added and listed in %v", time.Since(begun))
}
