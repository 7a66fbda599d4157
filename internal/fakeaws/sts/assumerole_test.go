package sts_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/random"
	"fob/internal/fakeaws/stage"
	"fob/internal/fob"
)

// trustCase is a call of AssumeRole; text is of its AccessDenied, empty if it is
// allowed.
type trustCase struct {
	name, role string
	creds      fob.Credentials
	edit       func(*sts.AssumeRoleInput)
	text       string
}

func tryTrust(st *stage.Stage, t *testing.T, cases []trustCase) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			out, err := st.Assume(t, tc.creds, tc.role, tc.edit)
			if tc.text != "" {
				stage.WantRefusal(t, err, "AccessDenied", tc.text)
			} else if err != nil {
				t.Error(err)
				//lint:ignore SA1019 AWS still answers it, and older SDKs read it
			} else if !strings.HasSuffix(*out.AssumedRoleUser.AssumedRoleId, ":test") || out.PackedPolicySize != nil {
				t.Errorf("%+v", out.AssumedRoleUser)
			}
		})
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	bot := st.Users["bot"].Credentials
	without := st.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Name: "without", Policies: []string{`{"Statement":{"Effect":"Allow","NotAction":"sts:AssumeRole","Resource":"*"}}`}}).Credentials
	enforced := st.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Name: "enforced", Policies: []string{fakeaws.OwnPolicy, fakeaws.EnforceMFA}, MFA: true}).Credentials
	here := st.AddRole(fakeaws.RoleSpec{Account: fakeaws.UserAccount, Name: "Here", Trusts: []string{fakeaws.UserAccount}})
	byName := st.AddRole(fakeaws.RoleSpec{Account: fakeaws.UserAccount, Name: "ByName", Trusts: []string{"arn:aws:iam::111122223333:user/without", "arn:aws:iam::111122223333:user/enforced"}})
	elsewhere := st.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: "Elsewhere", Trusts: []string{"arn:aws:iam::111122223333:user/without"}})
	session := st.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: "OfSession", Trusts: []string{"arn:aws:sts::444455556666:assumed-role/ReadOnly/test"}})
	readOnly := st.MustAssume(t, bot, "ReadOnly", nil)
	tryTrust(st, t, []trustCase{
		{"account trusted", "ReadOnly", bot, nil, ""},
		{"other account trusted", "Nobody", bot, nil, "User: arn:aws:iam::111122223333:user/bot is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/Nobody"},
		{"no such role", "arn:aws:iam::444455556666:role/None", bot, nil, "sts:AssumeRole on resource: arn:aws:iam::444455556666:role/None"},
		{"no permission", "ReadOnly", without, nil, "sts:AssumeRole"},
		{"no permission, same account", here, without, nil, "sts:AssumeRole"},
		{"named, same account", byName, without, nil, ""},
		{"named, other account, no permission", elsewhere, without, nil, "sts:AssumeRole"},
		{"named, denied without MFA", byName, enforced, nil, "with an explicit deny in an identity-based policy"},
		{"role trusted", "Chained", readOnly, nil, ""},
		{"role trusted, user comes", "Chained", bot, nil, "user/bot is not authorized"},
		{"session trusted", session, readOnly, nil, ""},
	})
}

