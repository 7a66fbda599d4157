package fob

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

// Home is where fob keeps its own files. With FOB_HOME everything is under that
// one directory; otherwise the XDG base directories are followed.
type Home struct {
	ConfigDir string // definitions
	DataDir   string // vault, cache, identity
	StateDir  string // logs, locks
	RunDir    string // socket, and nothing that others may see
}

// HomeFrom derives the directories from an environment.
func HomeFrom(getenv func(string) string) (Home, error) {
	if dir := getenv("FOB_HOME"); dir != "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return Home{}, Errorf(ErrUsage, "FOB_HOME %q is not a path: %w", dir, err)
		}
		return Home{ConfigDir: abs, DataDir: abs, StateDir: abs, RunDir: filepath.Join(abs, "run")}, nil
	}
	user, err := userHome(getenv)
	if err != nil {
		return Home{}, err
	}
	xdg := func(name string, fallback ...string) string {
		if dir := getenv(name); filepath.IsAbs(dir) {
			return filepath.Join(dir, "fob")
		}
		return filepath.Join(append([]string{user}, append(fallback, "fob")...)...)
	}
	h := Home{
		ConfigDir: xdg("XDG_CONFIG_HOME", ".config"),
		DataDir:   xdg("XDG_DATA_HOME", ".local", "share"),
		StateDir:  xdg("XDG_STATE_HOME", ".local", "state"),
	}
	h.RunDir = filepath.Join(h.StateDir, "run")
	// The directory of a login goes at logout; what runs on, in tmux for instance, has
	// its name still, and may not make it anew.
	if dir := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			h.RunDir = filepath.Join(dir, "fob")
		}
	}
	return h, nil
}

func userHome(getenv func(string) string) (string, error) {
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if dir := getenv(name); dir != "" {
			return filepath.Abs(dir)
		}
	}
	return "", &Error{Kind: ErrUsage, Message: "neither HOME nor FOB_HOME is set", Hint: "export FOB_HOME=DIRECTORY"}
}

// Config is the file of definitions.
func (h Home) Config() string { return filepath.Join(h.ConfigDir, "config") }

// Vault is the sealed file of long-lived secrets.
func (h Home) Vault() string { return filepath.Join(h.DataDir, "vault.age") }

// Cache is the sealed file of temporary credentials and tokens.
func (h Home) Cache() string { return filepath.Join(h.DataDir, "cache.age") }

// Audit is the log of who was given what, and when.
func (h Home) Audit() string { return filepath.Join(h.StateDir, "audit.jsonl") }

// Usage is how often and when people chose which profile.
func (h Home) Usage() string { return filepath.Join(h.StateDir, "usage.json") }

// Written is the list of the files of credentials that are out.
func (h Home) Written() string { return filepath.Join(h.StateDir, "written.json") }

// WrittenLock is the lock file of that list, held while files are out.
func (h Home) WrittenLock() string { return filepath.Join(h.Locks(), "written") }

// Exec is the directory of the private files of programs that fob exec and fob use
// start. It is no directory of a login's: programs outlive that.
func (h Home) Exec() string { return filepath.Join(h.StateDir, "exec") }

// Log is the agent's own log.
func (h Home) Log() string { return filepath.Join(h.StateDir, "agent.log") }

// Programs is the list of the programs that the person has consented to be run.
func (h Home) Programs() string { return filepath.Join(h.StateDir, "programs.json") }

// Principals is the lock file of retrievals.
func (h Home) Principals() string { return filepath.Join(h.Locks(), "principals") }

// Running is where an agent that runs says where it listens, under a lock.
func (h Home) Running() string { return filepath.Join(h.Locks(), "agent") }

// Locks is the directory of lock files; they are never renamed or removed.
func (h Home) Locks() string { return filepath.Join(h.StateDir, "locks") }

// Socket is the agent's unix socket or, on Windows, the name of its pipe.
func (h Home) Socket() string {
	if runtime.GOOS == "windows" {
		return `\\.\pipe\fob-` + pipeID(h.RunDir)
	}
	return filepath.Join(h.RunDir, "agent.sock")
}

// pipeID folds a directory's path into the flat space of pipe names.
func pipeID(dir string) string {
	var sum uint64 = 14695981039346656037 // FNV-1a, 64 bits
	for _, c := range []byte(dir) {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return strconv.FormatUint(sum, 36)
}

// PathsFrom finds the user's AWS files as an environment names them.
// FOB_AWS_CONFIG_FILE and FOB_AWS_SHARED_CREDENTIALS_FILE are set by fob exec
// for its children when it gives them a private config file, so that fob itself
// still finds the user's own.
func PathsFrom(getenv func(string) string) (Paths, error) {
	first := func(names ...string) string {
		for _, n := range names {
			if v := getenv(n); v != "" {
				return v
			}
		}
		return ""
	}
	p := Paths{
		Config:      first("FOB_AWS_CONFIG_FILE", "AWS_CONFIG_FILE"),
		Credentials: first("FOB_AWS_SHARED_CREDENTIALS_FILE", "AWS_SHARED_CREDENTIALS_FILE"),
	}
	home, err := userHome(getenv)
	p.Home = home
	for _, f := range []struct {
		path *string
		name string
	}{{&p.Config, "config"}, {&p.Credentials, "credentials"}} {
		switch {
		case *f.path == "" && err != nil:
			return Paths{}, err
		case *f.path == "":
			*f.path = filepath.Join(home, ".aws", f.name)
		case len(*f.path) > 1 && (*f.path)[0] == '~' && os.IsPathSeparator((*f.path)[1]) && err == nil:
			*f.path = filepath.Join(home, (*f.path)[2:])
		}
		if abs, e := filepath.Abs(*f.path); e == nil {
			*f.path = abs
		}
	}
	return p, nil
}

// Holds reports whether a path, of a directory that exists, is below one of fob's
// own directories, by whatever name it goes.
func (h Home) Holds(path string) bool {
	dir := filepath.Dir(path)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	for ; ; dir = filepath.Dir(dir) {
		at, err := os.Stat(dir)
		for _, own := range []string{h.ConfigDir, h.DataDir, h.StateDir, h.RunDir} {
			if info, e := os.Stat(own); err == nil && e == nil && os.SameFile(at, info) {
				return true
			}
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// MakeDirs creates the directories that are missing, for this user alone.
func (h Home) MakeDirs() error {
	for _, dir := range []string{h.ConfigDir, h.DataDir, h.StateDir, h.RunDir, h.Locks()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err // the others have the same fault, most likely
		}
	}
	return nil
}
