package exec

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/awsfile"
	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/processline"
)

// throughProfile gives the child a profile whose credential_process is fob. If the user's own files
// already have one they are used as they are. Otherwise the child gets a private copy of the config
// file with such a profile and all the other settings, and nothing secret. With longLived it gets
// the user's own keys.
func throughProfile(g granted, longLived bool) (fob.Delivery, error) {
	flags, err := flags(g, longLived)
	if err != nil {
		return fob.Delivery{}, err
	}
	call := processline.Call{Exe: g.Exe(), Name: g.Profile.Name, Flags: flags}
	line, err := call.Line()
	if err != nil {
		return fob.Delivery{}, err
	}
	config, err := awsfile.Read(awsfile.Config, g.Paths().Config)
	if err != nil {
		return fob.Delivery{}, err
	}
	credentials, err := awsfile.Read(awsfile.Credentials, g.Paths().Credentials)
	if err != nil {
		return fob.Delivery{}, err
	}
	name := g.Profile.Name
	section, _ := config.Section("profile", name)
	_, shadowed := credentials.Section("profile", name)
	set := map[string]string{}
	if shadowed || !says(section.Keys["credential_process"], call) {
		if shadowed {
			name = "fob/" + name // keys in the credentials file take precedence over credential_process
		}
		path, err := private(g, config, name, line)
		if err != nil {
			return fob.Delivery{}, err
		}
		set["AWS_CONFIG_FILE"] = path
		set["FOB_AWS_CONFIG_FILE"] = g.Paths().Config
	}
	set["AWS_PROFILE"], set["AWS_DEFAULT_PROFILE"] = name, name
	delivery.SetRegion(set, g.Profile.Get("region"))
	return fob.Delivery{Set: set, Unset: delivery.Scrub(set)}, nil
}

// says reports whether a line makes a call, by the same program or by the one in PATH.
func says(line string, want processline.Call) bool {
	have, ok := processline.Parse(line)
	return ok && (have.Exe == want.Exe || have.Exe == processline.InPath) && have.Name == want.Name && slices.Equal(have.Flags, want.Flags)
}

// flags repeats this command line's options for fob credentials.
func flags(g granted, longLived bool) ([]string, error) {
	var flags []string
	if longLived {
		flags = append(flags, "--no-session")
	}
	if g.Narrow.Duration != 0 {
		flags = append(flags, "--duration="+strconv.Itoa(g.Narrow.Duration))
	}
	for _, arn := range g.Narrow.PolicyARNs {
		if arn == fob.ReadOnlyAccess {
			flags = append(flags, "--read-only")
		} else {
			flags = append(flags, "--policy="+arn)
		}
	}
	if g.Narrow.Policy != "" {
		path, err := store(g, "policy", []byte(g.Narrow.Policy))
		if err != nil {
			return nil, err
		}
		flags = append(flags, "--policy="+path)
	}
	return flags, nil
}

// private writes the copy. It is named by the hash of its content, so that equal copies are one
// file, and a running program's copy never changes.
func private(g granted, config *awsfile.File, name, line string) (string, error) {
	for _, s := range config.Sections() {
		for _, key := range fob.SecretKeys() {
			if _, has := s.Keys[key]; has {
				if err := config.Unset(s.Type, s.Name, key); err != nil {
					return "", err
				}
			}
		}
	}
	if _, has := config.Section("profile", name); has {
		if err := config.RemoveSection("profile", name); err != nil {
			return "", err
		}
	}
	if err := config.Set("profile", name, "credential_process", line); err != nil {
		return "", err
	}
	if err := copySettings(config, name, g.Profile); err != nil {
		return "", err
	}
	return store(g, "config", config.Bytes())
}

// store keeps a private file. A starting agent removes those that have not been used for long. They
// are not in the runtime directory, because programs may run on after logout.
func store(g granted, name string, content []byte) (string, error) {
	dir := g.Home().Exec()
	sum := sha256.Sum256(content)
	path := filepath.Join(dir, name+"-"+hex.EncodeToString(sum[:8]))
	// The file's time must be this machine's, like that of new files, not AWS's.
	if atomicfile.Same(path, content) == nil && os.Chtimes(path, time.Time{}, time.Now()) == nil {
		return path, nil
	}
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = atomicfile.Replace(path, content)
	}
	if err != nil {
		return "", fob.Errorf(fob.ErrInternal, "cannot write the program's %s file: %w", name, err).WithHint("check free space, or use --env")
	}
	return path, nil
}
