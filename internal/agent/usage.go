package agent

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"fob/internal/api"
	"fob/internal/atomicfile"
	"fob/internal/fob"
	"fob/internal/principal"
)

// usage counts how often and when users chose which profile, to sort the list of fob use. It
// contains names and numbers. If the file is lost, or two agents write it at once, only the order
// is affected.
type usage struct {
	path   string
	log    *slog.Logger
	reader atomicfile.Reader
	mu     sync.Mutex // for writers
}

// score is a count of uses, in which a use is worth half after halfLife.
type score struct {
	Weight float64   `json:"weight"` // at the time Last
	Last   time.Time `json:"last"`
}

const (
	halfLife = 7 * 24 * time.Hour
	maxUsage = 200 // names; more than a person works with
)

func (s score) at(now time.Time) float64 {
	return s.Weight * math.Exp2(-now.Sub(s.Last).Hours()/halfLife.Hours())
}

func (u *usage) used(name string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	all, err := u.read()
	if err != nil {
		return
	}
	all[name] = score{Weight: all[name].at(now) + 1, Last: now.UTC()}
	for len(all) > maxUsage {
		least := name
		for other, s := range all {
			if s.at(now) < all[least].at(now) {
				least = other
			}
		}
		delete(all, least)
	}
	text, err := json.Marshal(all)
	if err == nil {
		err = atomicfile.Replace(u.path, text)
	}
	if err != nil {
		u.log.Warn("what was chosen is not remembered", "error", err)
	}
}

// read returns the counts; none if the file is missing or damaged. An error means that the file
// system hangs, and the caller should not write.
func (u *usage) read() (map[string]score, error) {
	all := map[string]score{}
	text, _, err := u.reader.Read(u.path, atomicfile.Limit)
	if errors.Is(err, atomicfile.ErrHangs) {
		return nil, err
	}
	if err != nil || json.Unmarshal(text, &all) != nil {
		return map[string]score{}, nil
	}
	return all, nil
}

// choices lists every name with credentials, including roles of sign-ins, most used first.
func (a *Agent) choices(_ context.Context, r *request, _ api.Empty) ([]api.Row, error) {
	profiles, err := a.files.List(r.caller.Paths)
	if err != nil {
		return nil, err
	}
	rows := []api.Row{}
	for _, p := range profiles {
		if kind, err := principal.Find(a.kinds, p); err == nil {
			rows = append(rows, api.Row{Name: p.Name, Kind: kind.Name, Account: kind.AccountIn(p), Region: p.Get("region")})
		}
	}
	sessions, err := a.files.SignIns(r.caller.Paths)
	if err != nil {
		return nil, err
	}
	for _, s := range sessions {
		d, err := a.directories.Read(a.files.Source(s))
		if err != nil {
			return nil, err
		}
		reference, err := a.files.References(d, r.caller.Paths)
		if err != nil {
			return nil, err
		}
		kind := a.files.RoleKind(s)
		for _, account := range d.Accounts {
			for _, role := range account.Roles {
				rows = append(rows, api.Row{Name: reference(account, role), Kind: kind, Account: account.ID, AccountName: account.Name})
			}
		}
	}
	all, _ := a.usage.read() // without it only the order differs
	now := time.Now()
	slices.SortStableFunc(rows, func(x, y api.Row) int {
		switch wx, wy := all[x.Name].at(now), all[y.Name].at(now); {
		case wx > wy:
			return -1
		case wx < wy:
			return 1
		}
		return 0
	})
	return rows, nil
}

// profileStatus tells whether credentials are cached, or whether retrieving them would prompt. It
// never prompts, and is cheap because shells' prompts call it.
func (a *Agent) profileStatus(_ context.Context, r *request, p api.NameParams) (api.State, error) {
	plan, err := a.plan(p.Name, fob.Request{Narrow: p.Narrow, Paths: r.caller.Paths, Environment: r.caller.Environment})
	if err != nil || plan[0].Kind.Yields(plan[0].Profile) == principal.BearerToken {
		return api.State{State: api.StateUnknown}, nil
	}
	if a.vault.IsLocked() {
		return api.State{State: api.StateLocked}, nil
	}
	left, cached, asks := a.broker.Status(plan)
	switch {
	case cached:
		return api.State{State: api.StateCached, Left: int(left.Seconds())}, nil
	case asks:
		return api.State{State: api.StateSignIn}, nil
	}
	return api.State{State: api.StateReady}, nil
}
