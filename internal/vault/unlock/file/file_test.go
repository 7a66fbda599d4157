package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
	"fob/internal/vault/unlock/unlocktest"
	"fob/test/skip"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	unlocktest.Run(t, func(t *testing.T) (unlock.Method, unlock.Env) {
		return Method(), unlock.Env{Dir: t.TempDir(), Label: "a", UI: unlocktest.Person()}
	})
}

func TestOthersMayNotReadIt(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		skip.Because(t, skip.Windows)
	}
	p := filepath.Join(t.TempDir(), "id")
	env := unlock.Env{Options: unlock.Options{IdentityFile: p}}
	text := "# created: 2026\n# public key: age1…\n" + unlocktest.Identity(t).Reveal() + "\n"
	for mode, good := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o610: false} {
		_ = os.Remove(p)
		if err := errors.Join(os.WriteFile(p, []byte(text), 0o600), os.Chmod(p, mode)); err != nil {
			t.Fatal(err)
		}
		_, err := load(t.Context(), env)
		if good && err != nil || !good && (!errors.Is(err, fob.ErrLocked) || fob.HintOf(err) != "chmod 600 "+p) {
			t.Errorf("%o: %v, hint %q", mode, err, fob.HintOf(err))
		}
	}
}

func TestWhatItRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := unlocktest.Identity(t).Reveal()
	for name, text := range map[string]string{
		"empty": "", "comment": "# nothing\n", "junk": "\x00\xff", "two": secret + "\n" + unlocktest.Identity(t).Reveal(),
		"cut": secret[:len(secret)-1], "public": "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsqqqqqq",
	} {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil { // as readable as /etc/passwd must be
			t.Fatal(err)
		}
		_, err := load(t.Context(), unlock.Env{Options: unlock.Options{IdentityFile: p}})
		if strings.Contains(fob.HintOf(err), "chmod") {
			t.Errorf("%s: the hint is %q", name, fob.HintOf(err))
		}
		if !errors.Is(err, fob.ErrDamaged) || !strings.Contains(err.Error(), p) || strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for p, kind := range map[string]error{"relative/id": fob.ErrUsage, dir: fob.ErrLocked} {
		if _, err := load(t.Context(), unlock.Env{Options: unlock.Options{IdentityFile: p}}); !errors.Is(err, kind) {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestDoesNotReplaceAnother(t *testing.T) {
	t.Parallel()
	var told string
	env := unlock.Env{Dir: t.TempDir(), UI: fob.UI{TellFunc: func(_ context.Context, s string) { told = s }}}
	first := unlocktest.Identity(t)
	if err := store(t.Context(), env, first); err != nil || !strings.Contains(told, "in clear") {
		t.Fatal(err, told)
	}
	if err := store(t.Context(), env, first); err != nil {
		t.Error("the same again:", err)
	}
	if err := store(t.Context(), env, unlocktest.Identity(t)); !errors.Is(err, fob.ErrConflict) {
		t.Error(err)
	}
	if have, err := load(t.Context(), env); err != nil || !have.Equal(first) {
		t.Error("the first is gone:", err)
	}
}
