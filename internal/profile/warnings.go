package profile

import (
	"fmt"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

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
