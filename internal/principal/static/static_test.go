package static_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/principal/kindtest"
	"fob/internal/principal/static"
)

const marker = "FOBSECRETMARKERstatic"

type vault map[string]fob.Secret

func (v vault) Get(name string) (fob.Secret, error) {
	s, ok := v[name]
	if !ok {
		return s, fob.Errorf(fob.ErrNotFound, "no item %s", name).WithHint("fob add static NAME")
	}
	return s, nil
}

func emulator(url string) fob.Profile {
	return fob.Profile{Name: "local", Keys: map[string]string{
		"static_access_key_id": "test", "endpoint_url": url, "static_account_id": "000000000000"}, Endpoints: map[string]string{"": url}}
}

func TestKind(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, static.Kind(), func(*testing.T) kindtest.World {
		return kindtest.World{Profile: emulator("http://localhost:4566"), Secrets: []string{marker},
			Env: principal.Env{Now: time.Now, HTTP: http.DefaultClient,
				Secrets: vault{"static_secret_access_key/test@http://localhost:4566": fob.NewSecret(marker)}}}
	})
}

// The keys of an emulator go to no host of AWS's.
func TestHostsOfAWS(t *testing.T) {
	t.Parallel()
	for url, ours := range map[string]bool{
		"http://localhost:4566":                             false,
		"https://minio.example.com":                         false,
		"http://[::1]:9000":                                 false,
		"https://notamazonaws.com":                          false,
		"https://sts.amazonaws.com":                         true,
		"https://STS.eu-west-1.AmazonAWS.com.":              true,
		"https://s3.cn-north-1.amazonaws.com.cn":            true,
		"https://bucket.s3.us-gov-west-1.amazonaws.com/key": true,
		"https://lambda.eu-west-1.api.aws":                  true,
	} {
		err := static.Kind().Validate(emulator(url))
		if (err != nil) != ours || ours && (!errors.Is(err, fob.ErrUsage) || !strings.Contains(err.Error(), "AWS's own")) {
			t.Errorf("%s: %v", url, err)
		}
		p := emulator("http://localhost:4566")
		p.Endpoints["s3"] = url // of a [services] section
		if err := static.Kind().Validate(p); (err != nil) != ours {
			t.Errorf("endpoint of s3 %s: %v", url, err)
		}
	}
}

func TestWithoutEndpointOrSecret(t *testing.T) {
	t.Parallel()
	p := emulator("")
	p.Endpoints = nil
	if err := static.Kind().Validate(p); !errors.Is(err, fob.ErrUsage) || !strings.Contains(fob.HintOf(err), "--endpoint-url") {
		t.Error(err)
	}
	opened, err := static.Kind().Open(emulator("http://localhost:4566"), principal.Env{Secrets: vault{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := opened.Credentials(t.Context()); !errors.Is(err, fob.ErrNotFound) {
		t.Error(err)
	}
}
