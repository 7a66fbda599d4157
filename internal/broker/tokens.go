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
	locked int // as it was: what is on its way when the vault is locked is not kept
}

func (b *Broker) tokens() tokens {
	b.mu.Lock()
	defer b.mu.Unlock()
	return tokens{b, b.locked}
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
		return sealed.Get(tokenPrefix + name)
	}
	m := &t.b.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.items[name]; ok {
		return s, nil
	}
	return fob.Secret{}, fob.ErrNotFound
}

// Put returns when the token is on disk: a refresh token that was used up and
// not replaced would cost a sign-in.
func (t tokens) Put(ctx context.Context, name string, s fob.Secret) error {
	if t.locked != t.b.tokens().locked {
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
		m.items[name] = s
		if s.IsZero() {
			delete(m.items, name)
		}
		return nil
	}
	return sealed.Update(ctx, func(items map[string]fob.Secret) error {
		items[tokenPrefix+name] = s
		if s.IsZero() {
			delete(items, tokenPrefix+name)
		}
		return nil
	})
}
