package identity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
	"fob/internal/fob"
)

const readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess"

// narrowed assumes a role that may do everything in the account of users.
func narrowed(t *testing.T, st *stage.Stage, document string, arns ...string) fob.Credentials {
	t.Helper()
	return st.MustAssume(t, st.Users["bot"].Credentials, "arn:aws:iam::111122223333:role/All", func(in *sts.AssumeRoleInput) {
		if document != "" {
			in.Policy = &document
		}
		for _, arn := range arns {
			in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: aws.String(arn)})
		}
	})
}

func withRoles(t *testing.T) *stage.Stage {
	st := stage.New(t, fakeaws.Options{})
	st.AddRole(fakeaws.RoleSpec{Account: fakeaws.UserAccount, Name: "All", Trusts: []string{fakeaws.UserAccount}, Policies: []string{"arn:aws:iam::aws:policy/AdministratorAccess"}})
	st.AddRole(fakeaws.RoleSpec{Account: fakeaws.UserAccount, Name: "Next", Trusts: []string{fakeaws.UserAccount}, TagKeys: []string{"*"}})
	st.AddRole(fakeaws.RoleSpec{Account: fakeaws.UserAccount, Name: "ByRole", Trusts: []string{"arn:aws:iam::111122223333:role/All"}})
	st.AddRole(fakeaws.RoleSpec{Account: fakeaws.UserAccount, Name: "BySession", Trusts: []string{"arn:aws:sts::111122223333:assumed-role/All/test"}})
	return st
}

