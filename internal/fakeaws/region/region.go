// Package region has AWS's partitions and regions, as far as they decide what a
// request may be signed for. It is the fake's own list and shares nothing with
// fob's, which it is there to test.
package region

import (
	"net"
	"regexp"
	"slices"
	"strings"
)

// partition is what AWS's published list says of one.
type partition struct {
	name     string
	suffixes []string // of its endpoints' names
	global   string   // region for which IAM, and global endpoints, are signed
	console  string   // domain of the console; empty where that is not known
	regions  string   // that every account has
	optIn    string   // that an account has when its owner turns them on
}

func partitions() []partition {
	return []partition{
		{"aws", []string{".amazonaws.com", ".api.aws"}, "us-east-1", "console.aws.amazon.com",
			"ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 " +
				"eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2",
			"af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-west-1 " +
				"eu-central-2 eu-south-1 eu-south-2 il-central-1 me-central-1 me-south-1 mx-central-1"},
		{"aws-cn", []string{".amazonaws.com.cn", ".api.amazonwebservices.com.cn"}, "cn-north-1", "console.amazonaws.cn", "cn-north-1 cn-northwest-1", ""},
		{"aws-us-gov", []string{".amazonaws.com", ".api.aws"}, "us-gov-west-1", "console.amazonaws-us-gov.com", "us-gov-east-1 us-gov-west-1", ""},
		{"aws-eusc", []string{".amazonaws.eu", ".api.amazonwebservices.eu"}, "eusc-de-east-1", "console.amazonaws-eusc.eu", "eusc-de-east-1", ""},
		{"aws-iso", []string{".c2s.ic.gov"}, "us-iso-east-1", "", "us-iso-east-1 us-iso-west-1", ""},
		{"aws-iso-b", []string{".sc2s.sgov.gov"}, "us-isob-east-1", "", "us-isob-east-1 us-isob-west-1", ""},
		{"aws-iso-e", []string{".cloud.adc-e.uk"}, "eu-isoe-west-1", "", "eu-isoe-west-1", ""},
		{"aws-iso-f", []string{".csp.hci.ic.gov"}, "us-isof-south-1", "", "us-isof-east-1 us-isof-south-1", ""},
	}
}

// find gives the partition of a name, or an empty one.
func find(name string) partition {
	all := partitions()
	i := slices.IndexFunc(all, func(p partition) bool { return p.name == name })
	if i < 0 {
		return partition{}
	}
	return all[i]
}

// In reports whether a partition has a region.
func In(partition, region string) bool {
	p := find(partition)
	return slices.Contains(strings.Fields(p.regions+" "+p.optIn), region)
}

// OptIn reports whether an account has a region only after it was turned on.
func OptIn(region string) bool {
	return slices.ContainsFunc(partitions(), func(p partition) bool { return slices.Contains(strings.Fields(p.optIn), region) })
}

// Global is the region for which a partition's IAM, and its global endpoints, are
// signed.
func Global(partition string) string { return find(partition).global }

// Console is the domain of a partition's console; empty where that is not known.
func Console(partition string) string { return find(partition).console }

// Endpoint takes the name of an endpoint apart: sts.eu-west-1.amazonaws.com is
// sts in eu-west-1, portal.sso.eu-west-1.amazonaws.com is portal.sso there, and
// sts.amazonaws.com is sts in no region. Names that are not AWS's are not known.
func Endpoint(host string) (service, region string, known bool) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	for _, p := range partitions() {
		for _, suffix := range p.suffixes {
			name, ok := strings.CutSuffix(host, suffix)
			if !ok {
				continue
			}
			labels := strings.Split(name, ".")
			if last := labels[len(labels)-1]; len(labels) > 1 && regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d+$`).MatchString(last) {
				region, labels = last, labels[:len(labels)-1]
			}
			return strings.TrimSuffix(strings.Join(labels, "."), "-fips"), region, true
		}
	}
	return "", "", false
}
