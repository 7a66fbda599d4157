package sso

import (
	"errors"
	"strings"

	"fob/internal/fob"
	"fob/internal/partition"
	"fob/internal/principal"
)

// roleRegion returns the region that a sign-in gives for one of its roles: the role's in
// sso_role_regions, else its account's there, else sso_default_region. An account is named by its
// id or by an alias.
func roleRegion(signIn, role fob.Profile) string {
	region := signIn.Get("sso_default_region")
	account, name := role.Get("sso_account_id"), role.Get("sso_role_name")
	aliases, _ := principal.ParsePairs(signIn.Get("sso_account_aliases"))
	for entry := range strings.FieldsSeq(signIn.Get("sso_role_regions")) {
		of, in, ok := cutRegion(entry)
		if !ok {
			continue
		}
		named, only, one := strings.Cut(of, "/")
		for _, alias := range aliases {
			if named == alias[0] {
				named = alias[1]
			}
		}
		switch {
		case named != account:
		case one && only == name:
			return in
		case !one:
			region = in
		}
	}
	return region
}

// cutRegion splits ACCOUNT/ROLE=REGION at the last "=", because names of roles may contain "=".
func cutRegion(entry string) (of, region string, ok bool) {
	i := strings.LastIndexByte(entry, '=')
	if i <= 0 || !partition.IsRegion(entry[i+1:]) {
		return "", "", false
	}
	of, region = entry[:i], entry[i+1:]
	account, _, _ := strings.Cut(of, "/")
	return of, region, !strings.ContainsAny(account, "=,")
}

func checkRoleRegions(v string) error {
	for entry := range strings.FieldsSeq(v) {
		if _, _, ok := cutRegion(entry); !ok {
			return errors.New("must be ACCOUNT=REGION or ACCOUNT/ROLE=REGION, with blanks between several")
		}
	}
	return nil
}
