package programs

import (
	"encoding/json"
	"runtime"
	"slices"
	"strings"

	"fob/internal/fob"
)

// environ is the environment of a program: what programs need to find themselves, their
// files and the person's session. It has no AWS_ variables, which would be those of whoever
// happened to start the agent, and of fob's only FOB_HOME, so that a fob that is called is
// the same one.
func (r *Runner) environ(whom For) []string {
	kept := []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "DISPLAY", "WAYLAND_DISPLAY",
		"XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "FOB_HOME"}
	if runtime.GOOS == "windows" {
		kept = append(kept, "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERNAME", "USERDOMAIN",
			"USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)")
	}
	var env []string
	for _, kv := range r.Environ {
		name, value, _ := strings.Cut(kv, "=")
		if runtime.GOOS == "windows" {
			name = strings.ToUpper(name)
		}
		if slices.Contains(kept, name) || strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "XDG_") {
			env = append(env, name+"="+value)
		}
	}
	callers, _ := json.Marshal(append(slices.Clone(whom.Callers), whom.Profile.Name)) // strings always marshal
	return append(env, fob.CalledFor+"="+string(callers))
}

// Callers are the profiles that a value of [fob.CalledFor] names; none for one that is damaged.
func Callers(value string) []string {
	var names []string
	if json.Unmarshal([]byte(value), &names) != nil {
		return nil
	}
	return names
}
