// Package all lists the kinds of principals. The first that matches a definition is used.
package all

import (
	"fob/internal/principal"
	"fob/internal/principal/role"
	"fob/internal/principal/sso"
	"fob/internal/principal/static"
	"fob/internal/principal/user"
)

// Kinds returns every kind.
func Kinds() []principal.Kind {
	return []principal.Kind{
		role.Kind(),
		sso.RoleKind(),
		sso.SessionKind(),
		static.Kind(),
		user.Kind(),
	}
}
