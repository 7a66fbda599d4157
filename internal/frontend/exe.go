package frontend

import (
	"os"
	"path/filepath"
	"strings"
)

// Exe returns the absolute path of fob to write into config files: as the user calls it, if
// that is a symbolic link, because a link in a directory of PATH stays when a new version is
// installed. A link of another name is not used: fob recognises its own lines in config
// files by the name. On Windows, a path that SDKs disagree about how to quote is its short
// form, C:\PROGRA~2.
func (a *App) Exe() string { return plainPath(a.exe()) }

func (a *App) exe() string {
	arg0 := a.Args[0]
	self, err := os.Executable()
	if err != nil {
		return arg0
	}
	if dir, name := filepath.Split(self); strings.HasPrefix(name, "fob-agent") {
		self = dir + "fob" + strings.TrimPrefix(name, "fob-agent") // this process is fob-agent, as fob's front end
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
