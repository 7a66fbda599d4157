package profile

import (
	"fmt"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/fob"
	"fob/internal/quote"
)

// Shadows says which profiles of fob's own file have keys in clear in the AWS files: SDKs
// take those, and never ask fob. Each message says how to get rid of them. With a name, it
// is about that profile alone.
func (f *Files) Shadows(name string, paths fob.Paths) ([]string, error) {
	v, err := f.At(paths)
	if err != nil {
		return nil, err
	}
	names := v.own.order
	if name != "" {
		names = []string{name}
	}
	var all []string
	for _, name := range names {
		id := sectionID{Type: "profile", Name: name}
		own, is := v.own.sections[id]
		if !is {
			continue
		}
		for _, in := range v.shared() {
			if keys := in.file.sections[id].Keys; keys["aws_access_key_id"] != "" || keys["aws_secret_access_key"] != "" {
				all = append(all, fmt.Sprintf("the AWS CLI or SDKs take the keys in clear of profile %q in %s, and not what fob has; %s", name, in.path, mend(name, own, keys)))
			}
		}
	}
	return all, nil
}

// mend says how to get rid of keys in clear beside a definition of fob's.
func mend(name string, own awsfile.Section, keys map[string]string) string {
	word := quote.Word(name)
	switch {
	case keys["aws_session_token"] != "" || keys["aws_security_token"] != "" || strings.HasPrefix(keys["aws_access_key_id"], "ASIA"):
		return "they are a session's, which another tool has written: delete them, and have that tool write under another name"
	case own.Keys["aws_access_key_id"] != "":
		return "fob adopt " + word + " takes them over; or delete them"
	}
	return fmt.Sprintf("delete them, or, if they are the right ones: fob remove %s && fob adopt %s", word, word)
}
