package region

import (
	"strings"
	"testing"
)

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"sts.amazonaws.com":                     "sts  true",
		"sts.eu-west-1.amazonaws.com":           "sts eu-west-1 true",
		"sts.eu-west-1.amazonaws.com:443":       "sts eu-west-1 true",
		"sts-fips.us-west-2.amazonaws.com":      "sts us-west-2 true",
		"sts.cn-north-1.amazonaws.com.cn":       "sts cn-north-1 true",
		"sts.eusc-de-east-1.amazonaws.eu":       "sts eusc-de-east-1 true",
		"sts.us-isob-east-1.sc2s.sgov.gov":      "sts us-isob-east-1 true",
		"oidc.eu-west-1.api.aws":                "oidc eu-west-1 true",
		"portal.sso.eu-central-1.amazonaws.com": "portal.sso eu-central-1 true",
		"iam.us-gov.amazonaws.com":              "iam.us-gov  true",
		"bucket.s3.eu-west-1.amazonaws.com":     "bucket.s3 eu-west-1 true",
		"127.0.0.1:8080":                        "  false",
		"[::1]:8080":                            "  false",
		"amazonaws.com":                         "  false",
		"sts.amazonaws.com.example.org":         "  false",
	} {
		service, region, known := Endpoint(host)
		if got := service + " " + region + " " + map[bool]string{true: "true", false: "false"}[known]; got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

// Each region is in one partition, and its endpoint's name says so.
func TestPartitions(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, p := range partitions() {
		if !In(p.name, Global(p.name)) {
			t.Errorf("%s signs for %s", p.name, p.global)
		}
		for _, region := range strings.Fields(p.regions + " " + p.optIn) {
			if seen[region] != "" {
				t.Errorf("%s is in %s and in %s", region, seen[region], p.name)
			}
			seen[region] = p.name
			if _, got, known := Endpoint("sts." + region + p.suffixes[0]); !known || got != region {
				t.Errorf("%s: %q %v", region, got, known)
			}
			if OptIn(region) != strings.Contains(p.optIn, region) {
				t.Errorf("%s: opt-in %v", region, OptIn(region))
			}
		}
	}
	if len(seen) != 46 || In("aws", "cn-north-1") || In("aws", "nowhere") || OptIn("nowhere") {
		t.Errorf("%d regions", len(seen))
	}
}
