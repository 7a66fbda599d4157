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
	var err error
	if v.own, err = f.read(awsfile.Config, f.home.Config()); err != nil {
		return nil, err
	}
	if v.config, err = f.read(awsfile.Config, paths.Config); err != nil {
		return nil, err
	}
	if v.credentials, err = f.read(awsfile.Credentials, paths.Credentials); err != nil {
		return nil, err
	}
	return v, nil
}

// all are the three files, in the order in which they are looked into.
func (v *View) all() []*parsed { return []*parsed{v.own, v.config, v.credentials} }

// has reports whether any file has a profile of that name.
func (v *View) has(name string) bool {
	id := sectionID{"profile", name}
	for _, p := range v.all() {
		if _, ok := p.sections[id]; ok {
			return true
		}
	}
	return false
}

// origin is where a profile is defined: in fob's own file, or in the AWS files.
func (v *View) origin(name string) fob.Origin {
	if _, ok := v.own.sections[sectionID{"profile", name}]; ok {
		return fob.OriginFob
	}
	return fob.OriginConfig
}

// path is the file to name in messages about a profile.
func (v *View) path(name string) string {
	id := sectionID{"profile", name}
	if _, ok := v.own.sections[id]; ok {
		return v.ownPath()
	}
	if _, ok := v.config.sections[id]; ok {
		return v.paths.Config
	}
	return v.paths.Credentials
}

func (v *View) ownPath() string { return v.files.home.Config() }
