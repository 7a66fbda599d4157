package iam_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
	"fob/internal/fob"
)

// A rotation, step by step, with keys that become known late.
func TestRotation(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{KeyDelay: 10 * time.Second})
	old := st.Users["bot"].Credentials
	c := st.IAM(old)
	out, err := c.CreateAccessKey(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	fresh := fob.Credentials{AccessKeyID: *out.AccessKey.AccessKeyId, SecretAccessKey: fob.NewSecret(*out.AccessKey.SecretAccessKey)}
	if *out.AccessKey.UserName != "bot" || out.AccessKey.Status != types.StatusTypeActive || out.AccessKey.CreateDate == nil {
		t.Errorf("%s %s %v", *out.AccessKey.UserName, out.AccessKey.Status, out.AccessKey.CreateDate)
	}
	_, err = c.CreateAccessKey(t.Context(), nil)
	stage.WantRefusal(t, err, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")

	_, err = st.STS(fresh).GetCallerIdentity(t.Context(), nil)
	stage.WantRefusal(t, err, "InvalidClientTokenId", "")
	st.Advance(10 * time.Second)
	used := lastUsed(t, c, fresh.AccessKeyID)
	if *used.ServiceName != "N/A" || *used.Region != "N/A" || used.LastUsedDate != nil {
		t.Errorf("unused key: %s %s", *used.ServiceName, *used.Region)
	}
	if _, err = st.STS(fresh).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if used = lastUsed(t, c, fresh.AccessKeyID); *used.ServiceName != "sts" || *used.Region != "eu-west-1" || used.LastUsedDate == nil {
		t.Errorf("used key: %s %s", *used.ServiceName, *used.Region)
	}

	c = st.IAM(fresh)
	if _, err = c.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{AccessKeyId: &old.AccessKeyID, Status: types.StatusTypeInactive}); err != nil {
		t.Fatal(err)
	}
	_, err = st.STS(old).GetCallerIdentity(t.Context(), nil)
	stage.WantRefusal(t, err, "InvalidClientTokenId", "")
	list, err := c.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{MaxItems: aws.Int32(1)})
	if err != nil || !list.IsTruncated || list.AccessKeyMetadata[0].Status != types.StatusTypeInactive {
		t.Fatal(err, list)
	}
	list, err = c.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{Marker: list.Marker})
	if err != nil || list.IsTruncated || *list.AccessKeyMetadata[0].AccessKeyId != fresh.AccessKeyID {
		t.Fatal(err, list)
	}
	if _, err = c.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{AccessKeyId: &old.AccessKeyID}); err != nil {
		t.Fatal(err)
	}
	_, err = c.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{AccessKeyId: &old.AccessKeyID})
	stage.WantRefusal(t, err, "NoSuchEntity", "The Access Key with id "+old.AccessKeyID+" cannot be found.")
}

func lastUsed(t *testing.T, c *iam.Client, id string) *types.AccessKeyLastUsed {
	t.Helper()
	out, err := c.GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
	if err != nil || *out.UserName != "bot" {
		t.Fatal(err)
	}
	return out.AccessKeyLastUsed
}

