package sigv4_test

import (
	"os"
	"strings"
	"testing"

	"fob/internal/sigv4"
)

// Every host that botocore knows (testdata/guess.py).
func TestGuessHosts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/hosts.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if service, region, ok := sigv4.Guess(f[0]); !ok || service != f[1] || region != f[2] {
			t.Errorf("%s: %s %s, want %v", f[0], service, region, f[1:])
		}
	}
}

// Hosts with customers' names in them, hosts that are not AWS's, and hosts that take no signatures.
func TestGuess(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"abc.execute-api.eu-west-1.amazonaws.com":                      "execute-api eu-west-1",
		"ABC.Execute-API.eu-west-1.amazonaws.com:443":                  "execute-api eu-west-1",
		"abc.execute-api.cn-north-1.amazonaws.com.cn":                  "execute-api cn-north-1",
		"vpce-0a-b.execute-api.us-east-1.vpce.amazonaws.com":           "execute-api us-east-1",
		"bucket.vpce-1a.s3.us-east-1.vpce.amazonaws.com":               "s3 us-east-1",
		"abc.lambda-url.us-west-2.on.aws":                              "lambda us-west-2",
		"abc.appsync-api.us-east-1.amazonaws.com":                      "appsync us-east-1",
		"abc.appsync-realtime-api.us-east-1.amazonaws.com":             "appsync us-east-1",
		"search-a-b.eu-central-1.es.amazonaws.com":                     "es eu-central-1",
		"vpc-my-domain-1.us-gov-west-1.es.amazonaws.com":               "es us-gov-west-1",
		"search-a.aos.us-east-1.on.aws":                                "es us-east-1",
		"abc.us-east-1.aoss.amazonaws.com":                             "aoss us-east-1",
		"svc-01.7d67968.vpc-lattice-svcs.us-west-2.on.aws":             "vpc-lattice-svcs us-west-2",
		"bedrock-runtime.us-east-1.amazonaws.com":                      "bedrock us-east-1",
		"aps-workspaces.eu-west-1.amazonaws.com":                       "aps eu-west-1",
		"db.cluster-x.us-east-1.neptune.amazonaws.com":                 "neptune-db us-east-1",
		"g-1.us-east-1.neptune-graph.amazonaws.com":                    "neptune-graph us-east-1",
		"boot-x.c1.kafka-serverless.us-east-1.amazonaws.com":           "kafka-cluster us-east-1",
		"db.x.eu-west-1.rds.amazonaws.com":                             "rds-db eu-west-1",
		"git-codecommit.eu-west-1.amazonaws.com":                       "codecommit eu-west-1",
		"a1-ats.iot.eu-west-1.amazonaws.com":                           "iotdata eu-west-1",
		"b-1.kinesisvideo.eu-west-1.amazonaws.com":                     "kinesisvideo eu-west-1",
		"sts.amazonaws.com":                                            "sts us-east-1",
		"sts-fips.us-gov-east-1.amazonaws.com":                         "sts us-gov-east-1",
		"ec2.amazonaws.com":                                            "ec2 us-east-1",
		"eu-west-1.queue.amazonaws.com":                                "sqs eu-west-1",
		"iam.amazonaws.com.":                                           "iam us-east-1",
		"s3.amazonaws.com":                                             "s3 us-east-1",
		"bkt.s3.amazonaws.com":                                         "s3 us-east-1",
		"my.dotted.bkt.s3.eu-west-3.amazonaws.com":                     "s3 eu-west-3",
		"a.s3.b.s3.dualstack.eu-west-3.amazonaws.com":                  "s3 eu-west-3",
		"bkt.s3-us-west-2.amazonaws.com":                               "s3 us-west-2",
		"bkt.s3-accelerate.dualstack.amazonaws.com":                    "s3 ",
		"ap-1.s3-accesspoint.us-east-1.amazonaws.com":                  "s3 us-east-1",
		"ap-1.s3-accesspoint-fips.us-east-1.amazonaws.com":             "s3 us-east-1",
		"ap-1.op-1.s3-outposts.us-east-1.amazonaws.com":                "s3-outposts us-east-1",
		"x-1.s3-object-lambda.us-east-1.amazonaws.com":                 "s3-object-lambda us-east-1",
		"b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com": "s3express us-east-1",
		"s3express-control.us-east-1.amazonaws.com":                    "s3express us-east-1",
		"m1.mrap.accesspoint.s3-global.amazonaws.com":                  "s3 *",
		"abc.veo.endpoint.events.amazonaws.com":                        "events *",
		"111122223333.cloudfront-kvs.global.api.aws":                   "cloudfront-keyvaluestore *",
		"abc.execute-api.eu-isoe-west-1.cloud.adc-e.uk":                "execute-api eu-isoe-west-1",
		"abc.execute-api.us-isof-south-1.csp.hci.ic.gov":               "execute-api us-isof-south-1",
		"bkt.s3-website-us-east-1.amazonaws.com":                       "",
		"bkt.s3-website.eu-central-1.amazonaws.com":                    "",
		"lb-1.us-east-1.elb.amazonaws.com":                             "",
		"nlb-1.elb.us-east-1.amazonaws.com":                            "",
		"ec2-1-2-3-4.us-west-2.compute.amazonaws.com":                  "",
		"ec2-1-2-3-4.compute-1.amazonaws.com":                          "",
		"111122223333.dkr.ecr.us-east-1.amazonaws.com":                 "",
		"abc.gr7.us-east-1.eks.amazonaws.com":                          "",
		"c1.credentials.iot.us-east-1.amazonaws.com":                   "",
		"example.com": "", "localhost:9200": "", "127.0.0.1": "", "[::1]:80": "", "": "", "amazonaws.com": "", ".amazonaws.com": "", "..amazonaws.com": "",
		"us-east-1.amazonaws.com": "", "global.amazonaws.com": "", "x.execute-api.eu-west-1.amazonaws.com.evil.example": "", "xamazonaws.com": "",
		"a.b.us-east-1.c.d.amazonaws.com": "",
	} {
		service, region, ok := sigv4.Guess(host)
		if got := service + " " + region; ok != (want != "") || ok && got != want || !ok && got != " " {
			t.Errorf("%s: %q, %v, want %q", host, got, ok, want)
		}
	}
}
