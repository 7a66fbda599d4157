package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"fob/internal/api"
	"fob/internal/fob"
)

// call asks the agent, starting or replacing it where that is needed. caller
// points into params, for call to fill in.
func (a *app) call(ctx context.Context, method any, caller *api.Caller, params, result any) error {
	paths, err := fob.PathsFrom(a.getenv)
	if err != nil {
		return err
	}
	caller.Version, caller.Paths, a.asked = a.version, paths, false
	for replaced, lost := false, 0; ; {
		if a.client == nil {
			if err := a.connect(); err != nil {
				return err
			}
		}
		a.client.Caller = *caller
		err := a.client.Call(ctx, method, params, result)
		switch {
		case errors.Is(err, fob.ErrVersion) && !a.alone() && !replaced:
			replaced = true
			err := api.Replace(ctx, a.client, err)
			a.client = nil
			if err != nil {
				return err
			}
		case api.IsLost(err) && harmless(method) && lost < 2: // one agent may end, and the next one be replaced
			lost++
			a.leave()
			if a.asked { // whoever sees the same question again wonders what was wrong
				a.tell("the agent ended; asking again")
				a.asked = false
			}
		default:
			return err
		}
	}
}

// leave ends the connection to the agent, if there is one.
func (a *app) leave() {
	if a.client != nil {
		_ = a.client.Close()
		a.client = nil
	}
}

// harmless methods can be asked again when the agent ended in the middle.
func harmless(method any) bool {
	switch method {
	case api.Deliver, api.List, api.Show, api.Choices, api.Complete, api.WhoAmI, api.Kinds, api.Status, api.VaultStatus:
		return true
	}
	return false
}

func (a *app) alone() bool {
	switch strings.ToLower(a.getenv("FOB_AGENT")) {
	case "off", "0", "false", "no":
		return true
	}
	return false
}

func (a *app) connect() error {
	home, err := fob.HomeFrom(a.getenv)
	if err != nil {
		return err
	}
	a.client, err = api.Open(home, a.environ, a.alone(), api.Caller{}, a.ui())
	return err
}

// exe is this program's path as the user calls it: a link in a directory of
// PATH outlives the version it points to. A link of another name is not used, because
// fob would not recognise itself by it in a config file.
func (a *app) exe() string {
	arg0 := a.args[0]
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
		for _, dir := range filepath.SplitList(a.getenv("PATH")) {
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
