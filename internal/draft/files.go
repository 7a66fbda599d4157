package draft

import (
	"fob/internal/awsfile"
	"fob/internal/fob"
)

// Files are the three files that hold definitions.
type Files struct{ Own, Config, Credentials *File }

// Read makes drafts of fob's own file and of the AWS files, without changes.
func Read(home fob.Home, paths fob.Paths) (*Files, error) {
	var d Files
	var err error
	if d.Own, err = read(awsfile.Config, home.Config()); err != nil {
		return nil, err
	}
	if d.Config, err = read(awsfile.Config, paths.Config); err != nil {
		return nil, err
	}
	d.Credentials, err = read(awsfile.Credentials, paths.Credentials)
	return &d, err
}

// All are the three.
func (d *Files) All() []*File { return []*File{d.Own, d.Config, d.Credentials} }

// Settle keeps what was edited so far: no checkpoint from before takes it back.
func (d *Files) Settle() {
	for _, one := range d.All() {
		one.File.Settle()
	}
}

// Diff shows the changes to people, without secrets.
func (d *Files) Diff() string { return d.Credentials.Diff() + d.Config.Diff() + d.Own.Diff() }
