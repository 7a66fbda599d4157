package vault

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
	"fob/internal/vault/unlock/passphrase"
	"fob/internal/vault/unlock/unlocktest"
)

func TestVerifyAndRestore(t *testing.T) {
	t.Parallel()
	s, _ := keeperStore(t)
	ui := unlocktest.Person()
	ok(t, s.EnsureUnlocked(t.Context(), ui))
	addTo(t, s, "a")
	addTo(t, s, "b")
	locked := fresh(s)
	locked.Lock()
	r, err := locked.Verify(t.Context(), ui)
	ok(t, err)
	if !r.OK || r.Vault.Items != 2 || r.Vault.Generation != 3 || !r.Backup.Exists || r.Backup.Items != 2 || r.Cache.Exists || locked.vault != nil {
		t.Errorf("%+v", r)
	}
	setBytes(t, s.home.Vault()+".bak", []byte(marker))
	if r, err = s.Verify(t.Context(), ui); err != nil || r.OK || r.Backup.Problem == "" {
		t.Errorf("%+v, %v", r, err)
	}
	addTo(t, s, "c") // also makes an intact backup copy again
	setBytes(t, s.home.Vault(), []byte(marker))
	again := fresh(s)
	fails(t, again.Unlock(t.Context(), ui), fob.ErrDamaged, "vault.age is damaged", "fob vault restore")
	r, err = again.Verify(t.Context(), ui)
	fails(t, err, fob.ErrDamaged, "vault.age is damaged", "fob vault restore")
	if r.OK || !r.Backup.OK {
		t.Errorf("%+v", r)
	}
	if st := s.Status(t.Context()); st.Problem == "" || st.Hint == "" {
		t.Errorf("%+v", st)
	}
	ok(t, again.Restore(t.Context(), ui))
	ok(t, again.Unlock(t.Context(), ui))
	for _, s := range []*Store{s, again} {
		f, err := s.Vault()
		ok(t, err)
		has(t, f, "a", "b", "c")
	}
	// If file and copy are the same, nothing is asked.
	ok(t, again.Restore(t.Context(), fob.UI{}))
	// An intact vault is replaced only after a question.
	older := bytesOf(t, s.home.Vault())
	addTo(t, s, "d")
	setBytes(t, s.home.Vault()+".bak", older)
	fails(t, again.Restore(t.Context(), fob.UI{}), fob.ErrNobody, "in order", "fob vault restore")
	ui.ConfirmFunc = func(context.Context, fob.Confirmation) error { return fob.ErrCancelled }
	fails(t, again.Restore(t.Context(), ui), fob.ErrCancelled, "", "")
	// The vault is missing.
	ok(t, os.Remove(s.home.Vault()))
	fails(t, fresh(s).Unlock(t.Context(), ui), fob.ErrDamaged, "vault.age is gone", "fob vault restore")
	ok(t, fresh(s).Restore(t.Context(), ui))
	ok(t, fresh(s).Unlock(t.Context(), ui))
	ok(t, os.Remove(s.home.Vault()))
	ok(t, os.Remove(s.home.Vault()+".bak"))
	fails(t, fresh(s).Unlock(t.Context(), ui), fob.ErrDamaged, "vault.age is gone", "from your backups")
}

