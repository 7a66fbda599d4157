package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
	"fob/internal/vault/unlock/unlocktest"
)

// keeper is a method in memory, which counts, fails and waits as told.
type keeper struct {
	mu    sync.Mutex
	kept  map[string]fob.Secret
	loads int
	works error
	fail  error           // of Store
	gate  <-chan struct{} // Load waits for it
}

func (k *keeper) method() unlock.Method {
	return unlock.Method{
		Name: "keeper", Doc: "memory, for tests",
		Works: func(context.Context, unlock.Env) error { return k.works },
		Store: func(_ context.Context, env unlock.Env, identity fob.Secret) error {
			if k.fail == nil {
				k.kept = map[string]fob.Secret{env.Label: identity}
			}
			return k.fail
		},
		Load: func(ctx context.Context, env unlock.Env) (fob.Secret, error) {
			k.mu.Lock()
			k.loads++
			k.mu.Unlock()
			if _, err := env.UI.Ask(ctx, fob.Question{Kind: fob.AskPassphrase}); err != nil {
				return fob.Secret{}, err
			}
			if k.gate != nil {
				select {
				case <-k.gate:
				case <-ctx.Done():
					return fob.Secret{}, ctx.Err()
				}
			}
			if s, ok := k.kept[env.Label]; ok {
				return s, nil
			}
			return fob.Secret{}, fob.Errorf(fob.ErrNotFound, "nothing kept").WithHint("fob keep")
		},
		Forget: func(_ context.Context, env unlock.Env) error { delete(k.kept, env.Label); return nil },
	}
}

func keeperStore(t testing.TB) (*Store, *keeper) {
	t.Helper()
	k := &keeper{}
	return New(testHome(t.TempDir()), []unlock.Method{k.method()}), k
}

// fresh is the same home in another process.
func fresh(s *Store) *Store { return New(s.home, s.methods) }

func addTo(t testing.TB, s *Store, name string) {
	t.Helper()
	f, err := s.Vault()
	ok(t, err)
	ok(t, put(f, name))
}

func TestFirstUse(t *testing.T) {
	t.Parallel()
	s, k := keeperStore(t)
	ui := unlocktest.Person()
	var told []string
	ui.TellFunc = func(_ context.Context, m string) { told = append(told, m) }
	if st := s.Status(t.Context()); st.Exists || st.State != None || s.Exists() {
		t.Error(st)
	}
	fails(t, s.Unlock(t.Context(), ui), fob.ErrNotFound, "there is no vault", "fob vault init")
	_, err := s.Vault()
	fails(t, err, fob.ErrLocked, "locked", "fob unlock")
	ok(t, s.EnsureUnlocked(t.Context(), ui))
	if len(told) != 1 || !strings.Contains(told[0], "keeper") || k.loads != 0 {
		t.Error(told, k.loads)
	}
	addTo(t, s, "a")
	st := s.Status(t.Context())
	if !st.Exists || st.State != Unlocked || st.Method != "keeper" || holds(st) != 1 || *st.Generation != 2 || st.Problem != "" || !strings.HasPrefix(st.Recipient, "age1") {
		t.Errorf("%+v", st)
	}
	again := fresh(s)
	if st := again.Status(t.Context()); st.State != Locked || st.Items != nil || st.Generation != nil || st.Problem != "" {
		t.Errorf("%+v", st)
	}
	_, err = again.Init(t.Context(), "", Options{}, ui)
	fails(t, err, fob.ErrConflict, "there is a vault already", "fob vault status")
	fails(t, again.EnsureUnlocked(t.Context(), fob.UI{}), fob.ErrNobody, "", "")
	ok(t, again.Unlock(t.Context(), ui))
	ok(t, again.Unlock(t.Context(), fob.UI{})) // idempotent
	f, err := again.Vault()
	ok(t, err)
	has(t, f, "a")
}

