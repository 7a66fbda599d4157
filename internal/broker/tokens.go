package broker

import (
	"context"
	"sync"

	"fob/internal/fob"
)

// tokenPrefix begins the names of items that are not credentials.
const tokenPrefix = "token/"

// tokens keeps refresh tokens and client registrations in the sealed cache, or
// in memory where there is none.
type tokens struct {
	b      *Broker
	prefix string
	locked int // as it was: what is on its way when the vault is locked is not kept
}

// tokens are those that were obtained by an own route of a caller, or by those that all
// callers share.
func (b *Broker) tokens(own string) tokens {
	b.mu.Lock()
	defer b.mu.Unlock()
	if own != "" {
		own += "/"
	}
	return tokens{b, tokenPrefix + own, b.locked}
}

// memory is what tokens keep where there is no vault.
type memory struct {
	mu    sync.Mutex
	items map[string]fob.Secret
}

func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items = nil
}

func (t tokens) Get(name string) (fob.Secret, error) {
	if sealed, err := t.b.Cache(); err == nil {
		return sealed.Get(t.prefix + name)
	}
	m := &t.b.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.items[t.prefix+name]; ok {
		return s, nil
	}
	return fob.Secret{}, fob.ErrNotFound
}

// Put returns when the token is on disk: a refresh token that was used up and
// not replaced would cost a sign-in.
func (t tokens) Put(ctx context.Context, name string, s fob.Secret) error {
	if t.locked != t.b.tokens("").locked {
		return errLocked()
	}
	sealed, err := t.b.Cache()
	if err != nil {
		m := &t.b.memory
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.items == nil {
			m.items = map[string]fob.Secret{}
		}
		m.items[t.prefix+name] = s
		if s.IsZero() {
			delete(m.items, t.prefix+name)
		}
		return nil
	}
	return sealed.Update(ctx, func(items map[string]fob.Secret) error {
		items[t.prefix+name] = s
		if s.IsZero() {
			delete(items, t.prefix+name)
		}
		return nil
	})
}