func TestVaultJSON(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"passphrase", "file", "keeper"} {
		k := &keeper{}
		s := New(testHome(t.TempDir()), append(testMethods(), k.method()))
		ui := unlocktest.Person()
		_, err := s.Init(t.Context(), method, Options{}, ui)
		ok(t, err)
		addTo(t, s, "a")
		path := metaPath(s.home)
		good := bytesOf(t, path)
		for name, damage := range map[string]string{"gone": "", "empty": "", "junk": marker, "other": `{"schema":1}`} {
			setBytes(t, path, []byte(damage))
			if name == "gone" {
				ok(t, os.Remove(path))
			}
			again := fresh(s)
			fails(t, again.Unlock(t.Context(), ui), fob.ErrDamaged, path, "fob vault restore")
			_, err := again.Init(t.Context(), method, Options{}, ui)
			if !errors.Is(err, fob.ErrConflict) && !errors.Is(err, fob.ErrDamaged) || !again.Exists() {
				t.Errorf("%s: %v", name, err)
			}
			if st := again.Status(t.Context()); st.State != Locked || !strings.Contains(st.Problem, path) || st.Hint == "" {
				t.Errorf("%+v", st)
			}
			ok(t, again.Restore(t.Context(), ui))
			unchanged(t, path, good)
			ok(t, again.Unlock(t.Context(), ui))
			f, _ := again.Vault()
			has(t, f, "a")
		}
		newer := []byte(`{"schema":2,"way":"x"}`)
		setBytes(t, path, newer)
		fails(t, fresh(s).Unlock(t.Context(), ui), fob.ErrDamaged, "newer version", "upgrade fob")
		fails(t, fresh(s).Restore(t.Context(), ui), fob.ErrDamaged, "newer version", "upgrade fob")
		unchanged(t, path, newer)
		setBytes(t, path, []byte(strings.Replace(string(good), method, "telepathy", 1)))
		fails(t, fresh(s).Unlock(t.Context(), ui), fob.ErrUsage, "telepathy", "passphrase, file")
	}
}

func TestPasswd(t *testing.T) {
	t.Parallel()
	s := New(testHome(t.TempDir()), []unlock.Method{passphrase.TestOnlyMethod()})
	fails(t, s.Passwd(t.Context(), unlocktest.Person()), fob.ErrNotFound, "no vault", "fob vault init")
	ok(t, s.EnsureUnlocked(t.Context(), unlocktest.Person()))
	addTo(t, s, "a")
	ui := unlocktest.Person()
	ui.AskFunc = func(_ context.Context, q fob.Question) (fob.Secret, error) {
		if q.Kind == fob.AskNewPhrase {
			return fob.NewSecret("new"), nil
		}
		return fob.NewSecret(unlocktest.Phrase), nil
	}
	ok(t, s.Passwd(t.Context(), ui))
	fails(t, New(s.home, []unlock.Method{passphrase.TestOnlyMethod()}).Unlock(t.Context(), unlocktest.Person()), fob.ErrLocked, "wrong passphrase", "fob unlock")
	ui.AskFunc = func(context.Context, fob.Question) (fob.Secret, error) { return fob.NewSecret("new"), nil }
	again := New(s.home, []unlock.Method{passphrase.TestOnlyMethod()})
	ok(t, again.Unlock(t.Context(), ui))
	f, _ := again.Vault()
	has(t, f, "a")

	other, _ := keeperStore(t)
	ok(t, other.EnsureUnlocked(t.Context(), ui))
	fails(t, other.Passwd(t.Context(), ui), fob.ErrUsage, "no passphrase", "fob vault passwd --unlock passphrase")
}

