package sigv4

import (
	"slices"
	"strings"

	"fob/internal/partition"
)

// EveryRegion is the region set for hosts that serve several regions; they accept only Signature
// Version 4a.
const EveryRegion = "*"

// Guess finds the signing name and the region of one of AWS's own hosts, in any partition. A port
// in host is ignored. The region is empty if the name does not contain it (s3-accelerate), and
// [EveryRegion] if the host serves several.
func Guess(host string) (service, region string, ok bool) {
	name, _, ok := hostPort(strings.ToLower(host))
	if !ok {
		return "", "", false
	}
	in, left, ok := partition.OfHost(strings.TrimSuffix(name, "."))
	if !ok {
		return "", "", false
	}
	home := in.Region // for services that have only one
	labels := slices.DeleteFunc(strings.Split(left, "."), func(l string) bool {
		return l == "dualstack" || l == "fips" || l == "vpce"
	})
	for i, l := range labels {
		labels[i] = strings.TrimSuffix(l, "-fips")
	}
	if len(labels) == 0 || slices.Contains(labels, "") {
		return "", "", false
	}
	if service, ok = everywhere(labels); ok {
		return service, EveryRegion, true
	}
	if i := lastFunc(labels, isS3); i >= 0 {
		return guessS3(labels[i], labels[i+1:], home)
	}
	at := lastFunc(labels, func(l string) bool { return partition.IsRegion(l) || isGlobal(l) })
	switch {
	case at < 0 && len(labels) == 1:
		service, region = serviceOf(labels), home
	case at < 0:
	case at == len(labels)-1 && at > 0:
		service, region = serviceOf(labels[:at]), labels[at]
		if isGlobal(region) {
			region = partitionOf(region, home)
		}
	case at == 0 && labels[0] == "global" && len(labels) > 1:
		service, region = serviceOf(labels[1:]), home
	case at == len(labels)-2:
		service, region = regionFirst(labels[at+1]), labels[at]
	}
	if service == "" {
		return "", "", false
	}
	return service, region, true
}

// everywhere finds the service of hosts that serve several regions.
func everywhere(labels []string) (service string, ok bool) {
	end := func(n int) string { return strings.Join(labels[max(0, len(labels)-n):], ".") }
	switch {
	case end(3) == "mrap.accesspoint.s3-global":
		return "s3", true // a Multi-Region Access Point
	case end(2) == "endpoint.events":
		return "events", true
	case end(2) == "cloudfront-kvs.global":
		return "cloudfront-keyvaluestore", true
	}
	return "", false
}

func isS3(label string) bool {
	return label == "s3" || strings.HasPrefix(label, "s3-") || strings.HasPrefix(label, "s3express-")
}

// guessS3 handles s3 and names that begin with it: s3-eu-west-1, s3-accelerate, s3-control,
// s3-outposts. rest is the part of the host to the right of it.
func guessS3(label string, rest []string, home string) (service, region string, ok bool) {
	service = "s3"
	kind := strings.TrimPrefix(label, "s3-")
	switch {
	case partition.IsRegion(kind):
		home = kind
	case kind == "s3", kind == "control", kind == "accesspoint", kind == "external-1":
	case kind == "accelerate":
		home = "" // the bucket's, which the name does not tell
	case kind == "outposts", kind == "object-lambda":
		service = label
	case strings.HasPrefix(label, "s3express-"):
		service = "s3express"
	default:
		return "", "", false // s3-website is for browsers, without signatures
	}
	switch {
	case len(rest) == 0:
		return service, home, true
	case len(rest) == 1 && partition.IsRegion(rest[0]):
		return service, rest[0], true
	}
	return "", "", false
}