func TestWhichMethodIsChosen(t *testing.T) {
	t.Parallel()
	no := fob.Errorf(fob.ErrLocked, "no bus").WithHint("x")
	for _, c := range []struct {
		name, method string
		first        *keeper
		ui           fob.UI
		want         string
		kind         error
	}{
		{"the first", "", &keeper{}, unlocktest.Person(), "keeper", nil},
		{"the next if it does not work", "", &keeper{works: no}, unlocktest.Person(), "passphrase", nil},
		{"the next if it does not keep", "", &keeper{fail: no}, unlocktest.Person(), "passphrase", nil},
		{"none of them unattended", "", &keeper{works: no}, fob.UI{}, "", fob.ErrNobody},
		{"the named one alone", "keeper", &keeper{works: no}, unlocktest.Person(), "", fob.ErrLocked},
		{"the named one alone, late", "keeper", &keeper{fail: no}, unlocktest.Person(), "", fob.ErrLocked},
		{"a file only by name", "file", &keeper{}, fob.UI{}, "file", nil},
		{"an unknown one", "telepathy", &keeper{}, unlocktest.Person(), "", fob.ErrUsage},
		{"a person who says no", "", &keeper{fail: fob.ErrCancelled}, unlocktest.Person(), "", fob.ErrCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := New(testHome(t.TempDir()), append([]unlock.Method{c.first.method()}, testMethods()...))
			var told string
			if c.ui.AskFunc != nil {
				c.ui.TellFunc = func(_ context.Context, m string) { told += m + "\n" }
			}
			st, err := s.Init(t.Context(), c.method, Options{}, c.ui)
			if !errors.Is(err, c.kind) || st.Method != c.want || st.Exists != (err == nil) {
				t.Fatalf("%+v, %v", st, err)
			}
			if c.method == "" && err == nil && !strings.Contains(told, "unlocked with "+c.want) {
				t.Errorf("told %q", told)
			}
			if err != nil {
				if c.kind == fob.ErrNobody && (!strings.Contains(err.Error(), "no bus") || fob.HintOf(err) == "") {
					t.Error(err, fob.HintOf(err))
				}
				return
			}
			ok(t, fresh(s).Unlock(t.Context(), unlocktest.Person()))
		})
	}
}

// holds is the number of items that a status tells, -1 if it does not know.
func holds(st Status) int {
	if st.Items == nil {
		return -1
	}
	return *st.Items
}

// What a status can tell without opening the vault, it tells.
func TestStatusOfWhatIsMissing(t *testing.T) {
	t.Parallel()
	for method, identity := range map[string]string{"file": "identity.txt", "passphrase": "identity.age"} {
		s := New(testHome(t.TempDir()), testMethods())
		_, err := s.Init(t.Context(), method, Options{}, unlocktest.Person())
		ok(t, err)
		addTo(t, s, "a")
		open, locked := s, fresh(s)
		path := filepath.Join(s.home.DataDir, identity)
		kept := bytesOf(t, path)
		ok(t, os.Remove(path))
		if st := open.Status(t.Context()); st.State != Unlocked || holds(st) != 1 || !strings.Contains(st.Problem, path) || st.Hint == "" {
			t.Errorf("%s: open without its identity: %+v", method, st)
		}
		if st := locked.Status(t.Context()); st.State != Locked || holds(st) != -1 || !strings.Contains(st.Problem, path) || st.Hint == "" {
			t.Errorf("%s: locked without its identity: %+v", method, st)
		}
		setBytes(t, path, kept)
		ok(t, os.Remove(s.home.Vault()))
		for _, s := range []*Store{open, locked} {
			if st := s.Status(t.Context()); holds(st) != -1 || !strings.Contains(st.Problem, "vault.age is gone") || !strings.Contains(st.Hint, "fob vault restore") {
				t.Errorf("%s: without the vault: %+v", method, st)
			}
		}
		ok(t, os.Remove(s.home.Vault()+backupSuffix))
		if st := locked.Status(t.Context()); !strings.Contains(st.Problem, "vault.age is gone") || !strings.Contains(st.Hint, "your backups") {
			t.Errorf("%s: without vault and copy: %+v", method, st)
		}
	}
}

