package token

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/partition"
)

func grant(options map[string]string) delivery.Grant {
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	return delivery.Grant{
		Profile: fob.Profile{Name: "prod", Keys: map[string]string{"region": "us-east-1"}}, Partition: partition.All()[0], Now: at, Options: options,
		Credentials: func(context.Context) (fob.Credentials, error) {
			return fob.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: fob.NewSecret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), AccountID: "111122223333"}, nil
		},
	}
}

// The token is the same as the one that botocore makes for the same credentials and time.
func TestEKSGolden(t *testing.T) {
	t.Parallel()
	d, err := Way().Hand(t.Context(), grant(map[string]string{"for": "eks", "cluster": "mycluster", "api": "v1"}))
	if err != nil {
		t.Fatal(err)
	}
	var e execCredential
	if err := json.Unmarshal([]byte(d.Stdout), &e); err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(e.Status.Token, "k8s-aws-v1."))
	if err != nil || !strings.HasSuffix(string(raw), "X-Amz-Signature=5829625ece70cb49a2dd0e7bb456547b6b18e8313ab958d11ba3cbdbc44656d5") {
		t.Errorf("%s, %v", raw, err)
	}
	if e.Status.ExpirationTimestamp != "2015-08-30T12:50:00Z" {
		t.Error(e.Status.ExpirationTimestamp)
	}
}

// The output is the same as that of the AWS CLI's credential helper and of botocore's
// generate_db_auth_token for the same credentials and time.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		options map[string]string
		want    string
	}{
		{map[string]string{"for": "codecommit", "input": "protocol=https\nhost=git-codecommit.us-east-1.amazonaws.com:8443\npath=v1/repos/a\n"},
			"\npassword=20150830T123600Z11bbb7edeaba218bf3031464e623d1a5f53372433b282b5ef0df63286254035d\n"},
		{map[string]string{"for": "rds", "target": "db.abc.us-east-1.rds.amazonaws.com:5432/app user"},
			"X-Amz-Signature=c3a5aa8fbf1f5dc2d844acace060d7e5af1014ff8ca7dee5abf1645603181a6d\n"},
	} {
		if d, err := Way().Hand(t.Context(), grant(tt.options)); err != nil || !strings.Contains(d.Stdout, tt.want) {
			t.Errorf("%s, %v", d.Stdout, err)
		}
	}
}

func TestRegistries(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]registry{
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com":              {account: "111122223333", region: "eu-west-1"},
		"https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/":  {account: "111122223333", region: "eu-west-1"},
		"111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com":     {account: "111122223333", region: "us-gov-west-1"},
		"111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn":          {account: "111122223333", region: "cn-north-1"},
		"111122223333.dkr-ecr.eu-west-1.on.aws":                     {account: "111122223333", region: "eu-west-1"},
		"public.ecr.aws":                                            {region: "us-east-1", public: true},
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com.evil.example": {},
		"111122223333.dkr.ecr.us-isof-south-1.csp.hci.ic.gov":       {account: "111122223333", region: "us-isof-south-1"},
		"111122223333.dkr.ecr.cn-north-1.amazonaws.com":             {},
		"1111.dkr.ecr.eu-west-1.amazonaws.com":                      {},
		"111122223333.DKR.ECR.EU-WEST-1.AMAZONAWS.COM:443":          {account: "111122223333", region: "eu-west-1"},
		"HTTPS://111122223333.dkr.ecr.eu-west-1.amazonaws.com:443/": {account: "111122223333", region: "eu-west-1"},
		"Public.ECR.aws:443":                                        {region: "us-east-1", public: true},
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com:x":            {},
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com:":             {},
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com:1@evil":       {},
		"index.docker.io": {},
		"":                {},
	} {
		if got, ok := parseRegistry(server); ok != (want != registry{}) || ok && got != want {
			t.Errorf("%q: %+v, %v", server, got, ok)
		}
	}
}

