// Package region has AWS's partitions and regions, as far as they decide what a
// request may be signed for. It is the fake's own list and shares nothing with
// fob's, which it is there to test.
package region

import (
	"net"
	"regexp"
	"strings"
)

// Partition is the one that a region's name belongs to.
func Partition(region string) string {
	named := "aws"
	for prefix, partition := range map[string]string{"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso",
		"us-isob-": "aws-iso-b", "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f", "eusc-": "aws-eusc"} {
		if strings.HasPrefix(region, prefix) {
			named = partition
		}
	}
	return named
}

// Global is the region for which a partition's IAM, and its global endpoints, are
// signed.
func Global(partition string) string {
	switch partition {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	case "aws-iso":
		return "us-iso-east-1"
	case "aws-iso-b":
		return "us-isob-east-1"
	case "aws-iso-e":
		return "eu-isoe-west-1"
	case "aws-iso-f":
		return "us-isof-south-1"
	case "aws-eusc":
		return "eusc-de-east-1"
	}
	return "us-east-1"
}

// Console is the domain of a partition's console.
func Console(partition string) string {
	switch partition {
	case "aws-cn":
		return "console.amazonaws.cn"
	case "aws-us-gov":
		return "console.amazonaws-us-gov.com"
	case "aws-eusc":
		return "console.amazonaws-eusc.eu"
	}
	return "console.aws.amazon.com"
}

// Endpoint takes the name of an endpoint apart: sts.eu-west-1.amazonaws.com is
// sts in eu-west-1, portal.sso.eu-west-1.amazonaws.com is portal.sso there, and
// sts.amazonaws.com is sts in no region. Names that are not AWS's are not known.
func Endpoint(host string) (service, region string, known bool) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	for _, suffix := range []string{".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws"} {
		name, ok := strings.CutSuffix(host, suffix)
		if !ok {
			continue
		}
		labels := strings.Split(name, ".")
		if last := labels[len(labels)-1]; len(labels) > 1 && looksLikeRegion(last) {
			region, labels = last, labels[:len(labels)-1]
		}
		return strings.TrimSuffix(strings.Join(labels, "."), "-fips"), region, true
	}
	return "", "", false
}

// looksLikeRegion tells a region from a part of a service's name.
func looksLikeRegion(label string) bool {
	return regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d+$`).MatchString(label)
}
