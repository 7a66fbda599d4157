package exec

import (
	"maps"
	"slices"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

// copySettings copies a profile's settings into a program's config file under a name: the keys that
// say how to make requests, and none that authenticate. It also copies the [services] section that
// they refer to, if the file lacks it.
func copySettings(config *awsfile.File, name string, p fob.Profile) error {
	for _, key := range slices.Sorted(maps.Keys(p.Keys)) {
		if isSetting(key) {
			if err := config.Set("profile", name, key, p.Keys[key]); err != nil {
				return err
			}
		}
	}
	if err := nest(config, "profile", name, p.Nested); err != nil {
		return err
	}
	services := p.Get("services")
	if _, has := config.Section("services", services); has || services == "" {
		return nil
	}
	endpoints := map[string]map[string]string{}
	for service, url := range p.Endpoints {
		if service != "" {
			endpoints[service] = map[string]string{"endpoint_url": url}
		}
	}
	return nest(config, "services", services, endpoints)
}

func nest(config *awsfile.File, typ, name string, nested map[string]map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(nested)) {
		for _, k := range slices.Sorted(maps.Keys(nested[key])) {
			if err := config.SetNested(typ, name, key, k, nested[key][k]); err != nil {
				return err
			}
		}
	}
	return nil
}

// isSetting reports whether one of AWS's keys says how to make requests and does not authenticate.
func isSetting(key string) bool {
	switch key {
	case "region", "output", "endpoint_url", "services", "ignore_configured_endpoint_urls", "ca_bundle",
		"use_fips_endpoint", "use_dualstack_endpoint", "sts_regional_endpoints", "retry_mode", "max_attempts",
		"defaults_mode", "parameter_validation", "tcp_keepalive", "sigv4a_signing_region_set", "auth_scheme_preference",
		"request_checksum_calculation", "response_checksum_validation", "disable_request_compression",
		"request_min_compression_size_bytes", "account_id_endpoint_mode", "endpoint_discovery_enabled", "sdk_ua_app_id":
		return true
	}
	return strings.HasPrefix(key, "cli_") || strings.HasPrefix(key, "s3_")
}