// The registries of every partition, by each name that they have.
func TestRegistriesOfEveryPartition(t *testing.T) {
	t.Parallel()
	for _, p := range partition.All() {
		want := registry{account: "111122223333", region: p.Region}
		hosts := []string{"dkr.ecr." + p.Region + "." + p.Suffix, "dkr.ecr-fips." + p.Region + "." + p.Suffix}
		if p.Hosted != "" {
			hosts = append(hosts, "dkr-ecr."+p.Region+"."+p.Hosted, "dkr-ecr-fips."+p.Region+"."+p.Hosted)
		}
		for _, host := range hosts {
			host = "111122223333." + host
			for _, server := range []string{host, host + ":443", strings.ToUpper(host) + ":8443", "https://" + host + "/"} {
				if got, ok := parseRegistry(server); !ok || got != want {
					t.Errorf("%s: %+v, %v", server, got, ok)
				}
			}
		}
	}
}

// client is an agent that can call AWS.
type client struct{ http *http.Client }

func (c client) HTTP() *http.Client { return c.http }

type answer struct {
	status int
	body   string
}

func (a answer) RoundTrip(*http.Request) (*http.Response, error) {
	if a.status == 0 {
		return nil, errors.New("no route")
	}
	return &http.Response{StatusCode: a.status, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

// For any answer in place of ECR's, the result is a password in ECR's format or an error.
func TestAnswersOfECR(t *testing.T) {
	t.Parallel()
	token := base64.StdEncoding.EncodeToString([]byte("AWS:FOBSECRETMARKERecr"))
	for name, tt := range map[string]struct {
		answer answer
		want   error
	}{
		"good":           {answer{200, `{"authorizationData":[{"authorizationToken":"` + token + `"}]}`}, nil},
		"refused":        {answer{400, `{"__type":"AccessDeniedException","message":"no"}`}, fob.ErrRefused},
		"captive portal": {answer{200, "<html>"}, fob.ErrNetwork},
		"bad gateway":    {answer{502, "<html>"}, fob.ErrNetwork},
		"nobody":         {answer{}, fob.ErrNetwork},
		"empty":          {answer{200, `{"authorizationData":[]}`}, fob.ErrNetwork},
		"another shape":  {answer{200, `{"authorizationData":{"authorizationToken":"` + token + `"}}`}, fob.ErrNetwork},
		"no base64":      {answer{200, `{"authorizationData":[{"authorizationToken":"?"}]}`}, fob.ErrNetwork},
	} {
		g := grant(map[string]string{"for": "ecr", "input": "111122223333.dkr.ecr.eu-west-1.amazonaws.com\n"})
		g.Agent = client{&http.Client{Transport: tt.answer}}
		d, err := Way().Hand(t.Context(), g)
		if tt.want == nil && (err != nil || !strings.Contains(d.Stdout, `"Username":"AWS"`)) || tt.want != nil && (!errors.Is(err, tt.want) || d.Stdout != "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzGit(f *testing.F) {
	f.Add("protocol=https\nhost=git-codecommit.us-east-1.amazonaws.com\npath=v1/repos/a\n\n")
	f.Add("wwwauth[]=Basic\nwwwauth[]=x\n")
	f.Add("=\n")
	f.Fuzz(func(t *testing.T, input string) {
		asked, err := parseGit(input)
		for key, value := range asked {
			if err == nil && strings.ContainsAny(key+value, "\n\r\x00") {
				t.Errorf("%q: %q", key, value)
			}
		}
		g := grant(map[string]string{"for": "codecommit", "input": input})
		d, err := Way().Hand(t.Context(), g)
		if err == nil && d.Stdout != "" && strings.Count(d.Stdout, "\n") != 3 {
			t.Errorf("%d lines", strings.Count(d.Stdout, "\n"))
		}
	})
}

func FuzzRegistry(f *testing.F) {
	f.Add("111122223333.dkr.ecr.eu-west-1.amazonaws.com")
	f.Add("https://111122223333.dkr-ecr.eu-west-1.on.aws/v2")
	f.Fuzz(func(t *testing.T, server string) {
		if r, ok := parseRegistry(server); ok && !r.public && (len(r.account) != 12 || r.region == "") {
			t.Errorf("%q: %+v", server, r)
		}
	})
}
