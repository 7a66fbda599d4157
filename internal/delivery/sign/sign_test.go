package sign_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"fob/internal/delivery"
	"fob/internal/delivery/sign"
	"fob/internal/fob"
)

var errNotAsked = errors.New("asked for credentials")

func grant(options map[string]string, c fob.Credentials) delivery.Grant {
	return delivery.Grant{
		Profile:     fob.Profile{Name: "prod", Keys: map[string]string{"region": "eu-west-1"}},
		Credentials: func(context.Context) (fob.Credentials, error) { return c, nil },
		Options:     options,
		Now:         time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC),
	}
}

func example() fob.Credentials {
	return fob.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: fob.NewSecret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")}
}

// Signatures are the same as botocore's for the same request, credentials and time.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options map[string]string
		token   string
		want    string
	}{
		"vanilla": {map[string]string{"url": "https://example.amazonaws.com/", "service": "service", "region": "us-east-1"}, "", "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31\n"},
		"sts": {map[string]string{"method": "POST", "url": "https://sts.us-east-1.amazonaws.com/", "headers": "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n",
			"payload": "ab821ae955788b0e33ebd34c208442ccfc2d406e2edc5e7a39bd6458fbb4f843"}, "TOKEN/+=", "Signature=c9dbe68f1bfa0bc60785473ab0e389ecd0c7037a4d5bb9e64d9307ad3d8d5ae3\n"},
		"s3":      {map[string]string{"url": "https://bkt.s3.amazonaws.com/a%20b/%E2%82%AC//x/../y"}, "", "Signature=765fdb0e79544a5bfd19f9fa7ee0ab96c3377a1264fdf687f48607bf0ee1bfb3\n"},
		"es":      {map[string]string{"url": "http://localhost:9200/_cat/indices?v", "service": "es", "region": "us-east-1", "at": "2015-08-30T14:36:00+02:00"}, "", "Signature=e65225d1a5ff963dd7f7decdb4b783d3f09de1dd618a22719b266b34f8dabeff\n"},
		"presign": {map[string]string{"url": "https://bkt.s3.amazonaws.com/k", "presign": "15m", "at": "20150830T123600Z"}, "TOKEN/+=", "&X-Amz-Signature=9624942d1be85d39b88e2913aabb3dfad62e62b10fc762ae6cd7319d1056a05c\n"},
		"eks":     {map[string]string{"url": "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", "presign": "1m", "headers": "x-k8s-aws-id: mycluster\n"}, "", "&X-Amz-Signature=5829625ece70cb49a2dd0e7bb456547b6b18e8313ab958d11ba3cbdbc44656d5\n"},
	} {
		c := example()
		c.SessionToken = fob.NewSecret(tt.token)
		d, err := sign.Way().Hand(t.Context(), grant(tt.options, c))
		if err != nil || !strings.HasSuffix(d.Stdout, tt.want) || d.Warning != "" {
			t.Errorf("%s: %q, %v", name, d.Stdout, err)
		}
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options map[string]string
		want    string
	}{
		"host":           {map[string]string{"url": "https://abc.execute-api.us-west-2.amazonaws.com/"}, "/20150830/us-west-2/execute-api/aws4_request"},
		"Host":           {map[string]string{"url": "https://127.0.0.1/", "headers": "hOST: abc.execute-api.us-west-2.amazonaws.com\n"}, "/20150830/us-west-2/execute-api/aws4_request"},
		"given":          {map[string]string{"url": "https://abc.execute-api.us-west-2.amazonaws.com/", "service": "x", "region": "us-east-2"}, "/20150830/us-east-2/x/aws4_request"},
		"profile":        {map[string]string{"url": "https://example.com/", "service": "x"}, "/20150830/eu-west-1/x/aws4_request"},
		"accelerate":     {map[string]string{"url": "https://b.s3-accelerate.amazonaws.com/"}, "/20150830/eu-west-1/s3/aws4_request"},
		"access point":   {map[string]string{"url": "https://m.mrap.accesspoint.s3-global.amazonaws.com/"}, "AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-region-set,"},
		"v4a":            {map[string]string{"url": "https://sts.us-east-1.amazonaws.com/", "algorithm": "v4a"}, "X-Amz-Region-Set: us-east-1\n"},
		"v4a everywhere": {map[string]string{"url": "https://sts.us-east-1.amazonaws.com/", "algorithm": "v4a", "region": "us-*,eu-west-1"}, "X-Amz-Region-Set: us-*,eu-west-1\n"},
		"IoT":            {map[string]string{"url": "https://a-ats.iot.us-east-1.amazonaws.com/topics/x"}, "/us-east-1/iotdata/"},
		"IoT, MQTT":      {map[string]string{"url": "wss://a-ats.iot.us-east-1.amazonaws.com/mqtt", "presign": "1m"}, "us-east-1%2Fiotdevicegateway%2F"},
	} {
		d, err := sign.Way().Hand(t.Context(), grant(tt.options, example()))
		if err != nil || !strings.Contains(d.Stdout, tt.want) {
			t.Errorf("%s: %q, %v", name, d.Stdout, err)
		}
	}
}

