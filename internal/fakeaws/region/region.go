// Package region has AWS's partitions and regions, as far as they decide what a
// request may be signed for. It is the fake's own list and shares nothing with
// fob's, which it is there to test.
package region

import "strings"

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
