package adopt

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fob/internal/atomicfile"
	"fob/internal/awsfile"
	"fob/internal/fob"
)

// maxBackup bounds what is read of a file beside the AWS files, and maxBeside how many are.
const (
	maxBackup = 1 << 20
	maxBeside = 100
)

// InClear returns where secrets are in clear that adopt leaves there, since they are no
// profile's: in the AWS files, and in copies of them beside. They are for a person, with
// file and line, and quote nothing.
func InClear(paths fob.Paths) ([]string, error) {
	loose := map[awsfile.Kind][]awsfile.Warning{}
	for kind, path := range map[awsfile.Kind]string{awsfile.Credentials: paths.Credentials, awsfile.Config: paths.Config} {
		file, err := awsfile.Read(kind, path)
		if err != nil {
			return nil, err
		}
		loose[kind] = file.LooseSecrets()
	}
	if oneFile(paths) { // what is no profile's as the one is one as the other
		credentials := map[int]bool{}
		for _, w := range loose[awsfile.Credentials] {
			credentials[w.Line] = true
		}
		loose[awsfile.Config] = slices.DeleteFunc(loose[awsfile.Config], func(w awsfile.Warning) bool { return !credentials[w.Line] })
		loose[awsfile.Credentials] = nil
	}
	var all []string
	for _, kind := range []awsfile.Kind{awsfile.Credentials, awsfile.Config} {
		path := paths.Config
		if kind == awsfile.Credentials {
			path = paths.Credentials
		}
		for _, w := range loose[kind] {
			all = append(all, fmt.Sprintf("%s:%d: a secret stays in clear, %s: delete the line", path, w.Line, w.Message))
		}
		all = append(all, beside(path, paths)...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// oneFile reports whether both paths name the same file.
func oneFile(paths fob.Paths) bool {
	config, err1 := os.Stat(paths.Config)
	credentials, err2 := os.Stat(paths.Credentials)
	return err1 == nil && err2 == nil && os.SameFile(config, credentials)
}

// beside finds secrets in copies of a file in its folder: files with its name in theirs, such
// as credentials.bak and .credentials.swp.
func beside(path string, paths fob.Paths) []string {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // the file itself was read: there is only nothing beside to be seen
	}
	var all []string
	read := 0
	for _, e := range entries {
		other := filepath.Join(dir, e.Name())
		if !e.Type().IsRegular() || !strings.Contains(e.Name(), base) || other == paths.Config || other == paths.Credentials || read == maxBeside {
			continue
		}
		read++
		data, _, err := new(atomicfile.Reader).Read(other, maxBackup)
		if err != nil {
			continue
		}
		if lines := awsfile.SecretLines(data); len(lines) > 0 {
			all = append(all, fmt.Sprintf("%s:%d: a secret is in clear in this file beside %s: delete the file, or the line", other, lines[0], path))
		}
	}
	return all
}

// OtherLinks returns, for the AWS files that hold secrets and have another name on disk, that
// a copy of them will stay: what is written is a new file, and the other name keeps the old.
func OtherLinks(paths fob.Paths) []string {
	var all []string
	for _, path := range []string{paths.Credentials, paths.Config} {
		data, info, err := new(atomicfile.Reader).Read(path, awsfile.Limit)
		if err != nil || len(awsfile.SecretLines(data)) == 0 {
			continue
		}
		if n, inode := links(info); n > 1 {
			all = append(all, fmt.Sprintf("%s has another name on disk (a hard link), under which its secrets stay in clear; to find it: find / -xdev -inum %d", path, inode))
		}
	}
	return all
}
