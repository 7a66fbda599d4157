package directory

import (
	"strings"

	"fob/internal/fob"
)

// Reference returns the name of a role, SOURCE/ACCOUNT/ROLE. ACCOUNT is the account's
// name if that means no other account and every SDK can pass it on, else its id.
func (d *Directory) Reference(a fob.Account, role string) string {
	account := a.ID
	if i, ok := d.byID[a.ID]; ok {
		account = d.shown[i]
	}
	return d.Name + "/" + account + "/" + role
}

// ByIDs returns the name of a role with the account's id, which stays the same when the
// account is renamed.
func (d *Directory) ByIDs(a fob.Account, role string) string {
	return d.Name + "/" + a.ID + "/" + role
}

// Unsafe reports whether some SDK cannot pass on a character in a
// credential_process.
func Unsafe(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_.@+-", r))
}

// Lookup finds the account and the role that ACCOUNT/ROLE names: the account by id,
// name, alias or former name, the role in whatever case. A role of an account whose roles
// are not known is accepted as it is, and AWS decides. The error is [fob.ErrNotFound], or
// [fob.ErrUsage] if several accounts have the name.
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

// RefersTo returns the role that a full reference names, in the form of
// [Directory.ByIDs]; ok is false if it names none of this directory.
func (d *Directory) RefersTo(name string) (ids string, ok bool) {
	rest, ok := strings.CutPrefix(name, d.Name+"/")
	if !ok {
		return "", false
	}
	a, role, err := d.Lookup(rest)
	return d.ByIDs(a, role), err == nil
}
