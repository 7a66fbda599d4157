package delivery

import (
	"maps"
	"slices"
	"strings"
	"time"

	"fob/internal/fob"
)

// Static returns the variables that carry credentials, and those to unset because some SDK would
// prefer them: SDK for JavaScript v3 prefers AWS_PROFILE to keys, botocore prefers
// AWS_SECURITY_TOKEN to AWS_SESSION_TOKEN.
func Static(c fob.Credentials, p fob.Profile) (set map[string]string, unset []string) {
	set = map[string]string{
		"AWS_ACCESS_KEY_ID":     c.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": c.SecretAccessKey.Reveal(),
	}
	if !c.SessionToken.IsZero() {
		set["AWS_SESSION_TOKEN"] = c.SessionToken.Reveal()
	}
	if !c.Expiration.IsZero() {
		set["AWS_CREDENTIAL_EXPIRATION"] = c.Expiration.UTC().Format(time.RFC3339)
	}
	if c.AccountID != "" {
		set["AWS_ACCOUNT_ID"] = c.AccountID
	}
	SetRegion(set, p.Get("region"))
	setEndpoints(set, p)
	return set, without(set, "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
}

// setEndpoints sets AWS_ENDPOINT_URL… from the profile, which an SDK with static keys does not
// read. FOB_ENDPOINTS lists the variables that were set, so that a nested fob exec can unset them.
func setEndpoints(set map[string]string, p fob.Profile) {
	var names []string
	for service, url := range p.Endpoints {
		name := endpointVariable(service)
		set[name] = url
		names = append(names, name)
	}
	if len(names) > 0 {
		slices.Sort(names)
		set["FOB_ENDPOINTS"] = strings.Join(names, " ")
	}
}

func endpointVariable(service string) string {
	if service == "" {
		return "AWS_ENDPOINT_URL"
	}
	return "AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(service, " ", "_"))
}

// SetRegion sets the region in AWS_REGION and AWS_DEFAULT_REGION: botocore and older AWS CLIs read
// only the second.
func SetRegion(set map[string]string, region string) {
	if region != "" {
		set["AWS_REGION"], set["AWS_DEFAULT_REGION"] = region, region
	}
}

// RegionLines returns the region as lines of an env file; none where there is no region.
func RegionLines(region string) string {
	set := map[string]string{}
	SetRegion(set, region)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(set)) {
		b.WriteString(name + "=" + set[name] + "\n")
	}
	return b.String()
}

// Scrub returns the variables to unset because SDKs prefer them to a profile.
func Scrub(set map[string]string) []string { return without(set) }

func without(set map[string]string, more ...string) []string {
	var unset []string
	for _, name := range append([]string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
		"AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_CREDENTIAL_SCOPE", "AWS_ACCOUNT_ID",
		"AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION", "AWS_CREDENTIAL_FILE",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
		// Marks by which other tools say whose credentials these are. They would name
		// somebody else in prompts, and aws-vault starts nothing within its own.
		"AWS_VAULT", "AWSUME_PROFILE", "AWSUME_EXPIRATION", "AWSUME_COMMAND", "ASSUMED_ROLE",
		"GRANTED_SSO", "GRANTED_SSO_START_URL", "GRANTED_SSO_ROLE_NAME", "GRANTED_SSO_REGION", "GRANTED_SSO_ACCOUNT_ID",
		"AWS_SSO", "AWS_SSO_PROFILE", "AWS_SSO_ACCOUNT_ID", "AWS_SSO_ROLE_NAME", "AWS_SSO_ROLE_ARN",
		"AWS_SSO_SESSION_EXPIRATION", "AWS_SSO_DEFAULT_REGION", "AWS_OKTA_PROFILE", "SAML2AWS_PROFILE",
	}, more...) {
		if _, keep := set[name]; !keep {
			unset = append(unset, name)
		}
	}
	return unset
}
