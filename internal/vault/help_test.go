package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
	"fob/internal/vault/unlock/file"
	"fob/internal/vault/unlock/passphrase"
	"fob/internal/vault/unlock/unlocktest"
)

const marker = unlocktest.Marker

// TestMain also runs as the program that tests start, to kill it or to have several writers.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "helper" {
		runtime.LockOSThread() // strace counts system calls for each thread
		if err := helper(os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// helper performs one operation on the vault in a directory.
func helper(verb string, args []string) error {
	dir := args[0]
	store := New(testHome(dir), testMethods())
	ctx, ui := context.Background(), unlocktest.Person()
	switch verb {
	case "init":
		_, err := store.Init(ctx, args[1], Options{}, ui)
		return err
	case "passwd":
		return store.Passwd(ctx, ui)
	case "change":
		return store.Change(ctx, args[1], Options{}, ui)
	case "restore":
		return store.Restore(ctx, ui)
	}
	identity, err := os.ReadFile(filepath.Join(dir, file.Name))
	if err != nil {
		return err
	}
	f, err := openFile(store.home.Vault(), store.home.Locks(), fob.NewSecret(string(identity)))
	if err != nil {
		return err
	}
	for _, name := range args[1:] { // "add"
		if err := put(f, name); err != nil {
			return err
		}
	}
	return nil
}

func testMethods() []unlock.Method {
	return []unlock.Method{passphrase.TestOnlyMethod(), file.Method()}
}

func testHome(dir string) fob.Home {
	return fob.Home{ConfigDir: dir, DataDir: dir, StateDir: dir, RunDir: filepath.Join(dir, "run")}
}

func value(name string) fob.Secret { return fob.NewSecret(marker + "-" + name) }

func put(f *File, name string) error {
	return f.Update(context.Background(), func(items map[string]fob.Secret) error {
		items[name] = value(name)
		return nil
	})
}

func testKey(t testing.TB) *key {
	t.Helper()
	k, err := newKey(unlocktest.Identity(t))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// newVault makes a file with items.
func newVault(t testing.TB, names ...string) (*File, fob.Secret) {
	t.Helper()
	dir := t.TempDir()
	identity := unlocktest.Identity(t)
	f, err := createFile(filepath.Join(dir, "vault.age"), filepath.Join(dir, "locks"), identity)
	ok(t, err)
	for _, name := range names {
		ok(t, put(f, name))
	}
	return f, identity
}

func reopen(t testing.TB, f *File, identity fob.Secret) (*File, error) {
	t.Helper()
	return openFile(f.path, filepath.Dir(f.lockPath), identity)
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v (hint: %s)", err, fob.HintOf(err))
	}
}

// fails checks an error's kind and parts of its text and hint, and that it contains no secret.
func fails(t testing.TB, err, kind error, text, hint string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), text) || !strings.Contains(fob.HintOf(err), hint) {
		t.Errorf("%v (hint: %s), want %v, %q, %q", err, fob.HintOf(err), kind, text, hint)
	}
	if err != nil && strings.Contains(err.Error()+fob.HintOf(err), marker) {
		t.Error("the error has a secret in it")
	}
}

func has(t testing.TB, f *File, names ...string) {
	t.Helper()
	have, err := f.Names()
	ok(t, err)
	if strings.Join(have, " ") != strings.Join(names, " ") {
		t.Errorf("there are %q, want %q", have, names)
	}
	for _, name := range names {
		if v, err := f.Get(name); err != nil || !v.Equal(value(name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func bytesOf(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	ok(t, err)
	return data
}

func setBytes(t testing.TB, path string, data []byte) {
	t.Helper()
	ok(t, os.WriteFile(path, data, 0o600))
}

func unchanged(t testing.TB, path string, data []byte) {
	t.Helper()
	if !bytes.Equal(bytesOf(t, path), data) {
		t.Errorf("%s was changed", path)
	}
}

// createFile makes the file of a new vault.
func createFile(path, lockDir string, identity fob.Secret) (*File, error) {
	return create(path, lockDir, identity, newID(), true)
}

// openFile opens a file, whatever its vault's id.
func openFile(path, lockDir string, identity fob.Secret) (*File, error) {
	return open(path, lockDir, identity, "", true)
}
