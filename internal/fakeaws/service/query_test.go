package service_test

import (
	"strings"
	"testing"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
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
