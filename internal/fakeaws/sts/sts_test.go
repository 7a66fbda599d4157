package sts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/stage"
	"fob/internal/fob"
)

func TestIdentities(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	jane := st.Users["jane"]
	root := st.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Root: true})
	inPath := st.AddRole(fakeaws.RoleSpec{Account: fakeaws.RoleAccount, Name: "team/a/Pathed", Trusts: []string{fakeaws.UserAccount}})
	fed, err := st.STS(jane.Credentials).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("guest")})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, arn, id string
		creds         fob.Credentials
	}{
		{"user", "arn:aws:iam::111122223333:user/jane", jane.ID, jane.Credentials},
		{"root", "arn:aws:iam::111122223333:root", fakeaws.UserAccount, root.Credentials},
		{"session", "arn:aws:iam::111122223333:user/jane", jane.ID, st.Session(t, "jane")},
		{"federated", "arn:aws:sts::111122223333:federated-user/guest", fakeaws.UserAccount + ":guest", stage.Own(fed.Credentials)},
		{"role", "arn:aws:sts::444455556666:assumed-role/ReadOnly/test", "AROA", st.MustAssume(t, jane.Credentials, "ReadOnly", nil)},
		{"role with a path", "arn:aws:sts::444455556666:assumed-role/Pathed/test", "AROA", st.MustAssume(t, jane.Credentials, inPath, nil)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			out, err := st.STS(tc.creds).GetCallerIdentity(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if *out.Arn != tc.arn || !strings.HasPrefix(*out.UserId, tc.id) {
				t.Errorf("got %s, %s", *out.Arn, *out.UserId)
			}
			account, ok := identity.AccountOfKey(tc.creds.AccessKeyID)
			if !ok || account != *out.Account || strings.Contains(tc.arn, ":sts:") != strings.HasPrefix(tc.creds.AccessKeyID, "ASIA") && tc.name != "session" {
				t.Errorf("key %s says account %s, not %s", tc.creds.AccessKeyID, account, *out.Account)
			}
			if len(tc.creds.SecretAccessKey.Reveal()) != 40 || !strings.Contains(tc.creds.SecretAccessKey.Reveal(), fakeaws.Marker) ||
				!tc.creds.LongLived() && !strings.Contains(tc.creds.SessionToken.Reveal(), fakeaws.Marker) {
				t.Error("a secret without the marker, or not of 40 characters")
			}
		})
	}
}

func TestMFA(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_900_000_020, 0) // the start of a step
	const other = "arn:aws:iam::111122223333:mfa/other"
	for _, tc := range []struct {
		name         string
		serial, code string // empty code: that of the step at, "-": none
		at           time.Duration
		text         string
	}{
		{name: "right"},
		{name: "step before", at: -30 * time.Second},
		{name: "step after", at: 30 * time.Second},
		{name: "two steps before", at: -60 * time.Second, text: "invalid MFA one time pass code"},
		{name: "two steps after", at: 60 * time.Second, text: "invalid MFA one time pass code"},
		{name: "wrong device", serial: other, text: "unable to validate MFA code.  Please verify your MFA serial number"},
		{name: "no serial", serial: "-", text: "must provide both MFA serial number and one time pass code"},
		{name: "no code", code: "-", text: "must provide both MFA serial number and one time pass code"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			st := stage.New(t, fakeaws.Options{Now: func() time.Time { return start }})
			jane := st.Users["jane"]
			code, serial := identity.TOTP(jane.MFASeed, start.Add(tc.at)), jane.MFASerial
			if tc.serial != "" {
				serial = tc.serial
			}
			args := []string{"SerialNumber", serial, "TokenCode", code}
			if tc.serial == "-" {
				args = args[2:]
			} else if tc.code == "-" {
				args = args[:2]
			}
			status, errCode, body := st.Query(t, jane.Credentials, "sts", "us-east-1", stage.Form("GetSessionToken", args...), st.Now())
			if tc.text == "" {
				if status != 200 {
					t.Fatal(body)
				}
				_, errCode, body = st.Query(t, jane.Credentials, "sts", "us-east-1", stage.Form("GetSessionToken", args...), st.Now())
				tc.text = "invalid MFA one time pass code" // a code works once
			}
			if errCode != "AccessDenied" || !strings.Contains(body, tc.text) {
				t.Errorf("got %s\nwant …%s…", body, tc.text)
			}
		})
	}
}

