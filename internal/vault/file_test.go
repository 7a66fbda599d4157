package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/flock"
	"pgregory.net/rapid"

	"fob/internal/fob"
	"fob/internal/vault/unlock/unlocktest"
)

func TestItems(t *testing.T) {
	t.Parallel()
	f, identity := newVault(t, "b", "a")
	has(t, f, "a", "b")
	_, err := f.Get("c")
	fails(t, err, fob.ErrNotFound, "there is no c in", "")
	again, err := reopen(t, f, identity)
	ok(t, err)
	has(t, again, "a", "b")
	ok(t, put(again, "c"))
	has(t, f, "a", "b", "c") // has reads the file again
	if g, _ := f.Generation(); g != 4 {
		t.Errorf("generation %d", g)
	}
	if info, err := os.Stat(f.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	_, err = createFile(f.path, filepath.Dir(f.lockPath), identity)
	fails(t, err, fob.ErrConflict, "exists already", "")
}

func TestUpdateThatChangesNothing(t *testing.T) {
	t.Parallel()
	f, _ := newVault(t, "a")
	before := bytesOf(t, f.path)
	ok(t, put(f, "a"))
	oops := errors.New("oops")
	err := f.Update(t.Context(), func(items map[string]fob.Secret) error {
		delete(items, "a")
		return oops
	})
	if err != oops {
		t.Error(err)
	}
	unchanged(t, f.path, before)
	for name, bad := range map[string]string{"": "x", "\xff": "x", "x": marker + "\xff"} {
		err := f.Update(t.Context(), func(items map[string]fob.Secret) error {
			items[name] = fob.NewSecret(bad)
			return nil
		})
		fails(t, err, fob.ErrUsage, "is not text", "")
	}
	unchanged(t, f.path, before)
	has(t, f, "a")
}

func TestLikeAMap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		id, err := NewIdentity()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprint(n))
		f, err := createFile(path, dir, id)
		if err != nil {
			t.Fatal(err)
		}
		model := map[string]string{}
		for range rapid.IntRange(1, 4).Draw(t, "updates") {
			err := f.Update(context.Background(), func(items map[string]fob.Secret) error {
				for range rapid.IntRange(0, 4).Draw(t, "edits") {
					name := rapid.SampledFrom([]string{"a", "b", "é/ü", "<&>\u2028", "\x00"}).Draw(t, "name")
					if rapid.Bool().Draw(t, "delete") {
						delete(items, name)
						delete(model, name)
						continue
					}
					model[name] = rapid.StringMatching(`(?s).{0,40}`).Draw(t, "value")
					items[name] = fob.NewSecret(model[name])
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "reopen") {
				if f, err = openFile(path, dir, id); err != nil {
					t.Fatal(err)
				}
			}
			names, err := f.Names()
			if err != nil || len(names) != len(model) {
				t.Fatal(names, err)
			}
			for name, want := range model {
				if have, err := f.Get(name); err != nil || have.Reveal() != want {
					t.Fatalf("%q: %q, %v", name, have.Reveal(), err)
				}
			}
		}
	})
}

func TestWrongIdentity(t *testing.T) {
	t.Parallel()
	f, _ := newVault(t, "a")
	before := bytesOf(t, f.path)
	_, err := reopen(t, f, unlocktest.Identity(t))
	fails(t, err, fob.ErrLocked, f.path+" is sealed to another identity", "fob vault status")
	_, err = reopen(t, f, fob.NewSecret(marker))
	fails(t, err, fob.ErrDamaged, "not an age identity", "")
	_, err = openFile(f.path+"x", filepath.Dir(f.lockPath), unlocktest.Identity(t))
	fails(t, err, fob.ErrNotFound, "does not exist", "")
	unchanged(t, f.path, before)
}

