package profile

import (
	"fob/internal/awsfile"
	"fob/internal/fob"
)

// View is the definitions as the files were at one moment. What is looked up in one
// view fits together, even if the files change meanwhile.
type View struct {
	files                    *Files
	own, config, credentials *parsed
	paths                    fob.Paths
}

// At returns the definitions as the files are now. The error names the file that cannot
// be read.
func (f *Files) At(paths fob.Paths) (*View, error) {
	v := &View{files: f, paths: paths}
	infos, errs := f.reader.StatAll(f.home.Config(), paths.Config, paths.Credentials)
	var err error
	if v.own, err = f.whole(f.readAs(awsfile.Config, f.home.Config(), infos[0], errs[0])); err != nil {
		return nil, err
	}
	if v.config, err = f.readAs(awsfile.Config, paths.Config, infos[1], errs[1]); err != nil {
		return nil, err
	}
	if v.credentials, err = f.readAs(awsfile.Credentials, paths.Credentials, infos[2], errs[2]); err != nil {
		return nil, err
	}
	return v, nil
}

// all are the three files, in the order in which they are looked into.
func (v *View) all() []*parsed { return []*parsed{v.own, v.config, v.credentials} }

// shared are the AWS files.
func (v *View) shared() []read {
	return []read{{v.config, v.paths.Config}, {v.credentials, v.paths.Credentials}}
}

type read struct {
	file *parsed
	path string
}

// has reports whether any file has a profile of that name.
func (v *View) has(name string) bool {
	id := sectionID{Type: "profile", Name: name}
	for _, p := range v.all() {
		if _, ok := p.sections[id]; ok {
			return true
		}
	}
	return false
}

// Sound refuses a profile of which it is in doubt what its lines are, because of damage in
// an AWS file: with [fob.ErrUsage], which names the file and the line.
func (v *View) Sound(name string) error { return v.sound(sectionID{Type: "profile", Name: name}) }

func (v *View) sound(id sectionID) error {
	for _, in := range v.shared() {
		if w, damaged := in.file.damage[id]; damaged {
			return fob.Errorf(fob.ErrUsage, "it is in doubt which lines belong to %s %q: %s:%d: %s", id.Type, id.Name, in.path, w.Line, w.Message).
				WithHint("correct that line")
		}
	}
	return nil
}

// origin is where a profile is defined: in fob's own file, or in the AWS files.
func (v *View) origin(name string) fob.Origin {
	if _, ok := v.own.sections[sectionID{Type: "profile", Name: name}]; ok {
		return fob.OriginFob
	}
	return fob.OriginConfig
}

// path is the file to name in messages about a profile.
func (v *View) path(name string) string {
	id := sectionID{Type: "profile", Name: name}
	if _, ok := v.own.sections[id]; ok {
		return v.ownPath()
	}
	if _, ok := v.config.sections[id]; ok {
		return v.paths.Config
	}
	return v.paths.Credentials
}

func (v *View) ownPath() string { return v.files.home.Config() }