func TestCodesRunOut(t *testing.T) {
	t.Parallel()
	start := time.Now() // stands still: a step must not end in between
	st := stage.New(t, fakeaws.Options{Now: func() time.Time { return start }})
	for range 3 {
		st.Session(t, "jane")
	}
	if _, err := st.Code(st.Users["jane"].MFASerial); err == nil {
		t.Error("a fourth code within 30 seconds")
	}
	st.Advance(30 * time.Second)
	st.Session(t, "jane")
	if _, err := st.Code("arn:aws:iam::111122223333:mfa/nobody"); err == nil {
		t.Error("a code of no device")
	}
}

func TestSessionTokenRefusals(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	bot := st.Users["bot"].Credentials
	role := st.MustAssume(t, bot, "ReadOnly", nil)
	fed, err := st.STS(bot).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("guest")})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]fob.Credentials{"session": st.Session(t, "bot"), "role": role, "federated": stage.Own(fed.Credentials)} {
		_, err := st.STS(c).GetSessionToken(t.Context(), nil)
		stage.WantRefusal(t, err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
		_, err = st.STS(c).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("guest")})
		stage.WantRefusal(t, err, "AccessDenied", "Cannot call GetFederationToken with session credentials")
		_, err = st.STS(c).GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: &bot.AccessKeyID})
		if want := map[bool]string{false: "AccessDenied"}[name == "role"]; true {
			stage.WantRefusal(t, err, want, "")
		}
	}
	_, err = st.Assume(t, stage.Own(fed.Credentials), "ReadOnly", nil)
	stage.WantRefusal(t, err, "AccessDenied", "federated-user/guest is not authorized to perform: sts:AssumeRole")
}

func TestDurations(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	bot := st.Users["bot"].Credentials
	root := st.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Root: true}).Credentials
	ses := st.Session(t, "bot")
	role := st.MustAssume(t, bot, "ReadOnly", nil)
	assume := func(role string, more ...string) string {
		return stage.Form("AssumeRole", append([]string{"RoleArn", st.Roles[role], "RoleSessionName", "test"}, more...)...)
	}
	const chaining, roleMax = "exceeds the 1 hour session limit for roles assumed by role chaining", "exceeds the MaxSessionDuration set for this role"
	for _, tc := range []struct {
		name  string
		creds fob.Credentials
		form  string
		lasts time.Duration
		text  string
	}{
		{"session, default", bot, stage.Form("GetSessionToken"), 12 * time.Hour, ""},
		{"session, shortest", bot, stage.Form("GetSessionToken", "DurationSeconds", "900"), 15 * time.Minute, ""},
		{"session, longest", bot, stage.Form("GetSessionToken", "DurationSeconds", "129600"), 36 * time.Hour, ""},
		{"session, too short", bot, stage.Form("GetSessionToken", "DurationSeconds", "899"), 0, "Member must have value greater than or equal to 900"},
		{"session, too long", bot, stage.Form("GetSessionToken", "DurationSeconds", "129601"), 0, "Member must have value less than or equal to 129600"},
		{"session, no number", bot, stage.Form("GetSessionToken", "DurationSeconds", "1h"), 0, "MalformedInput"},
		{"root, default", root, stage.Form("GetSessionToken"), time.Hour, ""},
		{"root, longer", root, stage.Form("GetSessionToken", "DurationSeconds", "7200"), time.Hour, ""},
		{"federation", bot, stage.Form("GetFederationToken", "Name", "guest"), 12 * time.Hour, ""},
		{"federation, root", root, stage.Form("GetFederationToken", "Name", "guest"), time.Hour, ""},
		{"role, default", bot, assume("LongJob"), time.Hour, ""},
		{"role, its maximum", bot, assume("LongJob", "DurationSeconds", "43200"), 12 * time.Hour, ""},
		{"role, above the model's", bot, assume("LongJob", "DurationSeconds", "43201"), 0, "less than or equal to 43200"},
		{"role, above its maximum", bot, assume("ReadOnly", "DurationSeconds", "3601"), 0, roleMax},
		{"from a session", ses, assume("LongJob", "DurationSeconds", "3600"), time.Hour, ""},
		{"from a session, longer", ses, assume("LongJob", "DurationSeconds", "3601"), 0, chaining},
		{"from a role", role, assume("Chained", "DurationSeconds", "900"), 15 * time.Minute, ""},
		{"from a role, longer", role, assume("Chained", "DurationSeconds", "43200"), 0, chaining},
		{"root assumes", root, assume("ReadOnly"), 0, "Roles may not be assumed by root accounts."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			before := st.Now()
			_, _, body := st.Query(t, tc.creds, "sts", "us-east-1", tc.form, before)
			if tc.text != "" {
				if !strings.Contains(body, tc.text) || !strings.Contains(body, "<Type>Sender</Type>") {
					t.Errorf("got %s\nwant …%s…", body, tc.text)
				}
				return
			}
			expires, err := time.Parse("2006-01-02T15:04:05Z", stage.Between(body, "<Expiration>", "</Expiration>"))
			if lasts := expires.Sub(before); err != nil || (lasts-tc.lasts).Abs() > time.Minute {
				t.Errorf("lasts %v, %v; want %v", lasts, err, tc.lasts)
			}
		})
	}
}