func TestTrustWithMFA(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	jane, bot := st.Users["jane"].Credentials, st.Users["bot"].Credentials
	withMFA, noMFA := st.Session(t, "jane"), st.Session(t, "bot")
	readOnly := st.MustAssume(t, bot, "ReadOnly", nil)
	serial, code := st.MFA(t, "jane")
	deploy := st.MustAssume(t, jane, "Deploy", func(in *sts.AssumeRoleInput) { in.SerialNumber, in.TokenCode = serial, code })
	mfaOnly := st.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: "AfterDeploy", Trusts: []string{fakeaws.RoleAccount}, RequireMFA: true})
	janesDevice := func(in *sts.AssumeRoleInput) { in.SerialNumber, in.TokenCode = serial, code }
	tryTrust(st, t, []trustCase{
		{"MFA required", "Deploy", jane, nil, "sts:AssumeRole on resource"},
		{"MFA in the session", "Deploy", withMFA, nil, ""},
		{"session without MFA", "Deploy", noMFA, nil, "sts:AssumeRole on resource"},
		{"MFA does not outlive AssumeRole", mfaOnly, deploy, nil, "assumed-role/Deploy/test is not authorized"},
		{"role has no device", "Chained", readOnly, janesDevice, "unable to validate MFA code"},
		{"not the user's device", "ReadOnly", bot, janesDevice, "unable to validate MFA code"},
		{"code used before", "Deploy", jane, janesDevice, "invalid MFA one time pass code"},
	})
}

func TestTrustConditions(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	bot := st.Users["bot"].Credentials
	external := func(id string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.ExternalId = &id }
	}
	tryTrust(st, t, []trustCase{
		{"external id", "External", bot, external("fob-ext"), ""},
		{"external id wrong", "External", bot, external("Fob-ext"), "sts:AssumeRole"},
		{"external id missing", "External", bot, nil, "sts:AssumeRole"},
		{"external id not asked for", "ReadOnly", bot, external("any"), ""},
		{"tags not allowed", "ReadOnly", bot, tags("team=a"), "sts:TagSession"},
		{"source identity not allowed", "ReadOnly", bot, sourceIdentity("jane"), "sts:SetSourceIdentity"},
	})
}

// tags gives session tags; those with a ! are transitive.
func tags(pairs ...string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) {
		for _, p := range pairs {
			k, v, _ := strings.Cut(strings.TrimPrefix(p, "!"), "=")
			in.Tags = append(in.Tags, types.Tag{Key: &k, Value: &v})
			if p[0] == '!' {
				in.TransitiveTagKeys = append(in.TransitiveTagKeys, k)
			}
		}
	}
}

func sourceIdentity(name string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) { in.SourceIdentity = &name }
}

func TestSessionTags(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	bot := st.Users["bot"].Credentials
	team := st.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: "Team", Trusts: []string{fakeaws.UserAccount}, TagKeys: []string{"Team"}})
	st.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: "Bare", Trusts: []string{fakeaws.RoleAccount}})
	tagged := st.MustAssume(t, bot, "Tagged", tags("!Team=a", "cost=b"))
	onward := st.MustAssume(t, tagged, "Onward", tags("Cost=c"))
	st.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: "Third", Trusts: []string{fakeaws.RoleAccount}, TagKeys: []string{"*"}})
	many := make([]string, 51)
	for i := range many {
		many[i] = "k" + strings.Repeat("x", i) + "=v"
	}
	for _, tc := range []struct {
		name, role string
		creds      fob.Credentials
		edit       func(*sts.AssumeRoleInput)
		code, text string
	}{
		{"allowed", team, bot, tags("team=a"), "", ""},
		{"another key", team, bot, tags("Team=a", "cost=b"), "AccessDenied", "sts:TagSession"},
		{"fifty", "Tagged", bot, tags(many[:50]...), "", ""},
		{"fifty-one", "Tagged", bot, tags(many...), "ValidationError", "Member must have length less than or equal to 50"},
		{"twice", "Tagged", bot, tags("team=a", "TEAM=b"), "InvalidParameterValue", "Duplicate tag keys"},
		{"reserved", "Tagged", bot, tags("AWS:x=a"), "InvalidParameterValue", "aws: prefixed"},
		{"empty value", "Tagged", bot, tags("team="), "", ""},
		{"empty key", "Tagged", bot, tags("=a"), "ValidationError", "'tags.1.member.key'"},
		{"long value", "Tagged", bot, tags("k=" + strings.Repeat("v", 257)), "ValidationError", "'tags.1.member.value'"},
		{"transitive, not given", "Tagged", bot, func(in *sts.AssumeRoleInput) { in.TransitiveTagKeys = []string{"x"} }, "InvalidParameterValue", "must be included in the requested tags"},
		{"clash with inherited", "Onward", tagged, tags("TEAM=b"), "InvalidParameterValue", "conflicts with a transitive tag key"},
		{"clash two roles on", "arn:aws:iam::444455556666:role/Third", onward, tags("team=b"), "InvalidParameterValue", "conflicts with a transitive tag key"},
		{"not inherited: free", "arn:aws:iam::444455556666:role/Third", onward, tags("cost=b"), "", ""},
		{"inherited, not allowed", "arn:aws:iam::444455556666:role/Bare", tagged, nil, "AccessDenied", "sts:TagSession"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			out, err := st.Assume(t, tc.creds, tc.role, tc.edit)
			stage.WantRefusal(t, err, tc.code, tc.text)
			//lint:ignore SA1019 AWS still answers it, and older SDKs read it
			if err == nil && aws.ToInt32(out.PackedPolicySize) == 0 {
				t.Error("tags took no space")
			}
		})
	}
}

