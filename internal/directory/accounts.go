package directory

import (
	"cmp"
	"slices"
	"strings"

	"fob/internal/fob"
	"fob/internal/partition"
)

// label is a name of an account, as it is written somewhere.
type label struct{ text, id string }

// fold makes names comparable as people type them: without regard to case, and
// with dashes for blanks.
func fold(name string) string { return strings.ToLower(dashed(name)) }

func dashed(name string) string { return strings.ReplaceAll(strings.TrimSpace(name), " ", "-") }

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
			put(d.current, l) // of an account that is not known yet, too: AWS knows
			d.aliases[l.id] = append(d.aliases[l.id], l.text)
		}
	}
	for id, names := range d.Former {
		for _, name := range names {
			put(d.past, label{name, id})
		}
	}
	// References name an account as people do if that leads to that very one, and if
	// every tool can pass it on.
	d.own = make([]string, len(d.Accounts))
	for i, a := range d.Accounts {
		d.own[i] = a.ID
		if a.Name != "" && !strings.ContainsFunc(a.Name, Unsafe) && d.isOnly(a.Name, a.ID) {
			d.own[i] = a.Name
		}
	}
}

func (d *Directory) isOnly(name, id string) bool {
	found := d.find(name)
	return len(found) == 1 && found[0] == id
}

// find returns the ids that a name can mean: itself if it is one, else accounts
// of that name or alias, else those that once had it.
func (d *Directory) find(name string) []string {
	if _, known := d.byID[name]; known || partition.IsAccount(name) {
		return []string{name}
	}
	if ids := written(d.current[fold(name)], name); len(ids) > 0 {
		return ids
	}
	return written(d.past[fold(name)], name)
}

// written are the ids of the labels that are written exactly as name is, else of
// all.
func written(labels []label, name string) []string {
	exact := slices.ContainsFunc(labels, func(l label) bool { return l.text == name })
	var ids []string
	for _, l := range labels {
		if (!exact || l.text == name) && !slices.Contains(ids, l.id) {
			ids = append(ids, l.id)
		}
	}
	return ids
}

// accountOf is the account of an id; one that was not seen yet has nothing else.
func (d *Directory) accountOf(id string) fob.Account {
	if i, ok := d.byID[id]; ok {
		return d.Accounts[i]
	}
	return fob.Account{ID: id}
}

// account finds an account by id, name or alias.
func (d *Directory) account(name string) (fob.Account, error) {
	found := d.find(name)
	switch len(found) {
	case 1:
		return d.accountOf(found[0]), nil
	case 0:
		err := fob.Errorf(fob.ErrNotFound, "no account %q is known of %s", name, d.Session)
		if len(d.Accounts) == 0 {
			return fob.Account{}, err.WithHint("fob sync %s, or name the account by its id", d.Session)
		}
		return fob.Account{}, err.WithHint("fob list %s; fob sync %s if it is new", d.Session, d.Session)
	}
	var candidates []string
	for _, id := range found {
		a := d.accountOf(id)
		candidates = append(candidates, id+" ("+cmp.Or(a.Email, a.Name, "an alias")+")")
	}
	return fob.Account{}, fob.Errorf(fob.ErrUsage, "%d accounts of %s are named %q: %s", len(found), d.Session, name, strings.Join(candidates, ", ")).
		WithHint("use the id: %s/%s/ROLE", d.Session, found[0])
}

// role finds a role of an account, as people type it. Where nothing is known of
// the account, AWS will say.
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
		WithHint("there are: %s; fob sync %s if it is new", strings.Join(a.Roles, ", "), d.Session)
}
