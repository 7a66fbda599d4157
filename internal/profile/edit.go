package profile

import (
	"context"
	"maps"
	"slices"

	"fob/internal/awsfile"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/processline"
)

// GeneratedKey marks a section that fob generate has made. SDKs ignore keys that they do
// not know.
const GeneratedKey = "fob_generated"

// Has reports whether fob's own file has a section, of a type (profile, sso-session) and
// a name.
func (f *Files) Has(section, name string) (bool, error) {
	own, err := f.readOwn()
	if err != nil {
		return false, err
	}
	_, ok := own.sections[sectionID{Type: section, Name: name}]
	return ok, nil
}

// Own returns what fob's own file says in a section; exists is false if it has none of
// that type and name.
func (f *Files) Own(section, name string) (p fob.Profile, exists bool, err error) {
	own, err := f.read(awsfile.Config, f.home.Config())
	if err != nil {
		return fob.Profile{}, false, err
	}
	s, exists := own.sections[sectionID{Type: section, Name: name}]
	return fob.Profile{Name: name, Origin: fob.OriginFob, Path: f.home.Config(), Keys: maps.Clone(s.Keys)}, exists, nil
}

// Put writes a section into fob's own file, and replaces one of the same name. Comments
// in the section stay.
func (f *Files) Put(ctx context.Context, section string, p fob.Profile) error {
	return f.update(ctx, func(file *awsfile.File) error { return f.put(file, section, p) })
}

// Diff returns what Put would change, for people to read.
func (f *Files) Diff(section string, p fob.Profile) (string, error) {
	file, err := awsfile.Read(awsfile.Config, f.home.Config())
	if err != nil {
		return "", err
	}
	before := file.Bytes()
	if err := f.put(file, section, p); err != nil {
		return "", err
	}
	return awsfile.Unified(f.home.Config(), before, file.Bytes(), fob.IsSecretKey), nil
}

func (f *Files) put(file *awsfile.File, section string, p fob.Profile) error {
	if have, ok := file.Section(section, p.Name); ok {
		for _, key := range have.Order {
			if p.Keys[key] == "" {
				if err := file.Unset(section, p.Name, key); err != nil {
					return err
				}
			}
		}
	}
	for _, key := range f.Ordered(p) {
		if err := file.Set(section, p.Name, key, p.Keys[key]); err != nil {
			return err
		}
	}
	return nil
}

// CallsFob reports whether a profile's section in the AWS files asks fob for that profile.
func (f *Files) CallsFob(name string, paths fob.Paths) (bool, error) {
	v, err := f.At(paths)
	if err != nil {
		return false, err
	}
	id := sectionID{Type: "profile", Name: name}
	return processline.Calls(v.config.sections[id].Keys["credential_process"], name) ||
		processline.Calls(v.credentials.sections[id].Keys["credential_process"], name), nil
}

// Delete removes a section from fob's own file.
func (f *Files) Delete(ctx context.Context, section, name string) error {
	return f.update(ctx, func(file *awsfile.File) error { return file.RemoveSection(section, name) })
}

func (f *Files) update(ctx context.Context, edit func(*awsfile.File) error) error {
	path := f.home.Config()
	return awsfile.Update(ctx, awsfile.Config, path, f.home.Locks(), func(file *awsfile.File) error {
		if err := file.Sound(path); err != nil {
			return err
		}
		return edit(file)
	})
}

// Ordered returns the keys of a definition in the order in which to write them: as its
// kind lists them, so that definitions read alike, then the others by name.
func (f *Files) Ordered(p fob.Profile) []string {
	var names []string
	if kind, err := principal.Find(f.kinds, p); err == nil {
		for _, field := range kind.Accepts() {
			if p.Keys[field.Key] != "" {
				names = append(names, field.Key)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Keys)) {
		if p.Keys[key] != "" && !slices.Contains(names, key) {
			names = append(names, key)
		}
	}
	return names
}
