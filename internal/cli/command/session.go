package command

import (
	"path/filepath"
	"strings"
)

// Bus returns the address of this session's D-Bus, through which the keyring is reached;
// empty if it is unknown. The agent may have been started in another session, so it is told.
func (a *App) Bus() string {
	if address := a.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		return address
	}
	dir := a.Getenv("XDG_RUNTIME_DIR")
	special := strings.ContainsFunc(dir, func(r rune) bool { // would have to be escaped in an address; in practice there are none
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/_.-", r))
	})
	if !filepath.IsAbs(dir) || special {
		return ""
	}
	return "unix:path=" + filepath.Join(dir, "bus")
}

// SharedSignIns returns the directory in which the AWS CLI and SDKs cache sign-ins.
func (a *App) SharedSignIns() string {
	home := a.Getenv("HOME")
	if home == "" {
		home = a.Getenv("USERPROFILE")
	}
	return filepath.Join(home, ".aws", "sso", "cache")
}
