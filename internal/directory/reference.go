package directory

import (
	"strings"

	"fob/internal/fob"
)

// Reference is the name of one role, SESSION/ACCOUNT/ROLE: with the account's
// name where that leads to it and every tool can pass it on, else its id.
func (d *Directory) Reference(a fob.Account, role string) string {
	account := a.ID
	if i, ok := d.byID[a.ID]; ok {
		account = d.own[i]
	}
	return d.Session + "/" + account + "/" + role
}

// ByIDs is the name of a role that stays the same when the account is renamed.
func (d *Directory) ByIDs(a fob.Account, role string) string {
	return d.Session + "/" + a.ID + "/" + role
}

// Unsafe reports whether some SDK cannot pass on a character in a
// credential_process.
func Unsafe(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_.@+-", r))
}

// Lookup finds the account and the role of ACCOUNT/ROLE, as people type them: the
// account by id, name or alias, the role in whatever case. Of an account of which
// nothing is known any role is taken, and AWS will say.
func (d *Directory) Lookup(accountAndRole string) (a fob.Account, role string, err error) {
	slash := strings.LastIndexByte(accountAndRole, '/')
	if slash <= 0 || slash == len(accountAndRole)-1 {
		return a, "", fob.Errorf(fob.ErrUsage, "%q is not ACCOUNT/ROLE", accountAndRole)
	}
	if a, err = d.account(accountAndRole[:slash]); err != nil {
		return a, "", err
	}
	role, err = d.role(a, accountAndRole[slash+1:])
	return a, role, err
}

// RefersTo is the role that a name refers to, by ids.
func (d *Directory) RefersTo(name string) (ids string, ok bool) {
	rest, ok := strings.CutPrefix(name, d.Session+"/")
	if !ok {
		return "", false
	}
	a, role, err := d.Lookup(rest)
	return d.ByIDs(a, role), err == nil
}