// Who may call IAM, and about whom.
func TestIAMCallers(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	add := func(spec fakeaws.UserSpec) fob.Credentials {
		spec.Account = fakeaws.UserAccount
		return st.AddUser(spec).Credentials
	}
	bot := st.Users["bot"].Credentials
	admin := add(fakeaws.UserSpec{Name: "admin", Policies: []string{"arn:aws:iam::aws:policy/AdministratorAccess"}})
	enforced := add(fakeaws.UserSpec{Name: "enforced", Policies: []string{fakeaws.OwnPolicy, fakeaws.EnforceMFA}})
	fed, err := st.STS(bot).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("guest")})
	if err != nil {
		t.Fatal(err)
	}
	plain := st.MustAssume(t, bot, "ReadOnly", nil)
	st.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: "Admin", Trusts: []string{fakeaws.UserAccount}, Policies: []string{"arn:aws:iam::aws:policy/AdministratorAccess"}})
	st.AddUser(fakeaws.UserSpec{Account: fakeaws.RoleAccount, Name: "there"})
	adminRole := st.MustAssume(t, bot, "arn:aws:iam::444455556666:role/Admin", nil)
	for _, tc := range []struct {
		name       string
		creds      fob.Credentials
		user       string
		code, text string
		want       string
	}{
		{name: "own", creds: bot, want: "bot"},
		{name: "own, by name", creds: bot, user: "bot", want: "bot"},
		{name: "somebody else", creds: bot, user: "jane", code: "AccessDenied", text: "iam:GetUser on resource: user jane because no identity-based policy allows the iam:GetUser action"},
		{name: "nobody", creds: bot, user: "nobody", code: "AccessDenied"},
		{name: "admin", creds: admin, user: "jane", want: "jane"},
		{name: "admin, nobody", creds: admin, user: "nobody", code: "NoSuchEntity", text: "The user with name nobody cannot be found."},
		{name: "root", creds: add(fakeaws.UserSpec{Root: true}), want: ""},
		{name: "MFA enforced, exempt", creds: enforced, want: "enforced"},
		{name: "session with MFA", creds: st.Session(t, "jane"), want: "jane"},
		{name: "session without", creds: st.Session(t, "bot"), code: "InvalidClientTokenId", text: "The security token included in the request is invalid."},
		{name: "federated", creds: stage.Own(fed.Credentials), code: "InvalidClientTokenId"},
		{name: "role, nobody named", creds: plain, code: "ValidationError", text: "Must specify userName when calling with non-User credentials"},
		{name: "role", creds: plain, user: "there", code: "AccessDenied"},
		{name: "admin role", creds: adminRole, user: "there", want: "there"},
		{name: "without", creds: add(fakeaws.UserSpec{Name: "none", Policies: []string{`{"Statement":{"Effect":"Allow","NotAction":"iam:GetUser","Resource":"*"}}`}}), code: "AccessDenied"},
		{name: "odd name", creds: admin, user: "a b", code: "ValidationError", text: "'userName'"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			in := &iam.GetUserInput{}
			if tc.user != "" {
				in.UserName = &tc.user
			}
			out, err := st.IAM(tc.creds).GetUser(t.Context(), in)
			stage.WantRefusal(t, err, tc.code, tc.text)
			if err == nil && aws.ToString(out.User.UserName) != tc.want {
				t.Errorf("got user %s", aws.ToString(out.User.UserName))
			}
		})
	}
	_, err = st.IAM(enforced).ListAccessKeys(t.Context(), nil)
	stage.WantRefusal(t, err, "AccessDenied", "with an explicit deny in an identity-based policy")
	_, err = st.IAM(bot).GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE")})
	stage.WantRefusal(t, err, "AccessDenied", "iam:GetAccessKeyLastUsed")
}

func TestIAMLists(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	for user, want := range map[string]int{"jane": 1, "bot": 0} {
		out, err := st.IAM(st.Users[user].Credentials).ListMFADevices(t.Context(), nil)
		if err != nil || len(out.MFADevices) != want {
			t.Fatal(err, out)
		}
		if want == 1 && *out.MFADevices[0].SerialNumber != st.Users[user].MFASerial {
			t.Error(*out.MFADevices[0].SerialNumber)
		}
	}
	bot := st.IAM(st.Users["bot"].Credentials)
	aliases, err := bot.ListAccountAliases(t.Context(), nil)
	if err != nil || len(aliases.AccountAliases) != 1 || aliases.AccountAliases[0] != "fob-users" {
		t.Error(err, aliases)
	}
	_, err = bot.ListAccountAliases(t.Context(), &iam.ListAccountAliasesInput{Marker: aws.String("x")})
	stage.WantRefusal(t, err, "ValidationError", "Marker")
	_, err = bot.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE"), Status: "Gone"})
	stage.WantRefusal(t, err, "ValidationError", "Member must satisfy enum value set: [Active, Inactive]")
}

// IAM is global: whatever the client's region, it is signed for us-east-1.
func TestIAMRegion(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{Region: "eu-west-1"})
	for region, want := range map[string]string{"us-east-1": "", "eu-west-1": "SignatureDoesNotMatch"} {
		_, code, body := st.Query(t, st.Users["bot"].Credentials, "iam", region, "Action=GetUser&Version=2010-05-08", st.Now())
		if code != want {
			t.Errorf("%s: %s", region, body)
		}
	}
}