func TestChange(t *testing.T) {
	t.Parallel()
	k := &keeper{}
	s := New(testHome(t.TempDir()), append(testMethods(), k.method()))
	var told []string
	ui := unlocktest.Person()
	ui.TellFunc = func(_ context.Context, m string) { told = append(told, m) }
	fails(t, s.Change(t.Context(), "file", Options{}, ui), fob.ErrNotFound, "no vault", "fob vault init")
	_, err := s.Init(t.Context(), "passphrase", Options{}, ui)
	ok(t, err)
	addTo(t, s, "a")
	identity := s.identity
	exists := func(name string) bool { _, err := os.Stat(filepath.Join(s.home.DataDir, name)); return err == nil }

	// If a change fails, nothing has changed.
	fails(t, s.Change(t.Context(), "telepathy", Options{}, ui), fob.ErrUsage, "telepathy", "one of: ")
	fails(t, s.Change(t.Context(), "passphrase", Options{}, ui), fob.ErrConflict, "already", "fob vault passwd")
	fails(t, s.Change(t.Context(), "file", Options{}, fob.UI{}), fob.ErrLocked, "nobody is there", "fob unlock") // although the vault is open
	k.works = fob.Errorf(fob.ErrLocked, "no keeper").WithHint("fob vault init --unlock passphrase")
	fails(t, s.Change(t.Context(), "keeper", Options{}, ui), fob.ErrLocked, "no keeper", "fob vault passwd --unlock passphrase")
	k.works, k.fail = nil, fob.Errorf(fob.ErrLocked, "full")
	fails(t, s.Change(t.Context(), "keeper", Options{}, ui), fob.ErrLocked, "full", "")
	ok(t, fresh(s).Unlock(t.Context(), ui))
	k.fail = nil

	// To another method and back; each opens the vault alone, with the same identity.
	path := filepath.Join(t.TempDir(), "mine")
	for _, step := range []struct {
		method string
		opts   Options
		told   string
	}{
		{"file", Options{}, "in clear"},
		{"keeper", Options{}, ""},
		{"file", Options{IdentityFile: path}, "in clear"},
		{"file", Options{IdentityFile: path + "-2"}, "still in " + path},
		{"passphrase", Options{}, "still in " + path + "-2"},
		{"file", Options{}, "in clear"},
		{"file", Options{IdentityFile: path + "-3"}, "in clear"},
	} {
		told = nil
		ok(t, s.Change(t.Context(), step.method, step.opts, ui))
		if all := strings.Join(told, "; "); step.told == "" && all != "" || !strings.Contains(all, step.told) {
			t.Errorf("%s: told %q", step.method, all)
		}
		again := fresh(s)
		ok(t, again.Unlock(t.Context(), ui))
		f, _ := again.Vault()
		has(t, f, "a")
		if st := again.Status(t.Context()); st.Method != step.method || st.Problem != "" || !again.identity.Equal(identity) {
			t.Errorf("%s: %+v", step.method, st)
		}
		if exists("identity.txt") != (step.method == "file" && step.opts.IdentityFile == "") || exists("identity.age") != (step.method == "passphrase") {
			t.Errorf("%s: another method keeps the identity too", step.method)
		}
		if strings.Contains(string(bytesOf(t, metaPath(s.home))), "left") {
			t.Errorf("%s: %s", step.method, bytesOf(t, metaPath(s.home)))
		}
	}
}

// A change to the present method is refused, with a hint to what can be changed. A file with two
// names counts as one.
func TestChangeToTheSame(t *testing.T) {
	t.Parallel()
	ui := unlocktest.Person()
	s, _ := keeperStore(t)
	ok(t, s.EnsureUnlocked(t.Context(), ui))
	err := s.Change(t.Context(), "keeper", Options{}, ui)
	fails(t, err, fob.ErrConflict, "unlocked with keeper already", "fob vault status")
	if strings.Contains(fob.HintOf(err), "passphrase") {
		t.Error(fob.HintOf(err))
	}
	s = New(testHome(t.TempDir()), testMethods())
	_, err = s.Init(t.Context(), "file", Options{}, ui)
	ok(t, err)
	own := filepath.Join(s.home.DataDir, "identity.txt")
	dir := t.TempDir()
	linked, hard := filepath.Join(dir, "linked"), filepath.Join(dir, "hard")
	ok(t, os.Symlink(own, linked))
	ok(t, os.Link(own, hard))
	for _, path := range []string{"", own, s.home.DataDir + "/./identity.txt", linked, hard} {
		err := s.Change(t.Context(), "file", Options{IdentityFile: path}, ui)
		fails(t, err, fob.ErrConflict, "unlocked with file already", "fob vault passwd --unlock file --identity ANOTHER-PATH")
		ok(t, fresh(s).Unlock(t.Context(), ui))
	}
	fails(t, s.Change(t.Context(), "file", Options{IdentityFile: "relative"}, ui), fob.ErrUsage, "not an absolute path", "from the root")
	ok(t, fresh(s).Unlock(t.Context(), ui))
}

