package codecommit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
	"fob/internal/fakeaws/verify"
	"fob/internal/fob"
)

const (
	host = "git-codecommit.us-east-1.amazonaws.com"
	repo = "/v1/repos/payments"
)

// login makes a user name and password as the AWS CLI's helper for git does.
func login(c fob.Credentials, at time.Time, host, path string) (user, password string) {
	stamp := at.UTC().Format("20060102T150405")
	sig := verify.Signature{Algorithm: "AWS4-HMAC-SHA256", Stamp: stamp, Date: stamp[:8], Region: "us-east-1", Service: "codecommit"}
	user = c.AccessKeyID
	if !c.SessionToken.IsZero() {
		user += "%" + c.SessionToken.Reveal()
	}
	return user, stamp + "Z" + verify.Compute(c.SecretAccessKey.Reveal(), sig, "GIT\n"+path+"\n\nhost:"+host+"\n\nhost\n")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	st := stage.New(t, fakeaws.Options{Now: func() time.Time { return now }})
	bot := st.Users["bot"].Credentials
	role := st.MustAssume(t, bot, "ReadOnly", nil)
	narrow := func(action string) fob.Credentials {
		return st.MustAssume(t, bot, "ReadOnly", func(in *sts.AssumeRoleInput) {
			in.Policy = aws.String(`{"Statement":{"Effect":"Allow","Action":"` + action + `","Resource":"arn:aws:codecommit:us-east-1:444455556666:payments"}}`)
		})
	}
	wrong := bot
	wrong.SecretAccessKey = fob.NewSecret("wrong")
	for name, tc := range map[string]struct {
		c          fob.Credentials
		at         time.Duration
		host, path string
		want       string // of the error; empty: none
	}{
		"user":              {c: bot},
		"role":              {c: role},
		"port":              {c: bot, host: host + ":443"},
		"narrowed to it":    {c: narrow("codecommit:GitPull")},
		"narrowed":          {c: narrow("codecommit:GitPush"), want: "no session policy allows the codecommit:GitPull action"},
		"old":               {c: bot, at: -16 * time.Minute, want: "time"},
		"early":             {c: bot, at: 16 * time.Minute, want: "time"},
		"wrong secret":      {c: wrong, want: "signature"},
		"another path":      {c: bot, path: "/v1/repos/other", want: "signature"},
		"another host":      {c: bot, host: "example.com", want: "host"},
		"unknown key":       {c: fob.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE"}, want: "unknown"},
		"without its token": {c: fob.Credentials{AccessKeyID: role.AccessKeyID, SecretAccessKey: role.SecretAccessKey}, want: "unknown"},
	} {
		user, password := login(tc.c, now.Add(tc.at), host, repo)
		at, path := host, repo
		if tc.host != "" {
			at = tc.host
		}
		if tc.path != "" {
			path = tc.path
		}
		arn, err := st.CodeCommit(user, password, at, path)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) || err == nil && arn == "" {
			t.Errorf("%s: %q, %v", name, arn, err)
		}
	}
	st.Advance(2 * time.Hour)
	user, password := login(role, st.Now(), host, repo)
	if _, err := st.CodeCommit(user, password, host, repo); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Error(err)
	}
}