// A wrong request is refused with a hint, before credentials are asked for.
func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]map[string]string{
		"no URL": {"url": ""}, "host unknown": {"url": "https://example.com/"}, "time": {"at": "yesterday"}, "duration": {"presign": "x"}, "too long": {"presign": "169h"}, "nothing": {"presign": "0s"},
		"header": {"headers": "x\n"}, "algorithm": {"algorithm": "v2"}, "one region": {"algorithm": "v4", "region": "*"}, "payload": {"payload": "x"}, "name": {"headers": "a b: c\n"}, "not escaped": {"url": "https://sts.us-east-1.amazonaws.com/é"},
	} {
		options := map[string]string{"url": "https://sts.us-east-1.amazonaws.com/"}
		maps.Copy(options, change)
		g := grant(options, fob.Credentials{})
		g.Credentials = func(context.Context) (fob.Credentials, error) { return fob.Credentials{}, errNotAsked }
		if _, err := sign.Way().Hand(t.Context(), g); !errors.Is(err, fob.ErrUsage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	g := grant(map[string]string{"url": "https://example.com/", "service": "x"}, example())
	g.Profile.Keys = nil
	if _, err := sign.Way().Hand(t.Context(), g); !errors.Is(err, fob.ErrUsage) || !strings.Contains(fob.HintOf(err), "--region") {
		t.Error(err)
	}
}

func TestWarnsOfShortCredentials(t *testing.T) {
	t.Parallel()
	c := example()
	c.SessionToken = fob.NewSecret("t")
	g := grant(map[string]string{"url": "https://b.s3.amazonaws.com/k", "presign": "2h"}, c)
	c.Expiration = g.Now.Add(time.Hour)
	g.Credentials = func(context.Context) (fob.Credentials, error) { return c, nil }
	d, err := sign.Way().Hand(t.Context(), g)
	if err != nil || !strings.Contains(d.Warning, "when the credentials expire") {
		t.Errorf("%q, %v", d.Warning, err)
	}
}

// For any options, the output is the headers of a signature, or one URL.
func FuzzHand(f *testing.F) {
	f.Add("GET", "https://sts.amazonaws.com/", "A: b\nc:\n", "", "", "", "", "")
	f.Add("PUT", "https://b.s3.amazonaws.com/é", "", "UNSIGNED-PAYLOAD", "s3", "*", "15m", "v4a")
	f.Add("GET", "wss://x.iot.eu-west-1.amazonaws.com/mqtt?a#b", "Host: x", "", "x\r\ny", "us-east-1\nX: y", "1s", "")
	f.Fuzz(func(t *testing.T, method, url, headers, payload, service, region, presign, algorithm string) {
		c := example()
		c.SessionToken = fob.NewSecret("token")
		d, err := sign.Way().Hand(t.Context(), grant(map[string]string{"method": method, "url": url, "headers": headers, "payload": payload,
			"service": service, "region": region, "presign": presign, "algorithm": algorithm}, c))
		if err != nil {
			if !errors.Is(err, fob.ErrUsage) || d.Stdout != "" {
				t.Fatalf("%v, %q", err, d.Stdout)
			}
			return
		}
		for line := range strings.Lines(d.Stdout) {
			name, _, _ := strings.Cut(line, ": ")
			if known := strings.Contains(" X-Amz-Date X-Amz-Content-Sha256 X-Amz-Security-Token X-Amz-Region-Set Authorization ", " "+name+" "); known == (presign != "") {
				t.Fatalf("printed %q", line)
			}
		}
		if strings.ContainsAny(d.Stdout, "\r\x00") || presign != "" && strings.Count(d.Stdout, "\n") != 1 {
			t.Fatalf("printed %q", d.Stdout)
		}
	})
}