// Every kind of damage (flipped bits, truncation, appended bytes, and more) is detected, quickly
// and with little memory.
func TestEveryDamage(t *testing.T) {
	t.Parallel()
	f, identity := newVault(t, "a", "b")
	whole := bytesOf(t, f.path)
	try := func(name string, damaged []byte) {
		t.Helper()
		setBytes(t, f.path, damaged)
		_, err := reopen(t, f, identity)
		fails(t, err, fob.ErrDamaged, f.path+" is damaged", "fob vault restore, which puts "+f.path+".bak")
		if _, err := f.Get("a"); !errors.Is(err, fob.ErrDamaged) && !bytes.Equal(damaged[:min(256, len(damaged))], whole[:256]) {
			t.Errorf("%s: an open vault gives %v", name, err)
		}
		unchanged(t, f.path, damaged)
	}
	for i := range whole {
		try("cut", whole[:i])
		for _, mask := range []byte{0x01, 0x20, 0x80} {
			flipped := bytes.Clone(whole)
			flipped[i] ^= mask
			try(fmt.Sprint("flipped ", i), flipped)
		}
	}
	try("longer", append(bytes.Clone(whole), 'x'))
	try("twice", append(bytes.Clone(whole), whole...))
	try("zeros", make([]byte, len(whole)))
	try("text", []byte("hello\n"))
	damaged := bytesOf(t, f.path)
	fails(t, put(f, "c"), fob.ErrDamaged, "is damaged", "fob vault restore")
	unchanged(t, f.path, damaged)
	setBytes(t, f.path, whole)
	has(t, f, "a", "b")
}

// A large vault has several chunks; a file cut off between two of them must be refused.
func TestCutBetweenChunks(t *testing.T) {
	t.Parallel()
	k := testKey(t)
	doc := document{vault: "v", generation: 1, items: map[string]fob.Secret{"a": fob.NewSecret(strings.Repeat("x", 200_000))}}
	sealed, err := k.seal(doc)
	ok(t, err)
	const chunk = 64<<10 + 16
	header := bytes.Index(sealed, []byte("\n---")) + 4 + 1 + 43 + 1 + 16
	for n := range 4 {
		for _, off := range []int{-1, 0, 1} {
			if _, err := k.open(sealed[:header+n*chunk+off]); err == nil {
				t.Errorf("cut at chunk %d%+d it opens", n, off)
			}
		}
	}
}

func TestNewerSchema(t *testing.T) {
	t.Parallel()
	f, identity := newVault(t, "a")
	newer := sealText(t, f.key, `{"schema":2,"vault":"`+f.doc.vault+`","generation":9,"things":[]}`)
	setBytes(t, f.path, newer)
	_, err := reopen(t, f, identity)
	fails(t, err, fob.ErrDamaged, "written by a newer version of fob and is left as it is", "upgrade fob")
	fails(t, put(f, "b"), fob.ErrDamaged, "newer version", "upgrade fob")
	_, err = Restore(t.Context(), f.path, filepath.Dir(f.lockPath), identity)
	fails(t, err, fob.ErrDamaged, "", "")
	unchanged(t, f.path, newer)
}

func TestRollback(t *testing.T) {
	t.Parallel()
	f, identity := newVault(t, "a")
	older := bytesOf(t, f.path)
	ok(t, put(f, "b"))
	setBytes(t, f.path, older)
	_, err := f.Get("a")
	fails(t, err, fob.ErrConflict, "was put back to an older copy (generation 2, it was at 3)", "fob agent stop")
	fails(t, put(f, "c"), fob.ErrConflict, "older copy", "")
	unchanged(t, f.path, older)
	again, err := reopen(t, f, identity) // a process that has not read the file before
	ok(t, err)
	has(t, again, "a")
}

func TestAnotherVaultInItsPlace(t *testing.T) {
	t.Parallel()
	f, identity := newVault(t, "a", "b")
	other := filepath.Join(t.TempDir(), "vault.age")
	_, err := createFile(other, filepath.Dir(f.lockPath), identity)
	ok(t, err)
	setBytes(t, f.path, bytesOf(t, other))
	_, err = f.Get("a")
	fails(t, err, fob.ErrDamaged, "is another vault", "fob vault restore")
	ok(t, os.Remove(f.path))
	_, err = f.Get("a")
	fails(t, err, fob.ErrDamaged, "is gone", "fob vault restore")
}

