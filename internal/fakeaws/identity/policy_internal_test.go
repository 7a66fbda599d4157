package identity

import (
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Without slashes and escapes, * and ? are those of the shell.
func TestMatchIsAsTheShells(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("ab:*?")), 0, 8, -1).Draw(t, "pattern")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab:")), 0, 8, -1).Draw(t, "text")
		want, err := path.Match(pattern, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := match(pattern, text); got != want {
			t.Errorf("match(%q, %q) = %v", pattern, text, got)
		}
	})
}

// Whatever is no policy is refused as such, and does not panic.
func FuzzPolicy(f *testing.F) {
	for _, name := range []string{"AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "IAMReadOnlyAccess", "AmazonS3ReadOnlyAccess"} {
		document, _ := managed(name)
		f.Add(document)
	}
	f.Add(OwnPolicy)
	f.Add(EnforceMFA)
	f.Add(`{"Statement":[{"Effect":"Deny","NotAction":["a:*"],"NotResource":"${aws:username}","Condition":{"Null":{"aws:username":"true"}}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePolicy(text)
		if err != nil {
			if !strings.Contains(err.Error(), "MalformedPolicyDocument") {
				t.Fatal(err)
			}
			return
		}
		if len(p) == 0 {
			t.Fatal("a policy without a statement")
		}
		ask([]policy{p}, question{"iam:GetUser", "arn:aws:iam::111122223333:user/jane", map[string]string{"aws:username": "jane"}})
	})
}

func TestAsk(t *testing.T) {
	t.Parallel()
	jane := map[string]string{"aws:username": "jane", "aws:requestedregion": "eu-west-1", "aws:principaltag/team": "a"}
	statement := func(rest string) string { return `{"Effect":"Allow",` + rest + `}` }
	any := func(rest string) string { return statement(`"Action":"*","Resource":"*",` + rest) }
	for _, tc := range []struct {
		policy           string
		allowed, refused bool
	}{
		{statement(`"Action":"iam:GetUser","Resource":"*"`), true, false},
		{statement(`"Action":"IAM:getuser","Resource":"*"`), true, false},
		{statement(`"Action":["s3:*","iam:G?tUser"],"Resource":["x","arn:aws:iam::1:user/*"]`), true, false},
		{statement(`"Action":"iam:GetUser","Resource":"ARN:aws:iam::1:user/jane"`), false, false},
		{statement(`"Action":"iam:Get","Resource":"*"`), false, false},
		{statement(`"NotAction":"s3:*","Resource":"*"`), true, false},
		{statement(`"NotAction":["s3:*","iam:*"],"Resource":"*"`), false, false},
		{statement(`"Action":"*","NotResource":"arn:aws:iam::1:user/jane"`), false, false},
		{statement(`"Action":"*","Resource":"arn:*:user/${aws:username}"`), true, false},
		{statement(`"Action":"*","Resource":"arn:*:user/${aws:userid}"`), false, false},
		{any(`"Condition":{"StringEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}}`), true, false},
		{any(`"Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}}`), false, false},
		{any(`"Condition":{"StringLike":{"aws:RequestedRegion":"eu-*"},"StringEqualsIgnoreCase":{"aws:PrincipalTag/Team":"A"}}`), true, false},
		{any(`"Condition":{"StringNotLike":{"aws:RequestedRegion":"eu-*"}}`), false, false},
		{any(`"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}`), false, false},
		{any(`"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`), true, false},
		{any(`"Condition":{"Null":{"aws:MultiFactorAuthPresent":"true"}}`), true, false},
		{any(`"Condition":{"Null":{"aws:username":"true"}}`), false, false},
		{`{"Effect":"Deny","Action":"iam:*","Resource":"*"},` + any(`"Sid":"a"`), false, true},
		{`{"Effect":"Deny","Action":"s3:*","Resource":"*"},` + any(`"Sid":"a"`), true, false},
	} {
		p, err := parsePolicy(`{"Version":"2012-10-17","Statement":[` + tc.policy + `]}`)
		if err != nil {
			t.Errorf("%s: %v", tc.policy, err)
			continue
		}
		if allowed, refused := ask([]policy{p}, question{"iam:GetUser", "arn:aws:iam::1:user/jane", jane}); allowed != tc.allowed || refused != tc.refused {
			t.Errorf("%s: allowed %v, denied %v", tc.policy, allowed, refused)
		}
	}
}
