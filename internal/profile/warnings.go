package profile

import (
	"fmt"
	"slices"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

// Damage returns the places in the AWS files after which it is in doubt which section lines
// belong to. The profiles that they touch are refused.
func (f *Files) Damage(paths fob.Paths) ([]string, error) {
	v, err := f.At(paths)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, in := range v.shared() {
		for _, w := range in.file.damage {
			all = append(all, fmt.Sprintf("%s:%d: %s", in.path, w.Line, w.Message))
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// Warnings returns the places where SDKs read the AWS files differently from each other,
// or refuse them. They quote no values. If both are one file, a section is read as one of
// the two, so that only lines are returned that are a fault in either.
func (f *Files) Warnings(paths fob.Paths) ([]string, error) {
	config, err := awsfile.Read(awsfile.Config, paths.Config)
	if err != nil {
		return nil, err
	}
	credentials, err := awsfile.Read(awsfile.Credentials, paths.Credentials)
	if err != nil {
		return nil, err
	}
	inConfig, inCredentials := config.Warnings(), credentials.Warnings()
	if paths.Same() {
		inConfig = slices.DeleteFunc(inConfig, func(w awsfile.Warning) bool {
			return !slices.ContainsFunc(inCredentials, func(other awsfile.Warning) bool { return other.Line == w.Line })
		})
		inCredentials = nil
	}
	var all []string
	for _, w := range inConfig {
		all = append(all, fmt.Sprintf("%s:%d: %s", paths.Config, w.Line, w.Message))
	}
	for _, w := range inCredentials {
		all = append(all, fmt.Sprintf("%s:%d: %s", paths.Credentials, w.Line, w.Message))
	}
	return all, nil
}
