package fob

import (
	"path/filepath"
	"strings"
)

// Network is how servers are reached. The zero value trusts the system's certificate
// authorities and uses no proxy.
type Network struct {
	// CABundle is the path of a file in PEM with the authorities to trust, instead of the
	// system's.
	CABundle string `json:"ca_bundle,omitempty"`
	// HTTPSProxy and HTTPProxy are the addresses of the proxies for requests of the two
	// schemes, and NoProxy names the hosts that are reached without, as the variables
	// of these names do. An address may hold a password: it is for no message.
	HTTPSProxy string `json:"https_proxy,omitempty"`
	HTTPProxy  string `json:"http_proxy,omitempty"`
	NoProxy    string `json:"no_proxy,omitempty"`
}

// Environment is what the environment of a caller says about calls to AWS. It counts for
// the caller's own requests: not for those of others, and not for what the definition of
// a profile says itself, but where AWS's SDKs prefer the variable.
type Environment struct {
	Network
	// CertFile is SSL_CERT_FILE: authorities to trust where nothing else names any.
	CertFile string `json:"cert_file,omitempty"`
	// Region is AWS_REGION or AWS_DEFAULT_REGION, for definitions that name no region.
	Region string `json:"region,omitempty"`
	// UseFIPS, UseDualStack and STSEndpoints are AWS_USE_FIPS_ENDPOINT,
	// AWS_USE_DUALSTACK_ENDPOINT and AWS_STS_REGIONAL_ENDPOINTS.
	UseFIPS      string `json:"use_fips,omitempty"`
	UseDualStack string `json:"use_dualstack,omitempty"`
	STSEndpoints string `json:"sts_endpoints,omitempty"`
}

// EnvironmentFrom reads the variables NAME=VALUE. Of two that say the same the one in
// capitals counts; ALL_PROXY stands for a proxy that is not set.
func EnvironmentFrom(environ []string) Environment {
	var e Environment
	var all, region string
	lower := map[string]string{}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		switch name {
		case "AWS_CA_BUNDLE":
			e.CABundle = value
		case "SSL_CERT_FILE":
			e.CertFile = value
		case "HTTPS_PROXY":
			e.HTTPSProxy = value
		case "HTTP_PROXY":
			e.HTTPProxy = value
		case "NO_PROXY":
			e.NoProxy = value
		case "ALL_PROXY":
			all = value
		case "https_proxy", "http_proxy", "no_proxy", "all_proxy":
			lower[name] = value
		case "AWS_REGION":
			e.Region = value
		case "AWS_DEFAULT_REGION":
			region = value
		case "AWS_USE_FIPS_ENDPOINT":
			e.UseFIPS = value
		case "AWS_USE_DUALSTACK_ENDPOINT":
			e.UseDualStack = value
		case "AWS_STS_REGIONAL_ENDPOINTS":
			e.STSEndpoints = value
		}
	}
	or := func(to *string, others ...string) {
		for _, other := range others {
			if *to == "" {
				*to = other
			}
		}
	}
	or(&all, lower["all_proxy"])
	or(&e.HTTPSProxy, lower["https_proxy"], all)
	or(&e.HTTPProxy, lower["http_proxy"], all)
	or(&e.NoProxy, lower["no_proxy"])
	or(&e.Region, region)
	if e.HTTPSProxy == "" && e.HTTPProxy == "" {
		e.NoProxy = ""
	}
	for _, path := range []*string{&e.CABundle, &e.CertFile} {
		if *path != "" && !filepath.IsAbs(*path) { // the agent works in another directory
			if abs, err := filepath.Abs(*path); err == nil {
				*path = abs
			}
		}
	}
	return e
}

// Members are the names of the members in JSON and their values, for those who write
// them without encoding/json.
func (e *Environment) Members() [9][2]string {
	return [...][2]string{
		{"ca_bundle", e.CABundle}, {"https_proxy", e.HTTPSProxy}, {"http_proxy", e.HTTPProxy}, {"no_proxy", e.NoProxy},
		{"cert_file", e.CertFile}, {"region", e.Region},
		{"use_fips", e.UseFIPS}, {"use_dualstack", e.UseDualStack}, {"sts_endpoints", e.STSEndpoints},
	}
}
