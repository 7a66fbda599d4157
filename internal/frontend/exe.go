package frontend

import (
	"os"
	"path/filepath"
	"strings"
)

// Exe is this program's path as the user calls it: a link in a directory of
// PATH outlives the version it points to. A link of another name is not used, because
// fob would not recognise itself by it in a config file.
func (a *App) Exe() string {
	arg0 := a.Args[0]
	self, err := os.Executable()
	if err != nil {
		return arg0
	}
	if dir, name := filepath.Split(self); strings.HasPrefix(name, "fob-agent") {
		self = dir + "fob" + strings.TrimPrefix(name, "fob-agent") // this is fob's front end inside fob-agent
	}
	info, err := os.Stat(self)
	if err != nil {
		return self
	}
	candidates := []string{arg0}
	if !strings.ContainsRune(arg0, os.PathSeparator) {
		candidates = nil
		for _, dir := range filepath.SplitList(a.Getenv("PATH")) {
			candidates = append(candidates, filepath.Join(dir, arg0))
		}
	}
	for _, path := range candidates {
		if other, err := os.Stat(path); err == nil && filepath.IsAbs(path) && filepath.Base(path) == filepath.Base(self) && os.SameFile(info, other) {
			return path
		}
	}
	return self
}