func TestRestore(t *testing.T) {
	t.Parallel()
	f, identity := newVault(t, "a")
	older := bytesOf(t, f.path)
	ok(t, put(f, "b"))
	setBytes(t, f.path+".bak", older)
	restore := func() (Restored, error) {
		return Restore(t.Context(), f.path, filepath.Dir(f.lockPath), identity)
	}
	// A backup copy that is one change behind, because the last writer was killed, is exchanged
	// with the file, and back.
	for _, names := range [][]string{{"a"}, {"a", "b"}} {
		_, err := restore()
		ok(t, err)
		has(t, f, names...) // an open vault accepts it, since its generation is higher
	}
	damaged := []byte(marker)
	for _, kept := range []string{".damaged-1", ".damaged-2"} {
		setBytes(t, f.path, damaged)
		done, err := restore()
		ok(t, err)
		if done.Kept != f.path+kept || done.Items != 1 {
			t.Error(done)
		}
		unchanged(t, done.Kept, damaged)
		has(t, f, "a")
	}
	setBytes(t, f.path, damaged)
	setBytes(t, f.path+".bak", damaged)
	_, err := restore()
	fails(t, err, fob.ErrDamaged, "there is no good copy "+f.path+".bak", "from your backups")
	unchanged(t, f.path, damaged)
	_, err = reopen(t, f, identity)
	fails(t, err, fob.ErrDamaged, "is damaged", "there is no good "+f.path+".bak")
}

func TestSymbolicLink(t *testing.T) {
	t.Parallel()
	f, identity := newVault(t)
	link := filepath.Join(t.TempDir(), "vault.age")
	ok(t, os.Symlink(f.path, link))
	through, err := openFile(link, filepath.Dir(f.lockPath), identity)
	ok(t, err)
	ok(t, put(through, "a"))
	if info, _ := os.Lstat(link); info.Mode().Type() != os.ModeSymlink {
		t.Error("the link was replaced")
	}
	has(t, f, "a")
}

func TestLeftoversAreRemoved(t *testing.T) {
	t.Parallel()
	f, _ := newVault(t, "a")
	left := filepath.Join(filepath.Dir(f.path), ".vault.age.tmp-123")
	other := filepath.Join(filepath.Dir(f.path), ".vault.age.mine")
	setBytes(t, left, nil)
	setBytes(t, other, nil)
	ok(t, put(f, "b"))
	if _, err := os.Stat(left); err == nil {
		t.Error("still there")
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
}

func TestAWriterThatHangs(t *testing.T) {
	t.Parallel()
	f, _ := newVault(t, "a")
	held := flock.New(f.lockPath)
	if got, err := held.TryLock(); !got {
		t.Fatal(err)
	}
	defer held.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := f.Update(ctx, func(map[string]fob.Secret) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 1)
	defer cancel()
	fails(t, f.Update(ctx, nil), fob.ErrConflict, "another process of fob is writing", "fob agent stop")
	has(t, f, "a")
}

func TestClosed(t *testing.T) {
	t.Parallel()
	f, _ := newVault(t, "a")
	f.close()
	_, err := f.Get("a")
	fails(t, err, fob.ErrLocked, "is locked", "fob unlock")
	fails(t, put(f, "b"), fob.ErrLocked, "is locked", "fob unlock")
	if f.doc.items != nil || f.key != nil {
		t.Error("something is kept")
	}
}

func TestManyWritersInOneProcess(t *testing.T) {
	t.Parallel()
	f, identity := newVault(t)
	second, err := reopen(t, f, identity)
	ok(t, err)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			mine := []*File{f, second}[n%2]
			for i := range 5 {
				name := fmt.Sprintf("%d-%d", n, i)
				if err := put(mine, name); err != nil {
					t.Error(err)
				}
				if v, err := mine.Get(name); err != nil || !v.Equal(value(name)) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	names, err := f.Names()
	if g, _ := second.Generation(); err != nil || len(names) != 40 || g != 41 {
		t.Error(len(names), g, err)
	}
}

func TestManyProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ok(t, helper("init", []string{dir, "file"}))
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			args := []string{"helper", "add", dir}
			for i := range 10 {
				args = append(args, fmt.Sprintf("%d-%d", n, i))
			}
			if out, err := exec.CommandContext(t.Context(), os.Args[0], args...).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	f := openDir(t, dir)
	names, _ := f.Names()
	if g, err := f.Generation(); err != nil || g != 41 || len(names) != 40 {
		t.Error(len(names), g, err)
	}
}

// openDir opens the vault of a test home with the method file.
func openDir(t testing.TB, dir string) *File {
	t.Helper()
	home := testHome(dir)
	f, err := openFile(home.Vault(), home.Locks(), fob.NewSecret(string(bytesOf(t, filepath.Join(dir, "identity.txt")))))
	ok(t, err)
	return f
}