func TestSourceIdentity(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	out, err := st.Assume(t, st.Users["bot"].Credentials, "Tagged", sourceIdentity("jane"))
	if err != nil || aws.ToString(out.SourceIdentity) != "jane" {
		t.Fatal(err, out)
	}
	first := stage.Own(out.Credentials)
	bare := st.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: "Bare", Trusts: []string{fakeaws.RoleAccount}})
	for _, tc := range []struct {
		name, role string
		edit       func(*sts.AssumeRoleInput)
		code       string
	}{
		{"persists", "Onward", nil, ""},
		{"same again", "Onward", sourceIdentity("jane"), ""},
		{"changed", "Onward", sourceIdentity("mary"), "AccessDenied"},
		{"not allowed onward", bare, nil, "AccessDenied"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			out, err := st.Assume(t, first, tc.role, tc.edit)
			stage.WantRefusal(t, err, tc.code, map[bool]string{true: "sts:SetSourceIdentity"}[tc.code != ""])
			if err == nil && aws.ToString(out.SourceIdentity) != "jane" {
				t.Errorf("source identity %v", out.SourceIdentity)
			}
		})
	}
}

func TestAssumeRoleLimits(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	ok := []string{"RoleArn", st.Roles["ReadOnly"], "RoleSessionName", "test"}
	long := strings.Repeat("x", 2049)
	for _, tc := range []struct{ name, param, value, code, text string }{
		{"no role", "RoleArn", "-", "ValidationError", "Value null at 'roleArn' failed to satisfy constraint: Member must not be null"},
		{"short role", "RoleArn", "arn:aws:iam", "ValidationError", "1 validation error detected: Value 'arn:aws:iam' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20"},
		{"long role", "RoleArn", long, "ValidationError", "less than or equal to 2048"},
		{"no ARN", "RoleArn", "this-is-no-role-arn-at-all", "ValidationError", "this-is-no-role-arn-at-all is invalid"},
		{"no name", "RoleSessionName", "-", "ValidationError", "'roleSessionName'"},
		{"short name", "RoleSessionName", "x", "ValidationError", "greater than or equal to 2"},
		{"long name", "RoleSessionName", long[:65], "ValidationError", "less than or equal to 64"},
		{"odd name", "RoleSessionName", "a b", "ValidationError", `Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"short duration", "DurationSeconds", "899", "ValidationError", "greater than or equal to 900"},
		{"short external id", "ExternalId", "x", "ValidationError", "'externalId'"},
		{"empty external id", "ExternalId", "", "ValidationError", "'externalId'"},
		{"long external id", "ExternalId", long[:1225], "ValidationError", "less than or equal to 1224"},
		{"short serial", "SerialNumber", "x", "ValidationError", "'serialNumber'"},
		{"five digits", "TokenCode", "12345", "ValidationError", "'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6"},
		{"letters in code", "TokenCode", "12345x", "ValidationError", `pattern: [\d]*`},
		{"short identity", "SourceIdentity", "x", "ValidationError", "'sourceIdentity'"},
		{"reserved identity", "SourceIdentity", "aws:me", "ValidationError", "'sourceIdentity'"},
		{"transitive key too long", "TransitiveTagKeys.member.1", long[:129], "ValidationError", "'transitiveTagKeys.1.member'"},
		{"tag without value", "Tags.member.1.Key", "k", "ValidationError", "Value null at 'tags.1.member.value'"},
		{"policy ARN short", "PolicyArns.member.1.arn", "x", "ValidationError", "'policyArns.1.member.arn'"},
		{"policy ARN of something else", "PolicyArns.member.1.arn", "arn:aws:iam::111122223333:role/x", "ValidationError", "is not valid"},
		{"policy long", "Policy", long, "ValidationError", "'policy' failed to satisfy constraint: Member must have length less than or equal to 2048"},
		{"policy empty", "Policy", "", "ValidationError", "'policy'"},
		{"policy no JSON", "Policy", "{", "MalformedPolicyDocument", "Syntax errors in policy."},
		{"policy and more", "Policy", `{"Statement":[]} x`, "MalformedPolicyDocument", "Syntax errors"},
		{"policy unknown member", "Policy", `{"Statements":[]}`, "MalformedPolicyDocument", "Syntax errors"},
		{"policy version", "Policy", `{"Version":"2020-01-01","Statement":[]}`, "MalformedPolicyDocument", "version"},
		{"policy without statement", "Policy", `{"Version":"2012-10-17","Statement":[]}`, "MalformedPolicyDocument", "Statement"},
		{"policy effect", "Policy", `{"Statement":{"Effect":"Maybe","Action":"*","Resource":"*"}}`, "MalformedPolicyDocument", "Effect"},
		{"policy principal", "Policy", `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`, "MalformedPolicyDocument", "principal"},
		{"policy actions", "Policy", `{"Statement":{"Effect":"Allow","Resource":"*"}}`, "MalformedPolicyDocument", "actions"},
		{"policy resources", "Policy", `{"Statement":{"Effect":"Allow","Action":"*"}}`, "MalformedPolicyDocument", "resources"},
		{"policy", "Policy", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, "", "<PackedPolicySize>"},
		{"policy ARN", "PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess", "", "<PackedPolicySize>"},
		{"external id", "ExternalId", "a/b:c-d", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			body := stage.Form("AssumeRole", append(append([]string{}, ok...), tc.param, tc.value)...)
			if tc.value == "-" {
				body = strings.Replace(body, tc.param+"=-", "Unknown=-", 1)
			}
			_, code, answer := st.Query(t, st.Users["bot"].Credentials, "sts", "us-east-1", body, st.Now())
			plain := strings.NewReplacer("&#39;", "'", "&#34;", `"`).Replace(answer)
			if code != tc.code || !strings.Contains(plain, tc.text) {
				t.Errorf("got %s\nwant %s …%s…", plain, tc.code, tc.text)
			}
		})
	}
	_, _, answer := st.Query(t, st.Users["bot"].Credentials, "sts", "us-east-1", stage.Form("AssumeRole", "RoleArn", "x", "RoleSessionName", "x"), st.Now())
	if !strings.Contains(answer, "2 validation errors detected: ") || !strings.Contains(answer, "; ") {
		t.Error(answer)
	}
}

func TestPackedPolicyTooLarge(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	_, err := st.Assume(t, st.Users["bot"].Credentials, "Tagged", func(in *sts.AssumeRoleInput) {
		for range 10 {
			key := random.Text("abcdefghijklmnopqrstuvwxyz", 64)
			in.Tags = append(in.Tags, types.Tag{Key: &key, Value: aws.String(random.Text("abcdefghijklmnopqrstuvwxyz0123456789", 256))})
		}
	})
	stage.WantRefusal(t, err, "PackedPolicyTooLarge", "% of allotted space, please use smaller policy.")
}
