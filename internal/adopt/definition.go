package adopt

import (
	"fob/internal/awsfile"
	"fob/internal/draft"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/profile"
)

// outside is a profile as the AWS files alone define it.
func outside(d *draft.Files, name string) (fob.Profile, bool) {
	var sections []awsfile.Section
	path := d.Credentials.Path
	if s, ok := d.Credentials.Section("profile", name); ok {
		sections = append(sections, s)
	}
	if s, ok := d.Config.Section("profile", name); ok {
		sections, path = append(sections, s), d.Config.Path
	}
	p := profile.FromSections(name, sections...)
	p.Path = path
	return p, len(sections) > 0
}

// definition is the part of a profile that says how to authenticate, without
// secrets: what fob's own file holds after adoption.
func (m Mover) definition(p fob.Profile) fob.Profile {
	own := fob.Profile{Name: p.Name, Keys: map[string]string{}}
	for key, value := range p.Keys {
		if m.Files.Authenticates(key) && key != "credential_process" {
			own.Keys[key] = value
		}
	}
	return own
}

// kindOf is the name of the kind that claims a profile, or why none does.
func (m Mover) kindOf(p fob.Profile) (string, error) {
	k, err := principal.Find(m.Kinds, p)
	if err != nil {
		return "", err
	}
	return k.Name, k.Validate(p)
}

// strip removes what authenticates from a section and, in the config file, puts
// the line that calls fob in its place: first, so that the section is never empty
// and its comments stay in it. In the credentials file a section of which
// nothing is left goes.
func (m Mover) strip(file *awsfile.File, name, line string) error {
	if line != "" {
		if err := file.Set("profile", name, "credential_process", line); err != nil {
			return err
		}
	}
	s, ok := file.Section("profile", name)
	if !ok {
		return nil
	}
	for _, key := range s.Order {
		if m.Files.Authenticates(key) && !(key == "credential_process" && line != "") {
			if err := file.Unset("profile", name, key); err != nil {
				return err
			}
		}
	}
	if s, _ = file.Section("profile", name); len(s.Keys)+len(s.Nested) == 0 {
		return file.RemoveSection("profile", name)
	}
	return nil
}

// where is the file in which a profile has a key.
func where(d *draft.Files, name, key string) string {
	for _, one := range []*draft.File{d.Credentials, d.Config} { // the first wins, as in the SDKs
		if s, _ := one.Section("profile", name); s.Keys[key] != "" {
			return one.Path
		}
	}
	return ""
}
