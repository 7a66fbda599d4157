package draft

import (
	"fob/internal/awsfile"
	"fob/internal/fob"
)

// Files are the drafts of the three files that hold definitions.
type Files struct{ Own, Config, Credentials *File }

// Read reads fob's own file and the AWS files. Files that do not exist are empty.
func Read(home fob.Home, paths fob.Paths) (*Files, error) {
	var d Files
	var err error
	if d.Own, err = read(awsfile.Config, home.Config(), ""); err != nil {
		return nil, err
	}
	if err = d.Own.Sound(d.Own.Path); err != nil {
		return nil, err
	}
	if d.Config, err = read(awsfile.Config, paths.Config, paths.Home); err != nil {
		return nil, err
	}
	d.Credentials, err = read(awsfile.Credentials, paths.Credentials, paths.Home)
	return &d, err
}

// All returns the three drafts.
func (d *Files) All() []*File { return []*File{d.Own, d.Config, d.Credentials} }

// Commit makes the edits so far permanent: earlier checkpoints no longer undo them.
func (d *Files) Commit() {
	for _, one := range d.All() {
		one.File.Commit()
	}
}

// Diff returns the changes of all files, as [File.Diff] does.
func (d *Files) Diff() string { return d.Credentials.Diff() + d.Config.Diff() + d.Own.Diff() }
