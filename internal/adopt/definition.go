package adopt

import (
	"fob/internal/awsfile"
	"fob/internal/draft"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/profile"
)

// inAWSFiles returns a profile as the AWS files alone define it.
func inAWSFiles(d *draft.Files, name string) (fob.Profile, bool) {
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

// definition returns the keys of a profile that say how to authenticate, without secrets.
// They are what fob's own file holds after adoption.
func (m Mover) definition(p fob.Profile) fob.Profile {
	own := fob.Profile{Name: p.Name, Keys: map[string]string{}}
	for key, value := range p.Keys {
		if m.Files.Authenticates(key) && key != "credential_process" {
			own.Keys[key] = value
		}
	}
	return own
}

// kindOf returns the name of a profile's kind. With a name, the error is that the kind
// does not accept the definition; without, that no kind does.
func (m Mover) kindOf(p fob.Profile) (string, error) {
	k, err := principal.Find(m.Kinds, p)
	if err != nil {
		return "", err
	}
	return k.Name, k.Validate(p)
}

// strip removes the keys that authenticate from a section. If line is not empty, it is
// set as credential_process first, so that the section is never empty and keeps its
// comments. A section that becomes empty is removed.
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

// where returns the path of the file in which a profile has a key, empty if in none.
func where(d *draft.Files, name, key string) string {
	for _, one := range []*draft.File{d.Credentials, d.Config} { // the first wins, as in the SDKs
		if s, _ := one.Section("profile", name); s.Keys[key] != "" {
			return one.Path
		}
	}
	return ""
}
