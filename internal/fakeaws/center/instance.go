package center

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strings"
	"sync"

	"fob/internal/fakeaws/wire"
)

// InstanceSpec describes an instance of IAM Identity Center to add.
type InstanceSpec struct {
	// StartURL is absolute, or a path on the fake's own address; /start if empty.
	StartURL string `json:"start_url,omitempty"`
	// Region is the instance's home; us-east-1 if empty.
	Region string `json:"region,omitempty"`
	// User is who signs in on its pages; jane@example.com if empty.
	User string `json:"user,omitempty"`
}

// AccountSpec describes an account of an instance, with the permission sets that
// the instance's user is assigned there. Names need not be unique.
type AccountSpec struct {
	ID    string   `json:"id"`
	Name  string   `json:"name,omitempty"`
	Email string   `json:"email,omitempty"`
	Roles []string `json:"roles,omitempty"`
}

// Instance is an instance of IAM Identity Center. It is safe for concurrent use.
type Instance struct {
	spec InstanceSpec

	mu       sync.Mutex // guards all below
	accounts []*account // by seq
	byID     map[string]*account
	seq      int // of the next account
}

// account is an account; many may share a slice of roles, so that it is
// replaced and never changed.
type account struct {
	AccountSpec
	seq int // order of listing, never used again
}

func newInstance(spec InstanceSpec) (*Instance, error) {
	spec.StartURL = plainURL(cmp.Or(spec.StartURL, "/start"))
	spec.Region, spec.User = cmp.Or(spec.Region, "us-east-1"), cmp.Or(spec.User, "jane@example.com")
	u, err := url.Parse(spec.StartURL)
	if err != nil || (u.Host == "") != strings.HasPrefix(spec.StartURL, "/") || !strings.HasPrefix(u.Path, "/") && u.Path != "" {
		return nil, fmt.Errorf("start URL %q: neither absolute nor a path", spec.StartURL)
	}
	if n := len(spec.User); n < 2 || n > 64 || !wire.Wordy("+=,.@-").OK(spec.User) {
		return nil, fmt.Errorf("user %q is no name for a role's session", spec.User)
	}
	return &Instance{spec: spec, byID: map[string]*account{}}, nil
}

// plainURL is a start URL without what people copy along: /#, /#/, a slash.
func plainURL(u string) string {
	u, _, _ = strings.Cut(u, "#")
	return strings.TrimRight(u, "/")
}

// StartURL is the instance's start URL where the fake is at base.
func (i *Instance) StartURL(base string) string {
	if strings.HasPrefix(i.spec.StartURL, "/") {
		return base + i.spec.StartURL
	}
	return i.spec.StartURL
}

// Spec is the instance as it was added, with what was left out filled in.
func (i *Instance) Spec() InstanceSpec { return i.spec }

// AddAccount adds an account, with a name and address made up where there are
// none. It panics if the spec is no account's.
func (i *Instance) AddAccount(spec AccountSpec) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.add(spec); err != nil {
		panic("fakeaws: " + err.Error())
	}
}

func (i *Instance) add(spec AccountSpec) error {
	if err := wire.CheckAccount(spec.ID); err != nil {
		return err
	}
	if i.byID[spec.ID] != nil {
		return fmt.Errorf("account %s exists already", spec.ID)
	}
	spec.Name = cmp.Or(spec.Name, "account-"+spec.ID)
	spec.Email = cmp.Or(spec.Email, "aws+"+strings.ReplaceAll(strings.ToLower(spec.Name), " ", "-")+"@example.com")
	spec.Roles = roleSet(spec.Roles)
	a := &account{spec, i.seq}
	i.seq++
	i.accounts = append(i.accounts, a)
	i.byID[spec.ID] = a
	return nil
}

func roleSet(roles []string) []string {
	if slices.IsSorted(roles) {
		return roles
	}
	return slices.Compact(slices.Sorted(slices.Values(roles)))
}

// AddAccounts adds n accounts with so many roles each: ReadOnly, Admin,
// PowerUser, Billing, Role05, … Ids and names differ from all that are there.
func (i *Instance) AddAccounts(n, rolesEach int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	roles := make([]string, 0, rolesEach)
	for k := range rolesEach {
		name := fmt.Sprintf("Role%02d", k+1)
		if named := []string{"ReadOnly", "Admin", "PowerUser", "Billing"}; k < len(named) {
			name = named[k]
		}
		roles = append(roles, name)
	}
	roles = roleSet(roles)
	teams, stages := []string{"search", "orders", "ledger", "mail", "maps", "media", "risk"}, []string{"dev", "test", "prod"}
	for range n {
		k := i.seq
		id := fmt.Sprintf("%012d", 510_000_000_001+37*k)
		for ; i.byID[id] != nil; k++ {
			id = fmt.Sprintf("%012d", 880_000_000_001+k)
		}
		_ = i.add(AccountSpec{ID: id, Name: fmt.Sprintf("%s-%s-%04d", teams[k%len(teams)], stages[k%len(stages)], k), Roles: roles}) // neither id nor name is taken
	}
}

// SetAccount changes an account: its name and address where the spec has them,
// and its roles unless they are nil.
func (i *Instance) SetAccount(spec AccountSpec) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	a := i.byID[spec.ID]
	if a == nil {
		return fmt.Errorf("no account %q", spec.ID)
	}
	a.Name, a.Email = cmp.Or(spec.Name, a.Name), cmp.Or(spec.Email, a.Email)
	if spec.Roles != nil {
		a.Roles = roleSet(spec.Roles)
	}
	return nil
}

// Rename gives an account another name; its id stays.
func (i *Instance) Rename(id, name string) error {
	if name == "" {
		return errors.New("an account needs a name")
	}
	return i.SetAccount(AccountSpec{ID: id, Name: name})
}

// Assign sets the roles of the user in an account; none takes all away, and the
// account is no longer listed.
func (i *Instance) Assign(id string, roles ...string) error {
	return i.SetAccount(AccountSpec{ID: id, Roles: append([]string{}, roles...)})
}

// RemoveAccount removes an account with its assignments.
func (i *Instance) RemoveAccount(id string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	a := i.byID[id]
	if a == nil {
		return fmt.Errorf("no account %q", id)
	}
	delete(i.byID, id)
	i.accounts = slices.DeleteFunc(i.accounts, func(o *account) bool { return o == a })
	return nil
}

// Accounts are the instance's accounts, in the order in which they are listed.
func (i *Instance) Accounts() []AccountSpec {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := make([]AccountSpec, len(i.accounts))
	for k, a := range i.accounts {
		list[k] = a.AccountSpec
	}
	return list
}

// List gives the accounts in which the user has a role, a page of them: at most
// size, from the place that the page before has named; and the next place, which
// is 0 at the end.
func (i *Instance) List(from, size int) (page []AccountSpec, next int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	at := sort.Search(len(i.accounts), func(k int) bool { return i.accounts[k].seq >= from })
	for _, a := range i.accounts[at:] {
		if len(a.Roles) == 0 {
			continue
		}
		if len(page) == size {
			return page, a.seq
		}
		page = append(page, a.AccountSpec)
	}
	return page, 0
}

// Roles are the user's roles in an account, sorted.
func (i *Instance) Roles(id string) (roles []string, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	a := i.byID[id]
	if a == nil {
		return nil, false
	}
	return a.Roles, true
}

// Put changes an account, or adds it.
func (i *Instance) Put(spec AccountSpec) error {
	if i.SetAccount(spec) == nil {
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.add(spec)
}
