package exec

import (
	"fob/internal/awsfile"
	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/processline"
)

// throughEndpoint returns the environment of a child process that an endpoint serves. SDKs ask the
// endpoint last, so every earlier source must go: credential variables are unset, and the AWS files
// are replaced by private ones that have the profile's settings, also as the default profile, and
// nothing that authenticates.
func throughEndpoint(g granted) (fob.Delivery, error) {
	config, err := settings(g)
	if err != nil {
		return fob.Delivery{}, err
	}
	path, err := store(g, "config", config)
	if err != nil {
		return fob.Delivery{}, err
	}
	none, err := store(g, "credentials", []byte("# fob exec --endpoint: credentials come from the endpoint alone\n"))
	if err != nil {
		return fob.Delivery{}, err
	}
	set := map[string]string{
		"AWS_CONFIG_FILE": path, "FOB_AWS_CONFIG_FILE": g.Paths().Config,
		"AWS_SHARED_CREDENTIALS_FILE": none, "FOB_AWS_SHARED_CREDENTIALS_FILE": g.Paths().Credentials,
	}
	delivery.SetRegion(set, g.Profile.Get("region"))
	unset := append(delivery.Scrub(set), "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
	return fob.Delivery{Set: set, Unset: unset}, nil
}

// settings returns the private config file. The profile is in it under its own name too, for
// programs that name it.
func settings(g granted) ([]byte, error) {
	config := awsfile.Parse(awsfile.Config, nil)
	names := []string{"default"}
	if processline.CheckName(g.Profile.Name) == nil && g.Profile.Name != "default" {
		names = append(names, g.Profile.Name)
	}
	for _, name := range names {
		if err := copySettings(config, name, g.Profile); err != nil {
			return nil, err
		}
	}
	return config.Bytes(), nil
}