// Every call that the fake knows is held to what a session's policies allow.
func TestSessionPolicies(t *testing.T) {
	t.Parallel()
	st := withRoles(t)
	if _, err := st.AddPolicy(fakeaws.UserAccount, "OnlyJane", `{"Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::111122223333:user/jane"}}`); err != nil {
		t.Fatal(err)
	}
	allow := func(actions string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":` + actions + `,"Resource":"*"}}`
	}
	sessions := map[string]fob.Credentials{
		"none":      narrowed(t, st, ""),
		"read only": narrowed(t, st, "", readOnly),
		"s3":        narrowed(t, st, allow(`"s3:*"`)),
		"both":      narrowed(t, st, allow(`"s3:*"`), readOnly), // either's
		"assume":    narrowed(t, st, allow(`"sts:AssumeRole"`)),
		"deny":      narrowed(t, st, `{"Statement":[{"Effect":"Deny","Action":["iam:*","sts:*"],"Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]}`),
		"account's": narrowed(t, st, "", "arn:aws:iam::111122223333:policy/OnlyJane"),
	}
	request := func(c fob.Credentials, method, path, service string) error {
		return refusal(stage.Send(t, stage.Signed(t, st.HTTP.URL+path, service, "eu-west-1", method, "", c, st.Now())))
	}
	assume := func(role string) func(fob.Credentials) error {
		return func(c fob.Credentials) error {
			_, err := st.Assume(t, c, "arn:aws:iam::111122223333:role/"+role, nil)
			return err
		}
	}
	user := func(name string) func(fob.Credentials) error {
		return func(c fob.Credentials) error {
			_, err := st.IAM(c).GetUser(t.Context(), &iam.GetUserInput{UserName: &name})
			return err
		}
	}
	for _, tc := range []struct {
		name    string
		call    func(fob.Credentials) error
		allowed string // sessions, in alphabetical order
	}{
		{"identity", func(c fob.Credentials) error { _, err := st.STS(c).GetCallerIdentity(t.Context(), nil); return err }, "account's assume both deny none read only s3"},
		{"GetUser jane", user("jane"), "account's both none read only"},
		{"GetUser bot", user("bot"), "both none read only"},
		{"CreateAccessKey", func(c fob.Credentials) error {
			out, err := st.IAM(c).CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("bot")})
			if err == nil {
				_ = st.DeleteKey(*out.AccessKey.AccessKeyId)
			}
			return err
		}, "none"},
		{"ListAccountAliases", func(c fob.Credentials) error { _, err := st.IAM(c).ListAccountAliases(t.Context(), nil); return err }, "both none read only"},
		{"AssumeRole", assume("Next"), "assume none"},
		{"AssumeRole, the role is named", assume("ByRole"), "assume none"},
		{"AssumeRole, the session is named", assume("BySession"), "account's assume both none read only s3"},
		{"AssumeRole with tags", func(c fob.Credentials) error {
			_, err := st.Assume(t, c, "arn:aws:iam::111122223333:role/Next", func(in *sts.AssumeRoleInput) {
				in.Tags = []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
			})
			return err
		}, "none"},
		{"s3 get", func(c fob.Credentials) error { return request(c, "GET", "/bucket/key", "s3") }, "both deny none read only s3"},
		{"s3 put", func(c fob.Credentials) error { return request(c, "PUT", "/bucket/key", "s3") }, "both deny none s3"},
		{"s3 delete bucket", func(c fob.Credentials) error { return request(c, "DELETE", "/bucket", "s3") }, "both deny none s3"},
		{"ecr", func(c fob.Credentials) error {
			return target(t, st, c, "ecr", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken")
		}, "both deny none read only"},
		{"dynamodb get", func(c fob.Credentials) error { return target(t, st, c, "dynamodb", "DynamoDB_20120810.GetItem") }, "both deny none read only"},
		{"dynamodb put", func(c fob.Credentials) error { return target(t, st, c, "dynamodb", "DynamoDB_20120810.PutItem") }, "deny none"},
		{"a call that the fake does not know", func(c fob.Credentials) error { return request(c, "GET", "/x", "execute-api") }, "account's assume both deny none read only s3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for name, c := range sessions {
				err, want := tc.call(c), strings.Contains(tc.allowed, name)
				switch {
				case want && err != nil:
					t.Errorf("%s: %v", name, err)
				case !want && err == nil:
					t.Errorf("%s: allowed", name)
				case err != nil && (!strings.Contains(err.Error(), "AccessDenied") || !strings.Contains(err.Error(), "assumed-role/All/test is not authorized to perform: ")):
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// refusal is an answer as an error; nil if it is none.
func refusal(status int, _ http.Header, body string) error {
	if status == 200 {
		return nil
	}
	return fmt.Errorf("%d %s", status, body)
}

func target(t *testing.T, st *stage.Stage, c fob.Credentials, service, target string) error {
	return refusal(stage.Send(t, stage.Signed(t, st.HTTP.URL+"/", service, "eu-west-1", "POST", "{}", c, st.Now(), "X-Amz-Target", target)))
}

// Which kind of policy was in the way is in the text.
func TestReasons(t *testing.T) {
	t.Parallel()
	st := withRoles(t)
	bot := st.Users["bot"].Credentials
	none := st.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Name: "none", Policies: []string{`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`}}).Credentials
	for want, c := range map[string]fob.Credentials{
		"because no identity-based policy allows the iam:GetUser action": none,
		"because no session policy allows the iam:GetUser action":        narrowed(t, st, `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`),
		"with an explicit deny in a session policy":                      narrowed(t, st, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`),
	} {
		_, err := st.IAM(c).GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("bot")})
		stage.WantRefusal(t, err, "AccessDenied", "iam:GetUser on resource: user bot "+want)
	}
	// STS does not tell, except what is denied explicitly.
	_, err := st.Assume(t, narrowed(t, st, "", readOnly), "arn:aws:iam::111122223333:role/Next", nil)
	if stage.WantRefusal(t, err, "AccessDenied", "sts:AssumeRole"); strings.Contains(err.Error(), "because") {
		t.Error(err)
	}
	_, err = st.Assume(t, bot, "ReadOnly", func(in *sts.AssumeRoleInput) {
		in.Policy = aws.String(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}}`)
	})
	stage.WantRefusal(t, err, "MalformedPolicyDocument", "does not evaluate the condition operator IpAddress")
	for _, arn := range []string{"arn:aws:iam::aws:policy/NoSuchAccess", "arn:aws:iam::111122223333:policy/None"} {
		_, err = st.Assume(t, bot, "ReadOnly", func(in *sts.AssumeRoleInput) { in.PolicyArns = []types.PolicyDescriptorType{{Arn: &arn}} })
		stage.WantRefusal(t, err, "ValidationError", arn)
	}
}

