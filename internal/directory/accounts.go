package directory

import (
	"cmp"
	"slices"
	"strings"

	"fob/internal/fob"
	"fob/internal/partition"
)

// label is one name or alias of an account.
type label struct{ text, id string }

// fold maps names that people take for the same to one text: case does not count, and a
// dash stands for a blank.
func fold(name string) string { return strings.ToLower(dashed(name)) }

func dashed(name string) string { return strings.ReplaceAll(strings.TrimSpace(name), " ", "-") }

// index prepares lookups. aliases are those of [Source].
func (d *Directory) index(aliases string) {
	d.byID, d.current, d.past = make(map[string]int, len(d.Accounts)), make(map[string][]label, len(d.Accounts)), map[string][]label{}
	put := func(m map[string][]label, l label) {
		if key := fold(l.text); key != "" {
			m[key] = append(m[key], l)
		}
	}
	d.aliases = map[string][]string{}
	for i, a := range d.Accounts {
		d.byID[a.ID] = i
		put(d.current, label{a.Name, a.ID})
	}
	for alias := range strings.SplitSeq(aliases, ",") {
		name, id, ok := strings.Cut(alias, "=")
		l := label{strings.TrimSpace(name), strings.TrimSpace(id)}
		if ok && partition.IsAccount(l.id) {
			put(d.current, l) // even if the account is not known yet: AWS decides
			d.aliases[l.id] = append(d.aliases[l.id], l.text)
		}
	}
	for _, a := range d.Accounts {
		for _, name := range d.Former[a.ID] {
			put(d.past, label{name, a.ID})
		}
	}
	// References use the name of an account if it means this account only and every SDK
	// can pass it on in a credential_process; else its id.
	d.shown = make([]string, len(d.Accounts))
	for i, a := range d.Accounts {
		d.shown[i] = a.ID
		if a.Name != "" && !strings.ContainsFunc(a.Name, Unsafe) && d.isOnly(a.Name, a.ID) {
			d.shown[i] = a.Name
		}
	}
}

// isOnly reports whether a name means one account and no other.
func (d *Directory) isOnly(name, id string) bool {
	found := d.find(name)
	return len(found) == 1 && found[0] == id
}

// find returns the ids of the accounts that a text can mean: itself if it is an id, else
// those of that name or alias, else those that had the name before.
func (d *Directory) find(name string) []string {
	if _, known := d.byID[name]; known || partition.IsAccount(name) {
		return []string{name}
	}
	if ids := exactFirst(d.current[fold(name)], name); len(ids) > 0 {
		return ids
	}
	return exactFirst(d.past[fold(name)], name)
}

// exactFirst returns the ids of the labels that equal name exactly; if none does, of all
// labels.
func exactFirst(labels []label, name string) []string {
	exact := slices.ContainsFunc(labels, func(l label) bool { return l.text == name })
	var ids []string
	for _, l := range labels {
		if (!exact || l.text == name) && !slices.Contains(ids, l.id) {
			ids = append(ids, l.id)
		}
	}
	return ids
}

// accountOf returns the account of an id. One that no search has found has only the id.
func (d *Directory) accountOf(id string) fob.Account {
	if i, ok := d.byID[id]; ok {
		return d.Accounts[i]
	}
	return fob.Account{ID: id}
}

// account finds an account by id, name or alias. The error is [fob.ErrNotFound], or
// [fob.ErrUsage] if the name is ambiguous.
func (d *Directory) account(name string) (fob.Account, error) {
	found := d.find(name)
	switch len(found) {
	case 1:
		return d.accountOf(found[0]), nil
	case 0:
		err := fob.Errorf(fob.ErrNotFound, "no account %q is known of %s", name, d.Name)
		if len(d.Accounts) == 0 {
			return fob.Account{}, err.WithHint("fob sync %s, or name the account by its id", d.Name)
		}
		return fob.Account{}, err.WithHint("fob list %s; fob sync %s if it is new", d.Name, d.Name)
	}
	var candidates []string
	for _, id := range found {
		a := d.accountOf(id)
		candidates = append(candidates, id+" ("+cmp.Or(a.Email, a.Name, "an alias")+")")
	}
	return fob.Account{}, fob.Errorf(fob.ErrUsage, "%d accounts of %s are named %q: %s", len(found), d.Name, name, strings.Join(candidates, ", ")).
		WithHint("use the id: %s/%s/ROLE", d.Name, found[0])
}

// role finds a role of an account, in whatever case it is typed. If the account's roles
// are not known, any name is accepted and AWS decides.
func (d *Directory) role(a fob.Account, name string) (string, error) {
	for _, r := range a.Roles {
		if r == name {
			return r, nil
		}
	}
	for _, r := range a.Roles {
		if strings.EqualFold(r, name) {
			return r, nil
		}
	}
	if a.Roles == nil {
		return name, nil
	}
	return "", fob.Errorf(fob.ErrNotFound, "you have no role %q in account %s (%s)", name, a.Name, a.ID).
		WithHint("there are: %s; fob sync %s if it is new", strings.Join(a.Roles, ", "), d.Name)
}
