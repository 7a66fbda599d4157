package partition_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"fob/internal/partition"
)

// sdk is the partition data in the source of AWS's SDK.
type sdk struct {
	Partitions []struct {
		ID      string
		Outputs struct {
			DNSSuffix            string
			DualStackDNSSuffix   string
			ImplicitGlobalRegion string
		}
		RegionRegex string
		Regions     map[string]struct{}
	}
}

func readSDK(t *testing.T) sdk {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "internal/endpoints/awsrulesfn/partitions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s sdk
	if err := json.Unmarshal(text, &s); err != nil || len(s.Partitions) == 0 {
		t.Fatal("no partitions in the SDK", err)
	}
	return s
}

// The table agrees with the SDK's data, and both list the same partitions.
func TestTableIsTheSDKs(t *testing.T) {
	t.Parallel()
	data := readSDK(t)
	if len(data.Partitions) != len(partition.All()) {
		t.Errorf("%d partitions, the SDK has %d", len(partition.All()), len(data.Partitions))
	}
	for _, want := range data.Partitions {
		got, ok := partition.Named(want.ID)
		if !ok {
			t.Errorf("no %s", want.ID)
			continue
		}
		if got.Suffix != want.Outputs.DNSSuffix || got.DualStack != want.Outputs.DualStackDNSSuffix || got.Region != want.Outputs.ImplicitGlobalRegion {
			t.Errorf("%+v, the SDK has %+v", got, want.Outputs)
		}
		form := regexp.MustCompile(want.RegionRegex)
		if !form.MatchString(got.Region) {
			t.Errorf("the SDK does not take %s for a region of %s", got.Region, got.Name)
		}
		for region := range want.Regions {
			if of := partition.OfRegion(region); of != got || !got.Has(region) {
				t.Errorf("%s is of %s, not of %s", region, want.ID, of.Name)
			}
			if pseudo := strings.HasSuffix(region, "-global"); partition.IsRegion(region) == pseudo {
				t.Errorf("%s: a region's form: %v", region, !pseudo)
			}
		}
	}
}

// Hosts are the ones that the SDK's clients call, in every region.
func TestHostsAreTheSDKs(t *testing.T) {
	t.Parallel()
	for _, one := range readSDK(t).Partitions {
		for region := range one.Regions {
			if !partition.IsRegion(region) {
				continue
			}
			p := partition.OfRegion(region)
			end, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), sts.EndpointParameters{Region: &region, UseGlobalEndpoint: aws.Bool(false)})
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Host("sts", region); got != end.URI.Host {
				t.Errorf("%s, the SDK calls %s", got, end.URI.Host)
			}
			if of, left, ok := partition.OfHost(end.URI.Host); !ok || of.Suffix != p.Suffix || left != "sts."+region {
				t.Errorf("%s: %s, %q", end.URI.Host, of.Name, left)
			}
		}
		// The host of AWS Sign-In, which may have a region before it.
		p, _ := partition.Named(one.ID)
		if p.Federation == "" {
			continue
		}
		end, err := signin.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), signin.EndpointParameters{Region: &p.Region})
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimPrefix(end.URI.Host, p.Region+"."); strings.TrimPrefix(p.Federation, p.Region+".") != want {
			t.Errorf("%s, the SDK signs in at %s", p.Federation, want)
		}
	}
}

func TestOfHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"sts.amazonaws.com":                "aws sts",
		"sts.us-gov-west-1.amazonaws.com":  "aws sts.us-gov-west-1", // the suffix is that of aws
		"x.lambda-url.eu-west-1.on.aws":    "aws x.lambda-url.eu-west-1",
		"sts.cn-north-1.amazonaws.com.cn":  "aws-cn sts.cn-north-1",
		"ecr.eusc-de-east-1.amazonaws.eu":  "aws-eusc ecr.eusc-de-east-1",
		"s3.us-isob-east-1.api.aws.scloud": "aws-iso-b s3.us-isob-east-1",
		"amazonaws.com":                    "",
		"sts.amazonaws.com.example":        "",
		"sts.xamazonaws.com":               "",
		"":                                 "",
	} {
		p, left, ok := partition.OfHost(host)
		if got := strings.TrimSpace(p.Name + " " + left); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", host, got, ok)
		}
	}
}

func TestOfRegionOfNoRegion(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"", "eu-west-1", "xx-new-1", "cn", "us-gov"} {
		if p := partition.OfRegion(region); p.Name != "aws" {
			t.Errorf("%q is of %s", region, p.Name)
		}
	}
	if p, ok := partition.Named("aws-mars"); ok || p != (partition.Partition{}) {
		t.Error(p)
	}
}

func TestIsRegion(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"", "eu", "eu-west", "eu-west-", "eu-west-123", "EU-west-1", "eu-west-1.evil.example", "a-b-c-d-1", "global", "eu--1", "europe-west-1", "eu-west-1a"} {
		if partition.IsRegion(wrong) {
			t.Errorf("%q is no region", wrong)
		}
	}
}

func TestARN(t *testing.T) {
	t.Parallel()
	a, err := partition.ParseARN("arn:aws-cn:iam::111122223333:role/path:with/colons")
	if want := (partition.ARN{Partition: "aws-cn", Service: "iam", Account: "111122223333", Resource: "role/path:with/colons"}); err != nil || a != want {
		t.Errorf("%+v, %v", a, err)
	}
	for _, wrong := range []string{"", "arn", "arn:aws:iam::111122223333", "arn::iam::111122223333:role/r", "arn:aws:::111122223333:x", "arn:aws:iam::111122223333:", "ARN:aws:iam::111122223333:role/r"} {
		if a, err := partition.ParseARN(wrong); err == nil || a != (partition.ARN{}) || partition.AccountOf(wrong) != "" {
			t.Errorf("%q: %+v", wrong, a)
		}
	}
	if got := partition.AccountOf("arn:aws:iam::111122223333:role/r"); got != "111122223333" {
		t.Error(got)
	}
}

func TestIsAccount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"111122223333": true, "000000000000": true, "11112222333": false, "1111222233334": false, "11112222333x": false, "": false, "１１１１": false} {
		if partition.IsAccount(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestAccountOfKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"ASIAQNZGKIQY56JQ7WML": "029608264753",
		"AKIAIOSFODNN7EXAMPLE": "", // older than the encoding
		"AKIA":                 "",
		"":                     "",
	} {
		if got := partition.AccountOfKey(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}
