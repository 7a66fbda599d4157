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
// or refuse them. They quote no values.
func (f *Files) Warnings(paths fob.Paths) ([]string, error) {
	var all []string
	for _, part := range []struct {
		kind awsfile.Kind
		path string
	}{{awsfile.Config, paths.Config}, {awsfile.Credentials, paths.Credentials}} {
		file, err := awsfile.Read(part.kind, part.path)
		if err != nil {
			return nil, err
		}
		for _, w := range file.Warnings() {
			all = append(all, fmt.Sprintf("%s:%d: %s", part.path, w.Line, w.Message))
		}
	}
	return all, nil
}
