package fob

import "strings"

// Origin says which file a definition came from.
type Origin string

// The origins, in the order in which names are looked up.
const (
	OriginFob    Origin = "fob"    // fob's own definitions
	OriginConfig Origin = "config" // ~/.aws/config and ~/.aws/credentials as they stand
)

// Profile is a named definition in the grammar and with the key names of
// ~/.aws/config, with everything that other sections add to it (the other
// file's section of the same name, include_profile, [services]) merged in.
type Profile struct {
	Name   string
	Origin Origin
	Path   string // the file the definition is in, for messages

	// Keys are the effective keys, lower case, none of them a secret.
	Keys map[string]string
	// Nested are the keys that hold an indented block, such as s3.
	Nested map[string]map[string]string
	// Secrets are the keys whose values must not be printed, found in clear in
	// the file: aws_secret_access_key and aws_session_token.
	Secrets map[string]Secret
	// Endpoints are service id → URL from endpoint_url and [services]; the id ""
	// stands for every service. Ids are AWS's, lower case: sts, iam, sso_oidc.
	Endpoints map[string]string
}

// Get returns a key's value, empty if it is not set.
func (p Profile) Get(key string) string { return p.Keys[key] }

// Endpoint returns the URL configured for a service, empty for AWS's own.
func (p Profile) Endpoint(serviceID string) string {
	if url := p.Endpoints[serviceID]; url != "" {
		return url
	}
	return p.Endpoints[""]
}

// With returns a copy with one key changed; an empty value removes it.
func (p Profile) With(key, value string) Profile {
	keys := make(map[string]string, len(p.Keys)+1)
	for k, v := range p.Keys {
		keys[k] = v
	}
	if value == "" {
		delete(keys, key)
	} else {
		keys[key] = value
	}
	p.Keys = keys
	return p
}

// SecretKeys are the keys of AWS's grammar whose values are secret.
func SecretKeys() []string {
	return []string{"aws_secret_access_key", "aws_session_token", "aws_security_token"}
}

// IsSecretKey reports whether a key's value must not be printed.
func IsSecretKey(key string) bool {
	for _, k := range SecretKeys() {
		if strings.EqualFold(k, key) {
			return true
		}
	}
	return false
}

// KeyItem is the name of the vault's item that holds the secret of an access
// key. It names the key and not a profile, so that renaming a profile moves no
// secret and two profiles of one user share it.
func KeyItem(accessKeyID string) string { return "aws_secret_access_key/" + accessKeyID }
