package passphrase

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fob"
	"fob/internal/vault/unlock"
	"fob/internal/vault/unlock/unlocktest"
	"fob/test/skip"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	unlocktest.Run(t, func(t *testing.T) (unlock.Method, unlock.Env) {
		return TestOnlyMethod(), unlock.Env{Dir: t.TempDir(), Label: "a", UI: unlocktest.Person()}
	})
}

// types answers with the phrases in turn, and records the questions.
func types(asked *[]fob.Question, phrases ...string) fob.UI {
	return fob.UI{AskFunc: func(_ context.Context, q fob.Question) (fob.Secret, error) {
		*asked = append(*asked, q)
		if len(phrases) == 0 {
			return fob.Secret{}, fob.ErrCancelled
		}
		p := phrases[0]
		phrases = phrases[1:]
		return fob.NewSecret(p), nil
	}}
}

func stored(t *testing.T, m unlock.Method) (unlock.Env, fob.Secret) {
	t.Helper()
	env := unlock.Env{Dir: t.TempDir(), UI: unlocktest.Person()}
	identity := unlocktest.Identity(t)
	if err := m.Store(t.Context(), env, identity); err != nil {
		t.Fatal(err)
	}
	return env, identity
}

func TestThreeTries(t *testing.T) {
	t.Parallel()
	m := TestOnlyMethod()
	env, identity := stored(t, m)
	var asked []fob.Question
	env.UI = types(&asked, "no", "", unlocktest.Phrase)
	have, err := m.Load(t.Context(), env)
	if err != nil || !have.Equal(identity) || len(asked) != 3 {
		t.Fatal(err, asked)
	}
	if q := asked[0]; q.Kind != fob.AskPassphrase || !q.Hidden || strings.Contains(q.Prompt, "wrong") || !strings.Contains(asked[1].Prompt, "wrong") {
		t.Error(asked)
	}
	asked = nil
	env.UI = types(&asked, "a", "b", "c", unlocktest.Phrase)
	if _, err := m.Load(t.Context(), env); !errors.Is(err, fob.ErrLocked) || err.Error() != "wrong passphrase" || fob.HintOf(err) == "" || len(asked) != 3 {
		t.Error(err, asked)
	}
	env.UI = types(&asked)
	if _, err := m.Load(t.Context(), env); !errors.Is(err, fob.ErrCancelled) {
		t.Error(err)
	}
}