// serviceOf returns the signing name for the labels to the left of the region, or "" if the service
// takes no signatures.
func serviceOf(labels []string) string {
	last := len(labels) - 1
	name, left := labels[last], labels[:last]
	if last > 0 {
		switch pair := labels[last-1] + "." + name; pair {
		case "participant.connect":
			return "execute-api"
		case "sms-voice.pinpoint":
			return "sms-voice"
		case "portal.sso":
			return "awsssoportal"
		case "data.iotevents":
			return "ioteventsdata"
		case "jobs.iot":
			return "iot-jobs-data"
		case "tunneling.iot":
			return signingName("api.iot-tunneling")
		case "credentials.iot", "dkr.ecr", "d.codeartifact":
			return "" // they sign users in by other means
		}
		switch name {
		case "iot":
			return "iotdata" // ID-ats.iot; a WebSocket is signed for iotdevicegateway
		case "kafka", "kafka-serverless":
			return "kafka-cluster"
		case "elb", "compute":
			return "" // a customer's own program
		case "iot-tunneling":
			return signingName(strings.Join(append(left, name), "."))
		}
	}
	return signingName(name)
}

// regionFirst returns the signing name of hosts in which the region comes first, such as
// NAME.eu-west-1.es. All other names of that form are programs of customers, hosted under AWS's
// domain.
func regionFirst(label string) string {
	switch label {
	case "es", "aoss", "cloudsearch", "neptune-graph", "osis", "elasticmapreduce":
		return label
	case "neptune":
		return "neptune-db"
	case "rds":
		return "rds-db"
	case "queue":
		return "sqs"
	}
	return ""
}

// signingName returns the service's name in the credential scope, which may differ from the host's.
func signingName(label string) string {
	renamed := map[string]string{
		"api.iot-tunneling": "IoTSecuredTunneling", "aos": "es", "appconfigdata": "appconfig", "appstream2": "appstream",
		"appsync-api": "appsync", "appsync-realtime-api": "appsync", "aps-workspaces": "aps",
		"bedrock-agent": "bedrock", "bedrock-agent-runtime": "bedrock", "bedrock-agentcore-control": "bedrock-agentcore",
		"bedrock-data-automation": "bedrock", "bedrock-data-automation-runtime": "bedrock", "bedrock-runtime": "bedrock",
		"cassandra-streams": "cassandra", "cloudhsmv2": "cloudhsm", "cloudsearchdomain": "cloudsearch", "contact-lens": "connect",
		"data-signer": "signer", "email": "ses", "forecastquery": "forecast", "git-codecommit": "codecommit",
		"identity-chime": "chime", "media-pipelines-chime": "chime", "meetings-chime": "chime", "messaging-chime": "chime", "voice-chime": "chime",
		"ivsrealtime": "ivs", "lambda-url": "lambda", "mail-manager": "ses",
		"agreement-marketplace": "aws-marketplace", "deployment-marketplace": "aws-marketplace", "discovery-marketplace": "aws-marketplace",
		"marketplace": "aws-marketplace", "metering-marketplace": "aws-marketplace", "reporting-marketplace": "aws-marketplace",
		"memory-db": "memorydb", "migrationhub-config": "mgh", "models-v2-lex": "lex", "oidc": "sso-oauth",
		"personalize-events": "personalize", "personalize-runtime": "personalize", "pinpoint": "mobiletargeting",
		"queue": "sqs", "runtime-v2-lex": "lex", "servicecatalog-appregistry": "servicecatalog", "transcribestreaming": "transcribe",
		"compute": "", "compute-1": "", "elb": "", "www": "",
	}
	if name, ok := renamed[label]; ok {
		return name
	}
	return label
}

// isGlobal reports whether a label takes the region's place in hosts of services that have only
// one: iam.us-gov, iam.global, route53.aws-us-gov-global.
func isGlobal(label string) bool {
	return label == "global" || label == "us-gov" || strings.HasSuffix(label, "-global")
}

func partitionOf(label, home string) string {
	if strings.Contains(label, "us-gov") {
		return "us-gov-west-1"
	}
	return home
}

func lastFunc(labels []string, is func(string) bool) int {
	for i := len(labels) - 1; i >= 0; i-- {
		if is(labels[i]) {
			return i
		}
	}
	return -1
}