// If the caller leaves before the change was made, nothing has changed, and no other place has the
// identity.
func TestChangeThatIsCancelled(t *testing.T) {
	t.Parallel()
	k := &keeper{}
	slow := k.method()
	ctx, cancel := context.WithCancel(t.Context())
	keep := slow.Store
	slow.Store = func(ctx context.Context, env unlock.Env, identity fob.Secret) error {
		err := keep(ctx, env, identity)
		cancel()
		return err
	}
	s := New(testHome(t.TempDir()), append(testMethods(), slow))
	_, err := s.Init(t.Context(), "file", Options{}, unlocktest.Person())
	ok(t, err)
	fails(t, s.Change(ctx, "keeper", Options{}, unlocktest.Person()), context.Canceled, "", "")
	if st := fresh(s).Status(t.Context()); st.Method != "file" || st.Problem != "" || len(k.kept) != 0 {
		t.Errorf("%+v, %d kept", st, len(k.kept))
	}
	ok(t, fresh(s).Unlock(t.Context(), fob.UI{}))

	// Encrypting with a passphrase takes a while.
	for name, do := range map[string]func(ctx context.Context, s *Store, ui fob.UI) error{
		"change": func(ctx context.Context, s *Store, ui fob.UI) error {
			return s.Change(ctx, "passphrase", Options{}, ui)
		},
		"init": func(ctx context.Context, s *Store, ui fob.UI) error {
			_, err := New(testHome(t.TempDir()), s.methods).Init(ctx, "passphrase", Options{}, ui)
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		ui := unlocktest.Person()
		ui.AskFunc = func(context.Context, fob.Question) (fob.Secret, error) {
			cancel()
			return fob.NewSecret(unlocktest.Phrase), nil
		}
		if err := do(ctx, s, ui); !errors.Is(err, context.Canceled) {
			t.Error(name, err)
		}
		if _, err := os.Lstat(filepath.Join(s.home.DataDir, "identity.age")); err == nil {
			t.Error(name, "the identity is sealed")
		}
	}
	ok(t, fresh(s).Unlock(t.Context(), fob.UI{}))
}

// No secret and no identity is in clear in any file.
func TestNothingInClear(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := New(testHome(dir), testMethods())
	ok(t, s.EnsureUnlocked(t.Context(), unlocktest.Person()))
	addTo(t, s, "a")
	addTo(t, s, "b")
	c, err := s.Cache()
	ok(t, err)
	ok(t, put(c, "a"))
	n := 0
	ok(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		text := string(bytesOf(t, path))
		if info, _ := d.Info(); info.Mode().Perm()&0o077 != 0 || strings.Contains(text, marker) || strings.Contains(text, "SECRET-KEY") {
			t.Errorf("%s (%v)", path, info.Mode())
		}
		return nil
	}))
	if n < 5 {
		t.Errorf("only %d files", n)
	}
}

// A flipped byte right after the first secret was stored loses nothing.
func TestCopyOfTheFirstSecret(t *testing.T) {
	t.Parallel()
	s, _ := keeperStore(t)
	ui := unlocktest.Person()
	ok(t, s.EnsureUnlocked(t.Context(), ui))
	addTo(t, s, "a")
	raw := bytesOf(t, s.home.Vault())
	raw[len(raw)/2] ^= 1
	setBytes(t, s.home.Vault(), raw)
	again := fresh(s)
	fails(t, again.Unlock(t.Context(), ui), fob.ErrDamaged, "vault.age is damaged", "fob vault restore")
	ok(t, again.Restore(t.Context(), ui))
	ok(t, again.Unlock(t.Context(), ui))
	f, err := again.Vault()
	ok(t, err)
	has(t, f, "a")
}

// A file with another identity is not overwritten, and after that refusal it is not deleted either.
func TestChangeLeavesAnotherIdentity(t *testing.T) {
	t.Parallel()
	s := New(testHome(t.TempDir()), testMethods())
	ui := unlocktest.Person()
	_, err := s.Init(t.Context(), "passphrase", Options{}, ui)
	ok(t, err)
	path := filepath.Join(s.home.DataDir, "identity.txt")
	other := []byte(unlocktest.Identity(t).Reveal() + "\n")
	setBytes(t, path, other)
	for range 2 {
		fails(t, fresh(s).Change(t.Context(), "file", Options{}, ui), fob.ErrConflict, "another identity", "--identity ANOTHER-PATH")
		unchanged(t, path, other)
		ok(t, fresh(s).Unlock(t.Context(), ui))
	}
}
