package exec

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/delivery"
	"fob/internal/fob"
)

// throughEndpoint is the environment of a child that an endpoint serves. SDKs ask
// one last, so nothing that they would ask before may be left: no variables, and no
// files but private ones, in which the profile is the default one too, with its
// settings and without anything that authenticates (protocol notes §9.3).
func throughEndpoint(g delivery.Grant) (fob.Delivery, error) {
	config, err := settings(g)
	if err != nil {
		return fob.Delivery{}, err
	}
	dir := filepath.Join(g.RunDir, "exec")
	path, err := store(dir, "config", config)
	if err != nil {
		return fob.Delivery{}, err
	}
	none, err := store(dir, "credentials", []byte("# fob exec --endpoint: credentials come from the endpoint alone\n"))
	if err != nil {
		return fob.Delivery{}, err
	}
	set := map[string]string{
		"AWS_CONFIG_FILE": path, "FOB_AWS_CONFIG_FILE": g.Paths.Config,
		"AWS_SHARED_CREDENTIALS_FILE": none, "FOB_AWS_SHARED_CREDENTIALS_FILE": g.Paths.Credentials,
	}
	delivery.SetRegion(set, g.Profile.Get("region"))
	unset := append(delivery.Scrub(set), "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
	return fob.Delivery{Set: set, Unset: unset}, nil
}

// settings is the private config file. The profile stands there under its own name
// as well: programs that name it find it.
func settings(g delivery.Grant) ([]byte, error) {
	config := awsfile.Parse(awsfile.Config, nil)
	names := []string{"default"}
	if _, err := delivery.ProcessLine("fob", g.Profile.Name); err == nil && g.Profile.Name != "default" {
		names = append(names, g.Profile.Name)
	}
	for _, name := range names {
		if err := settle(config, name, g.Profile); err != nil {
			return nil, err
		}
	}
	services := g.Profile.Get("services")
	if services == "" {
		return config.Bytes(), nil
	}
	own, err := awsfile.Read(awsfile.Config, g.Paths.Config)
	if err != nil {
		return nil, err
	}
	section, _ := own.Section("services", services)
	for key, v := range section.Keys {
		if err := config.Set("services", services, key, v); err != nil {
			return nil, err
		}
	}
	return config.Bytes(), nest(config, "services", services, section.Nested)
}

func settle(config *awsfile.File, name string, p fob.Profile) error {
	for _, key := range slices.Sorted(maps.Keys(p.Keys)) {
		if isSetting(key) {
			if err := config.Set("profile", name, key, p.Keys[key]); err != nil {
				return err
			}
		}
	}
	return nest(config, "profile", name, p.Nested)
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

// isSetting reports whether a key of AWS's says how requests are made, and not with
// whose credentials.
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
