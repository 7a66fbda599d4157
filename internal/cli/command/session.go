package command

import (
	"path/filepath"
	"strings"
)

// Bus is where this session's D-Bus is, and with it the keyring: the agent may
// have been started in another session.
func (a *App) Bus() string {
	if address := a.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		return address
	}
	dir := a.Getenv("XDG_RUNTIME_DIR")
	special := strings.ContainsFunc(dir, func(r rune) bool { // would have to be escaped; nobody's has any
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/_.-", r))
	})
	if !filepath.IsAbs(dir) || special {
		return ""
	}
	return "unix:path=" + filepath.Join(dir, "bus")
}

// SharedSignIns is the directory in which the AWS CLI and SDKs keep sign-ins.
func (a *App) SharedSignIns() string {
	home := a.Getenv("HOME")
	if home == "" {
		home = a.Getenv("USERPROFILE")
	}
	return filepath.Join(home, ".aws", "sso", "cache")
}
