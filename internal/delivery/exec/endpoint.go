package exec

import (
	"fob/internal/awsfile"
	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/processline"
)

// throughEndpoint is the environment of a child that an endpoint serves. SDKs ask
// one last, so nothing that they would ask before may be left: no variables, and no
// files but private ones, in which the profile is the default one too, with its
// settings and without anything that authenticates (protocol notes §9.3).
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

// settings is the private config file. The profile stands there under its own name
// as well: programs that name it find it.
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