func TestExistingIdentityFile(t *testing.T) {
	t.Parallel()
	s := New(testHome(t.TempDir()), testMethods())
	identity := unlocktest.Identity(t)
	path := filepath.Join(t.TempDir(), "id")
	setBytes(t, path, []byte("# mine\n"+identity.Reveal()+"\n"))
	_, err := s.Init(t.Context(), "file", Options{IdentityFile: path}, fob.UI{})
	ok(t, err)
	_, err = openFile(s.home.Vault(), s.home.Locks(), identity)
	ok(t, err)
	again := fresh(s)
	ok(t, again.EnsureUnlocked(t.Context(), fob.UI{}))
	again.Lock()
	setBytes(t, path, []byte(unlocktest.Identity(t).Reveal()))
	fails(t, again.Unlock(t.Context(), fob.UI{}), fob.ErrLocked, "is not the one that", "put back")
	ok(t, os.Remove(path))
	err = again.Unlock(t.Context(), fob.UI{})
	fails(t, err, fob.ErrLocked, path+" does not exist", "put the file back")
	if kind := fob.OutcomeOf(err).Kind; kind != fob.ErrLocked { // and not that something was not found
		t.Error(kind)
	}
	if text := string(bytesOf(t, metaPath(s.home))); strings.Contains(text, "SECRET") || !strings.Contains(text, path) {
		t.Error(text)
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	s, k := keeperStore(t)
	ui := unlocktest.Person()
	ok(t, s.EnsureUnlocked(t.Context(), ui))
	addTo(t, s, "a")
	f, err := s.Vault()
	ok(t, err)
	c, err := s.Cache()
	ok(t, err)
	ok(t, put(c, "c"))
	s.Lock()
	for _, f := range []*File{f, c} {
		_, err = f.Get("a")
		fails(t, err, fob.ErrLocked, "locked", "fob unlock")
	}
	_, err = s.Cache()
	fails(t, err, fob.ErrLocked, "locked", "fob unlock")
	fails(t, s.EnsureUnlocked(t.Context(), ui), fob.ErrLocked, "the vault is locked", "fob unlock")
	if k.loads != 0 || s.vault != nil || s.cache != nil || !s.identity.IsZero() {
		t.Error("something is kept")
	}
	ok(t, s.Unlock(t.Context(), ui))
	ok(t, s.EnsureUnlocked(t.Context(), ui))
	c, err = s.Cache()
	ok(t, err)
	has(t, c, "c")
}

func TestLockWhileUnlocking(t *testing.T) {
	t.Parallel()
	s, k := keeperStore(t)
	ok(t, s.EnsureUnlocked(t.Context(), unlocktest.Person()))
	s = fresh(s)
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		k.gate = gate
		failed := make(chan error)
		go func() { failed <- s.Unlock(t.Context(), unlocktest.Person()) }()
		synctest.Wait()
		s.Lock()
		close(gate)
		fails(t, <-failed, fob.ErrLocked, "the vault is locked", "fob unlock")
		if _, err := s.Vault(); err == nil {
			t.Error("it is open")
		}
	})
}

func TestOnePersonIsAskedOnce(t *testing.T) {
	t.Parallel()
	s, k := keeperStore(t)
	ok(t, s.EnsureUnlocked(t.Context(), unlocktest.Person()))
	kept := k.kept
	for _, good := range []bool{true, false} {
		s := fresh(s)
		k.loads, k.kept = 0, kept
		if !good {
			k.kept = nil
		}
		synctest.Test(t, func(t *testing.T) {
			gate := make(chan struct{})
			k.gate = gate
			done := make(chan error, 20)
			for range 20 {
				go func() { done <- s.EnsureUnlocked(t.Context(), unlocktest.Person()) }()
			}
			synctest.Wait()
			close(gate)
			for range 20 {
				if err := <-done; (err == nil) != good {
					t.Error(err)
				}
			}
			if k.loads != 1 {
				t.Errorf("asked %d times", k.loads)
			}
		})
	}
}

