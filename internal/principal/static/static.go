// Package static is the kind of principal that the fixed keys of a local emulator of
// AWS are (LocalStack, MinIO, moto). An emulator takes them as they are: no session is
// made of them, and a definition that would send them to AWS itself is refused.
package static

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"fob/internal/fob"
	"fob/internal/partition"
	"fob/internal/principal"
	"fob/internal/quote"
)

// Kind returns the kind.
func Kind() principal.Kind {
	return principal.Kind{
		Name: "static",
		Doc:  "the fixed keys of a local emulator of AWS, such as LocalStack, MinIO or moto",
		Fields: []principal.Field{
			{Key: "static_access_key_id", Flag: "access-key-id", Doc: "the access key id that the emulator takes", Example: "test", Required: true,
				Check: principal.CheckText("_+=,.@-", 1, 128)},
			{Key: "static_secret_access_key", Flag: "secret", Doc: "the secret access key that the emulator takes", Required: true,
				Secret: &principal.Secret{Item: item, Prompt: func(p fob.Profile) string { return "secret access key of the emulator at " + p.Get("endpoint_url") }}},
			{Key: "endpoint_url", Doc: "where the emulator listens", Example: "http://localhost:4566", Required: true, Check: principal.CheckURL},
			{Key: "static_account_id", Flag: "account-id", Doc: "the account that the emulator acts in", Example: "000000000000",
				Check: principal.CheckPattern(`\d{12}`, "twelve digits")},
		},
		Match:   func(p fob.Profile) bool { return p.Get("static_access_key_id") != "" },
		Check:   check,
		Yields:  func(fob.Profile) principal.Yield { return principal.StaticKeys },
		Account: func(p fob.Profile) string { return p.Get("static_account_id") },
		Open:    func(p fob.Profile, env principal.Env) (principal.Principal, error) { return &static{p, env}, nil },
	}
}

// item names the secret in the vault. Key ids such as "test" are the same at every
// emulator, so the emulator is part of the name.
func item(p fob.Profile) string {
	return "static_secret_access_key/" + p.Get("static_access_key_id") + "@" + p.Get("endpoint_url")
}

// check refuses AWS's own hosts.
func check(p fob.Profile) error {
	endpoints := map[string]string{"": p.Get("endpoint_url")}
	for service, address := range p.Endpoints {
		endpoints[service] = address
	}
	for service, address := range endpoints {
		u, err := url.Parse(address)
		if err != nil {
			continue // not one that could be called: the kind's suite of checks refuses it
		}
		if in, _, ours := partition.OfHost(strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))); ours {
			what := "endpoint_url"
			if service != "" {
				what = fmt.Sprintf("the endpoint_url of %s", service)
			}
			return fob.Errorf(fob.ErrUsage, "profile %q: %s is a host of AWS's own (partition %s), and the keys are an emulator's", p.Name, what, in.Name).
				WithHint("keys for AWS itself: fob add user %s", quote.Word(p.Name))
		}
	}
	return nil
}

type static struct {
	profile fob.Profile
	env     principal.Env
}

// Credentials are the keys, with the secret from the vault.
func (s *static) Credentials(context.Context) (fob.Credentials, error) {
	secret, err := s.env.Secrets.Get(item(s.profile))
	if err != nil {
		return fob.Credentials{}, err
	}
	return fob.Credentials{
		AccessKeyID: s.profile.Get("static_access_key_id"), SecretAccessKey: secret,
		AccountID: s.profile.Get("static_account_id"),
	}, nil
}
