// Package partition knows AWS's partitions: their names, regions and hosts, and the form of ARNs
// and account ids.
//
// A test compares the table with the data in AWS's SDK. Facts that the SDK lacks (console hosts,
// hosts with customers' names) have their sources noted beside them.
package partition

import "strings"

// Partition is one of AWS's partitions. Accounts, keys and regions of one are unknown in the
// others.
type Partition struct {
	// Name is the partition in ARNs: aws, aws-cn.
	Name string
	// Region serves the whole partition where a service has only one region. It is the default if
	// nothing else names a region.
	Region string
	// Suffix is the end of the partition's host names, DualStack that of hosts with IPv6.
	Suffix, DualStack string
	// Hosted is the end of host names that customers create, such as the URL of a Lambda function;
	// empty if there are none.
	Hosted string
	// Federation is the host that exchanges credentials for a console session. Console is the
	// console's host (REGION.Console for a region). Empty if unknown.
	Federation, Console string

	prefix string // prefix of its regions' names; empty for aws, which has all others
}

// All returns every partition; aws is the first.
//
// Sources: the SDK's partitions.json and the endpoint rules of AWS Sign-In; for Federation and
// Console, IAM User Guide, "Enable custom identity broker access to the AWS console", and AWS
// General Reference, "AWS Management Console endpoints".
func All() []Partition {
	return []Partition{
		{Name: "aws", Region: "us-east-1", Suffix: "amazonaws.com", DualStack: "api.aws", Hosted: "on.aws",
			Federation: "us-east-1.signin.aws.amazon.com", Console: "console.aws.amazon.com"},
		{Name: "aws-cn", prefix: "cn-", Region: "cn-northwest-1",
			Suffix: "amazonaws.com.cn", DualStack: "api.amazonwebservices.com.cn", Hosted: "on.amazonwebservices.com.cn",
			Federation: "signin.amazonaws.cn", Console: "console.amazonaws.cn"},
		{Name: "aws-us-gov", prefix: "us-gov-", Region: "us-gov-west-1", Suffix: "amazonaws.com", DualStack: "api.aws", Hosted: "on.aws",
			Federation: "signin.amazonaws-us-gov.com", Console: "console.amazonaws-us-gov.com"},
		{Name: "aws-eusc", prefix: "eusc-", Region: "eusc-de-east-1",
			Suffix: "amazonaws.eu", DualStack: "api.amazonwebservices.eu", Hosted: "on.amazonwebservices.eu",
			Federation: "eusc-de-east-1.signin.amazonaws-eusc.eu", Console: "console.amazonaws-eusc.eu"},
		{Name: "aws-iso", prefix: "us-iso-", Region: "us-iso-east-1", Suffix: "c2s.ic.gov", DualStack: "api.aws.ic.gov"},
		{Name: "aws-iso-b", prefix: "us-isob-", Region: "us-isob-east-1", Suffix: "sc2s.sgov.gov", DualStack: "api.aws.scloud"},
		{Name: "aws-iso-e", prefix: "eu-isoe-", Region: "eu-isoe-west-1", Suffix: "cloud.adc-e.uk", DualStack: "api.cloud-aws.adc-e.uk"},
		{Name: "aws-iso-f", prefix: "us-isof-", Region: "us-isof-south-1", Suffix: "csp.hci.ic.gov", DualStack: "api.aws.hci.ic.gov"},
	}
}

// Named returns the partition with a name.
func Named(name string) (Partition, bool) {
	for _, p := range All() {
		if p.Name == name {
			return p, true
		}
	}
	return Partition{}, false
}

// OfRegion returns the partition of a region, also of the SDKs' pseudo regions such as
// aws-cn-global. It returns aws for names that match no other partition.
func OfRegion(region string) Partition {
	all := All()
	for _, p := range all[1:] {
		if strings.HasPrefix(region, p.prefix) || region == p.Name+"-global" {
			return p
		}
	}
	return all[0]
}

// OfHost returns the partition of one of AWS's hosts, and the part of the name before the suffix:
// "sts.cn-north-1" for sts.cn-north-1.amazonaws.com.cn. host must be in lower case, without a port.
// Hosts of aws-us-gov have the suffix of aws, and aws is returned for them.
func OfHost(host string) (p Partition, left string, ok bool) {
	for _, p := range All() {
		for _, suffix := range []string{p.DualStack, p.Suffix, p.Hosted} {
			if left, ok := strings.CutSuffix(host, "."+suffix); ok && suffix != "" {
				return p, left, true
			}
		}
	}
	return Partition{}, "", false
}

// Has reports whether a region belongs to the partition, by its name.
func (p Partition) Has(region string) bool { return OfRegion(region).Name == p.Name }

// Host returns the host of a service in a region: sts.eu-west-1.amazonaws.com.
func (p Partition) Host(service, region string) string {
	return service + "." + region + "." + p.Suffix
}

// IsRegion reports whether a text has the form of a region's name: us-gov-west-1.
func IsRegion(s string) bool {
	parts := strings.Split(s, "-")
	n := len(parts) - 1
	if n < 2 || n > 3 || len(parts[0]) > 4 || len(parts[n]) > 2 {
		return false
	}
	for i, part := range parts {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool {
			return i < n && !('a' <= r && r <= 'z') || i == n && !('0' <= r && r <= '9')
		}) {
			return false
		}
	}
	return true
}