// A caller with nobody there, or that goes away, decides for itself alone.
func TestAnotherCallersFault(t *testing.T) {
	t.Parallel()
	s, k := keeperStore(t)
	ok(t, s.EnsureUnlocked(t.Context(), unlocktest.Person()))
	s = fresh(s)
	synctest.Test(t, func(t *testing.T) {
		k.gate = make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		first, second, nobody := make(chan error), make(chan error), make(chan error)
		go func() { first <- s.Unlock(ctx, unlocktest.Person()) }()
		synctest.Wait()
		go func() { second <- s.Unlock(t.Context(), unlocktest.Person()) }()
		go func() { nobody <- s.Unlock(ctx, fob.UI{}) }()
		synctest.Wait()
		open := make(chan struct{})
		close(open)
		k.gate = open
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := <-nobody; err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, fob.ErrNobody) {
			t.Error(err)
		}
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
}

func TestFirstUseByManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := &keeper{}
	s := New(testHome(dir), []unlock.Method{k.method()})
	var all sync.WaitGroup
	for n := range 10 {
		all.Go(func() {
			if err := s.EnsureUnlocked(t.Context(), unlocktest.Person()); err != nil {
				t.Error(err)
				return
			}
			f, err := s.Vault()
			if err == nil {
				err = put(f, fmt.Sprint(n))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if st := s.Status(t.Context()); holds(st) != 10 {
		t.Errorf("%+v", st)
	}
}

// Several processes that all find no vault make one, and all open that.
func TestFirstUseByManyProcesses(t *testing.T) {
	t.Parallel()
	home := testHome(t.TempDir())
	var all sync.WaitGroup
	for n := range 6 {
		all.Go(func() {
			s := New(home, testMethods())
			if err := s.EnsureUnlocked(t.Context(), unlocktest.Person()); err != nil {
				t.Error(err)
				return
			}
			f, err := s.Vault()
			if err == nil {
				err = put(f, fmt.Sprint(n))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := New(home, testMethods())
	ok(t, s.Unlock(t.Context(), unlocktest.Person()))
	if st := s.Status(t.Context()); holds(st) != 6 {
		t.Errorf("%+v", st)
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	s, _ := keeperStore(t)
	ok(t, s.EnsureUnlocked(t.Context(), unlocktest.Person()))
	c, err := s.Cache()
	ok(t, err)
	ok(t, put(c, "a"))
	ok(t, put(c, "b"))
	if _, err := os.Stat(s.home.Cache() + ".bak"); err == nil {
		t.Error("the cache has a backup")
	}
	if again, _ := s.Cache(); again != c {
		t.Error("another file")
	}
	vaultBytes := bytesOf(t, s.home.Vault())
	for name, damage := range map[string][]byte{
		"empty": {}, "junk": []byte(marker), "another's": sealText(t, testKey(t), "{}"), "the vault": vaultBytes, "text": sealText(t, c.key, "{}"),
	} {
		for _, open := range []*Store{s, fresh(s)} {
			ok(t, open.Unlock(t.Context(), unlocktest.Person()))
			setBytes(t, s.home.Cache(), damage)
			c, err = open.Cache()
			if err != nil {
				t.Fatal(name, err)
			}
			has(t, c)
			ok(t, put(c, "a"))
			unchanged(t, s.home.Cache()+".damaged", damage)
		}
	}
	ok(t, os.Remove(s.home.Cache()))
	c, err = s.Cache()
	ok(t, err)
	has(t, c)
	// And the other way round: a cache is no vault.
	setBytes(t, s.home.Vault(), bytesOf(t, s.home.Cache()))
	fails(t, fresh(s).Unlock(t.Context(), unlocktest.Person()), fob.ErrDamaged, "is another vault", "")
}