// A script that has only a wrong passphrase gets "wrong passphrase" and not "nobody there to ask".
func TestOneWrongAnswer(t *testing.T) {
	t.Parallel()
	m := TestOnlyMethod()
	env, _ := stored(t, m)
	for name, do := range map[string]func(context.Context, unlock.Env) error{
		"load":   func(ctx context.Context, env unlock.Env) error { _, err := m.Load(ctx, env); return err },
		"change": m.Change,
	} {
		answers := 1
		env.UI = fob.UI{AskFunc: func(context.Context, fob.Question) (fob.Secret, error) {
			if answers--; answers < 0 {
				return fob.Secret{}, fob.ErrNobody
			}
			return fob.NewSecret("no"), nil
		}}
		err := do(t.Context(), env)
		if fob.OutcomeOf(err).Kind != fob.ErrLocked || err.Error() != "wrong passphrase" || !strings.Contains(fob.HintOf(err), "--passphrase-stdin") {
			t.Errorf("%s: %v, hint %q", name, err, fob.HintOf(err))
		}
		answers = 0
		if err := do(t.Context(), env); !errors.Is(err, fob.ErrNobody) || !strings.Contains(err.Error(), "nobody is there") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Guessing through an agent becomes slower, up to a limit; a right passphrase resets that.
func TestGuessingGetsSlower(t *testing.T) {
	t.Parallel()
	m := TestOnlyMethod()
	env, identity := stored(t, m)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var asked []fob.Question
		for range 4 {
			env.UI = types(&asked, "a", "b", "c")
			if _, err := m.Load(t.Context(), env); !errors.Is(err, fob.ErrLocked) {
				t.Error(err)
			}
		}
		// The first three attempts are not delayed, then 1, 2, 4, 8, 16, 30, 30, 30, 30 seconds.
		if d := time.Since(start); d != 151*time.Second {
			t.Errorf("12 wrong ones took %v", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		env.UI = types(&asked, unlocktest.Phrase)
		if _, err := m.Load(ctx, env); !errors.Is(err, context.DeadlineExceeded) {
			t.Error("a caller in a hurry:", err)
		}
		for range 2 {
			start = time.Now()
			env.UI = types(&asked, unlocktest.Phrase)
			if have, err := m.Load(t.Context(), env); err != nil || !have.Equal(identity) {
				t.Error(err)
			}
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("after the right one the next took %v", d)
		}
	})
}

func TestChange(t *testing.T) {
	t.Parallel()
	m := TestOnlyMethod()
	env, identity := stored(t, m)
	before, _ := os.ReadFile(path(env))
	var asked []fob.Question
	env.UI = types(&asked, "no", "no", "no")
	if err := m.Change(t.Context(), env); !errors.Is(err, fob.ErrLocked) {
		t.Error(err)
	}
	env.UI = types(&asked, unlocktest.Phrase, "")
	if err := m.Change(t.Context(), env); !errors.Is(err, fob.ErrUsage) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	env.UI = fob.UI{AskFunc: func(_ context.Context, q fob.Question) (fob.Secret, error) {
		if q.Kind == fob.AskNewPhrase {
			cancel() // Ctrl-C right after typing
		}
		return fob.NewSecret(unlocktest.Phrase), nil
	}}
	if err := m.Change(ctx, env); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if now, _ := os.ReadFile(path(env)); !bytes.Equal(before, now) {
		t.Error("a change that failed changed the file")
	}
	env.UI = types(&asked, unlocktest.Phrase, "another")
	if err := TestOnlyMethod().Change(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	env.UI = types(&asked, "another")
	if have, err := TestOnlyMethod().Load(t.Context(), env); err != nil || !have.Equal(identity) {
		t.Error(err)
	}
	env.UI = types(&asked, unlocktest.Phrase)
	if _, err := TestOnlyMethod().Load(t.Context(), env); err == nil {
		t.Error("the old passphrase still opens")
	}
	if names, _ := filepath.Glob(filepath.Join(env.Dir, "*")); len(names) != 1 {
		t.Error("copies were left:", names)
	}
}

func TestStoreKeepsAnOlderIdentity(t *testing.T) {
	t.Parallel()
	m := TestOnlyMethod()
	env, _ := stored(t, m)
	old, _ := os.ReadFile(path(env))
	if err := m.Store(t.Context(), env, unlocktest.Identity(t)); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(path(env) + ".old-1"); err != nil || !bytes.Equal(kept, old) {
		t.Error("the older identity is gone:", err)
	}
}

// A damaged file gives an error, without a panic or excessive memory. A flipped bit in the
// encrypted key cannot be told from a wrong passphrase.
func TestDamage(t *testing.T) {
	t.Parallel()
	env, identity := stored(t, TestOnlyMethod())
	whole, _ := os.ReadFile(path(env))
	m := build(2)
	check := func(name string, damaged []byte) {
		t.Helper()
		if err := os.WriteFile(path(env), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		var asked []fob.Question
		env.UI = types(&asked, unlocktest.Phrase)
		have, err := m.Load(t.Context(), env)
		known := errors.Is(err, fob.ErrDamaged) || errors.Is(err, fob.ErrCancelled) // cancelled: it asked again
		if !known || !have.IsZero() || strings.Contains(err.Error(), identity.Reveal()) {
			t.Errorf("%s: %v", name, err)
		}
		m = build(2) // without delays
	}
	for i := range whole {
		flipped := bytes.Clone(whole)
		flipped[i] ^= 0x20
		check("flipped", flipped)
		check("cut", whole[:i])
	}
	check("longer", append(bytes.Clone(whole), 0))
	check("large", make([]byte, limit+1))
	for _, work := range []string{"21", "22", "31", "2147483648", "99999999999999999999"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		check("work factor "+work, bytes.Replace(whole, []byte(" 2\n"), []byte(" "+work+"\n"), 1))
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<30 { // scrypt takes 2 GiB for the least of these
			t.Errorf("work factor %s was worked on with %d MiB", work, took>>20)
		}
	}
}

// Plain age opens the encrypted identity of the real method.
func TestStockAge(t *testing.T) {
	t.Parallel()
	skip.Need(t, "age", "script")
	env, identity := stored(t, Method())
	sealed, _ := os.ReadFile(path(env))
	if !bytes.Contains(sealed, []byte(" 18\n")) {
		t.Errorf("the work factor is not 18: %.60q", sealed)
	}
	out := filepath.Join(env.Dir, "out")
	cmd := exec.CommandContext(t.Context(), "script", "-qec", "age -d -o '"+out+"' '"+path(env)+"'", "/dev/null")
	cmd.Stdin = strings.NewReader(unlocktest.Phrase + "\n")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if text, _ := os.ReadFile(out); strings.TrimSpace(string(text)) != identity.Reveal() {
		t.Error("age decrypts something else")
	}
}
