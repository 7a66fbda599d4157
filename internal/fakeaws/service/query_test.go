package service_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/center"
	"fob/internal/fakeaws/clock"
	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/stage"
	"fob/internal/fakeaws/wire"
)

// The host decides about service and region, as with AWS; on the fake's own
// address it is the options.
func TestRegions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ host, option, partition, service, region, code string }{
		{"sts.eu-west-1.amazonaws.com", "", "", "sts", "eu-west-1", ""},
		{"sts.eu-west-1.amazonaws.com", "", "", "sts", "us-east-1", "SignatureDoesNotMatch"},
		{"sts-fips.us-west-2.amazonaws.com", "", "", "sts", "us-west-2", ""},
		{"sts.amazonaws.com", "", "", "sts", "us-east-1", ""},
		{"sts.amazonaws.com", "", "", "sts", "eu-west-1", "SignatureDoesNotMatch"},
		{"iam.amazonaws.com", "", "", "sts", "us-east-1", "InvalidAction"},
		{"", "eu-central-1", "", "sts", "eu-central-1", ""},
		{"", "eu-central-1", "", "sts", "us-east-1", "SignatureDoesNotMatch"},
		{"", "", "", "sts", "eu-north-9", "SignatureDoesNotMatch"},
		{"sts.eu-south-2.amazonaws.com", "", "", "sts", "eu-south-2", "RegionDisabledException"},
		{"", "", "", "sts", "me-south-1", "RegionDisabledException"},
		{"sts.us-iso-east-1.c2s.ic.gov", "", "aws-iso", "sts", "us-iso-east-1", ""},
		{"iam.us-gov.amazonaws.com", "", "aws-us-gov", "iam", "us-gov-west-1", "InvalidAction"},
		{"", "", "aws-us-gov", "sts", "us-gov-east-1", ""},
		{"", "", "aws-us-gov", "sts", "us-east-1", "SignatureDoesNotMatch"},
		{"sts.cn-north-1.amazonaws.com.cn", "", "aws-cn", "sts", "cn-north-1", ""},
	} {
		t.Run(tc.host+" "+tc.region, func(t *testing.T) {
			t.Parallel()
			st := stage.New(t, fakeaws.Options{Region: tc.option, Partition: tc.partition})
			target := st.HTTP.URL + "/"
			if tc.host != "" {
				target = "http://" + tc.host + "/"
			}
			req := stage.Signed(t, target, tc.service, tc.region, "POST", stage.CallerIdentity, st.Users["bot"].Credentials, st.Now())
			req.Host = req.URL.Host
			req.URL.Host = strings.TrimPrefix(st.HTTP.URL, "http://")
			if _, _, body := stage.Send(t, req); stage.Between(body, "<Code>", "</Code>") != tc.code {
				t.Error(body)
			}
		})
	}
}

// A service that comes later is a folder and a line: here operations of an API that
// another service has the rest of, one of them without a signature.
func TestPartOfAnAPI(t *testing.T) {
	t.Parallel()
	c := clock.New(nil)
	env := &service.Env{Clock: c, Store: identity.New("aws", c), Center: center.New(c)}
	part := &service.Query{Env: env, Service: "sts", Version: "2011-06-15", Part: true, Unsigned: []string{"Open"},
		Operations: map[string]service.Operation{
			"Open": func(c *service.Call) ([]wire.Element, error) {
				return []wire.Element{wire.Text("Said", c.Need("Word", 1, 9, wire.Wordy("")))}, c.Err()
			},
			"Closed": func(*service.Call) ([]wire.Element, error) { return nil, nil },
		}}
	call := func(query string) (string, bool) {
		r := wire.NewRequest(httptest.NewRequest("GET", "/?Version=2011-06-15&"+query, nil), nil)
		action, mine := part.Match(r)
		if !mine {
			return "", false
		}
		rep, err := part.Serve(r, action)
		if err != nil {
			rep = part.Refuse(r, wire.AsRefusal(err))
		}
		return string(rep.Body), true
	}
	for query, want := range map[string]string{
		"Action=Open&Word=hi": "<Said>hi</Said>",
		"Action=Open":         "<Code>ValidationError</Code>",
		"Action=Closed":       "<Code>MissingAuthenticationToken</Code>",
	} {
		if body, mine := call(query); !mine || !strings.Contains(body, want) {
			t.Errorf("%s: %s", query, body)
		}
	}
	if _, mine := call("Action=GetCallerIdentity"); mine {
		t.Error("claims what it does not have")
	}
}