func TestFederationInput(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	c := st.STS(st.Users["bot"].Credentials)
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	out, err := c.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("guest"), Policy: &policy,
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("")}}})
	//lint:ignore SA1019 AWS still answers it, and older SDKs read it
	if err != nil || *out.FederatedUser.Arn != "arn:aws:sts::111122223333:federated-user/guest" || aws.ToInt32(out.PackedPolicySize) == 0 {
		t.Fatal(err)
	}
	_, err = c.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String(strings.Repeat("g", 33))})
	stage.WantRefusal(t, err, "ValidationError", "'name' failed to satisfy constraint: Member must have length less than or equal to 32")
	without := st.AddUser(fakeaws.UserSpec{Account: fakeaws.UserAccount, Name: "small", Policies: []string{`{"Statement":{"Effect":"Allow","NotAction":"sts:GetFederationToken","Resource":"*"}}`}})
	_, err = st.STS(without.Credentials).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("guest")})
	stage.WantRefusal(t, err, "AccessDenied", "sts:GetFederationToken on resource: arn:aws:sts::111122223333:federated-user/guest")
}

func TestShapes(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	bot := st.Users["bot"]
	_, header, body := stage.Send(t, stage.Signed(t, st.HTTP.URL, "sts", "us-east-1", "POST", stage.CallerIdentity, bot.Credentials, st.Now()))
	want := fmt.Sprintf(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>%s</Arn>
    <UserId>%s</UserId>
    <Account>111122223333</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata>
    <RequestId>%s</RequestId>
  </ResponseMetadata>
</GetCallerIdentityResponse>
`, bot.ARN, bot.ID, header.Get("X-Amzn-Requestid"))
	if body != want || header.Get("Content-Type") != "text/xml" || header.Get("Date") == "" {
		t.Errorf("got %v\n%s\nwant %s", header, body, want)
	}
	for query, code := range map[string]string{
		"Version=2011-06-15":                          "MissingAction",
		"Action=GetCallerIdentity":                    "InvalidAction",
		"Action=GetCallerIdentity&Version=2010-05-08": "InvalidAction",
		"Action=Nothing&Version=2011-06-15":           "InvalidAction",
	} {
		if status, got, body := st.Query(t, bot.Credentials, "sts", "us-east-1", query, st.Now()); status != 400 || got != code {
			t.Errorf("%s: %s", query, body)
		}
	}
}

func TestAccessKeyInfo(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	out, err := st.STS(st.Users["bot"].Credentials).GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("ASIAQNZGKIQY56JQ7WML")})
	if err != nil || *out.Account != "029608264753" {
		t.Error(err)
	}
}

// The account that is asked for credentials must have the region: a role's, not
// only the caller's.
func TestDisabledRegions(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	bot := st.Users["bot"].Credentials
	set := func(account, region string, on bool) {
		if err := st.SetRegion(account, region, on); err != nil {
			t.Fatal(err)
		}
	}
	set(fakeaws.UserAccount, "eu-south-1", true)
	set(fakeaws.UserAccount, "af-south-1", true)
	set(fakeaws.RoleAccount, "af-south-1", true)
	set(fakeaws.UserAccount, "eu-west-3", false)
	assume := stage.Form("AssumeRole", "RoleArn", st.Roles["ReadOnly"], "RoleSessionName", "test")
	for _, tc := range []struct{ region, form, account string }{
		{"eu-west-1", assume, ""},
		{"af-south-1", assume, ""},
		{"af-south-1", stage.CallerIdentity, ""},
		{"eu-south-1", stage.CallerIdentity, ""},
		{"eu-south-1", assume, fakeaws.RoleAccount},
		{"eu-south-2", assume, fakeaws.UserAccount},
		{"eu-west-3", stage.Form("GetSessionToken"), fakeaws.UserAccount},
	} {
		status, code, body := st.Query(t, bot, "sts", tc.region, tc.form, st.Now())
		if (status == 200) != (tc.account == "") || tc.account != "" && (status != 403 || code != "RegionDisabledException" || !strings.Contains(body, "for account:"+tc.account+".")) {
			t.Errorf("%s %.30s: %d %s", tc.region, tc.form, status, body)
		}
	}
	for _, region := range []string{"nowhere", "cn-north-1"} {
		if st.SetRegion(fakeaws.UserAccount, region, true) == nil {
			t.Errorf("%s was turned on", region)
		}
	}
}