// A federated user may do what its own policies and those of who made it allow.
func TestFederatedUsersPolicies(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	small := st.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Name: "small", Policies: []string{
		`{"Statement":{"Effect":"Allow","Action":["sts:GetFederationToken","s3:*","ecr:*"],"Resource":"*"}}`}})
	federate := func(edit func(*sts.GetFederationTokenInput)) fob.Credentials {
		in := &sts.GetFederationTokenInput{Name: aws.String("guest")}
		edit(in)
		out, err := st.STS(small.Credentials).GetFederationToken(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return stage.Own(out.Credentials)
	}
	all := federate(func(in *sts.GetFederationTokenInput) {
		in.Policy = aws.String(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	})
	reads := federate(func(in *sts.GetFederationTokenInput) {
		in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String(readOnly)}}
	})
	nothing := federate(func(*sts.GetFederationTokenInput) {})
	for _, tc := range []struct {
		name   string
		c      fob.Credentials
		target string
		want   bool
	}{
		{"all", all, "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", true},
		{"reads", reads, "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", true},
		{"nothing", nothing, "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", false},
		{"all, beyond its user", all, "DynamoDB_20120810.GetItem", false},
		{"reads, beyond its user", reads, "DynamoDB_20120810.GetItem", false},
	} {
		service := "ecr"
		if strings.HasPrefix(tc.target, "Dynamo") {
			service = "dynamodb"
		}
		if err := target(t, st, tc.c, service, tc.target); (err == nil) != tc.want {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	if _, err := st.STS(nothing).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// Several users in one account: each has keys, devices and policies of its own.
func TestSeveralUsers(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	add := func(spec fakeaws.UserSpec) fakeaws.User {
		spec.Account = fakeaws.UserAccount
		return st.AddUser(spec)
	}
	ann := add(fakeaws.UserSpec{Name: "ann", Keys: 2, MFA: true, Devices: []string{"ann-phone", "ann-spare"}})
	joe := add(fakeaws.UserSpec{Name: "joe", MFA: true, Policies: []string{fakeaws.OwnPolicy, fakeaws.EnforceMFA}})
	ada := add(fakeaws.UserSpec{Name: "ada", Policies: []string{"arn:aws:iam::aws:policy/IAMReadOnlyAccess"}})
	if len(ann.Devices) != 3 || len(ann.Keys) != 2 || ann.Devices[1].Serial != "arn:aws:iam::111122223333:mfa/ann-phone" {
		t.Fatalf("%d devices, %d keys", len(ann.Devices), len(ann.Keys))
	}
	list, err := st.IAM(ada.Credentials).ListMFADevices(t.Context(), &iam.ListMFADevicesInput{UserName: aws.String("ann")})
	if err != nil || len(list.MFADevices) != 3 {
		t.Error(err, list)
	}
	_, err = st.IAM(ada.Credentials).CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("joe")})
	stage.WantRefusal(t, err, "AccessDenied", "iam:CreateAccessKey")
	session := func(u fakeaws.User, key int, serial string) error {
		code, err := st.Code(serial)
		if err != nil {
			t.Fatal(err)
		}
		_, err = st.STS(u.Keys[key]).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{SerialNumber: &serial, TokenCode: &code})
		return err
	}
	for key, d := range map[int]fakeaws.MFADevice{0: ann.Devices[2], 1: ann.Devices[0]} {
		stage.WantRefusal(t, session(ann, key, d.Serial), "", "")
	}
	stage.WantRefusal(t, session(joe, 0, ann.Devices[1].Serial), "AccessDenied", "unable to validate MFA code")
	stage.WantRefusal(t, session(ann, 0, joe.MFASerial), "AccessDenied", "unable to validate MFA code")
	_, err = st.IAM(joe.Credentials).ListAccessKeys(t.Context(), nil)
	stage.WantRefusal(t, err, "AccessDenied", "with an explicit deny in an identity-based policy")
	for name, spec := range map[string]fakeaws.UserSpec{
		"taken":   {Account: fakeaws.UserAccount, Name: "x", Devices: []string{"ann-spare"}},
		"twice":   {Account: fakeaws.UserAccount, Name: "x", Devices: []string{"a", "a"}},
		"nine":    {Account: fakeaws.UserAccount, Name: "y", Devices: strings.Fields("1 2 3 4 5 6 7 8 9")},
		"policy":  {Account: fakeaws.UserAccount, Name: "x", Policies: []string{"{}"}},
		"unknown": {Account: fakeaws.UserAccount, Name: "x", Policies: []string{"arn:aws:iam::aws:policy/None"}},
	} {
		if _, err := st.Store.AddUser(spec); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
