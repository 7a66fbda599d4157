package adopt

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fob/internal/directory"
	"fob/internal/draft"
	"fob/internal/fob"
	"fob/internal/principal/all"
	"fob/internal/profile"
)

// memory is a vault that is not on disk. It keeps what it held after each update.
type memory struct {
	items map[string]fob.Secret
	past  []map[string]fob.Secret
}

func newMemory() *memory { return &memory{items: map[string]fob.Secret{}} }

func (m *memory) Get(name string) (fob.Secret, error) {
	if s, ok := m.items[name]; ok {
		return s, nil
	}
	return fob.Secret{}, fob.Errorf(fob.ErrNotFound, "there is no %s", name)
}

func (m *memory) Names() ([]string, error) { return slices.Sorted(maps.Keys(m.items)), nil }

func (m *memory) Update(_ context.Context, edit func(map[string]fob.Secret) error) error {
	next := maps.Clone(m.items)
	if err := edit(next); err != nil {
		return err
	}
	m.items = next
	m.past = append(m.past, next)
	return nil
}

func (m *memory) size() (n int) {
	for _, s := range m.items {
		n += len(s.Reveal())
	}
	return n
}

// fatal is what tests and their properties have in common.
type fatal interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// person is a home with a vault.
type person struct {
	t fatal
	Mover
	paths fob.Paths
	own   string
	vault *memory
	exe   string // the path of fob
}

func newPerson(t fatal, dir string) *person {
	home, err := fob.HomeFrom(func(string) string { return filepath.Join(dir, "fob") })
	if err == nil {
		err = home.MakeDirs()
	}
	if err != nil {
		t.Fatal(err)
	}
	files := profile.New(home, all.Kinds(), directory.NewStore(home))
	return &person{t, Mover{home, all.Kinds(), files}, fob.Paths{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")},
		home.Config(), newMemory(), "/bin/fob"}
}

// state is what the three files hold.
type state struct{ own, config, credentials string }

func (p *person) read() (s state) {
	for path, to := range map[string]*string{p.own: &s.own, p.paths.Config: &s.config, p.paths.Credentials: &s.credentials} {
		data, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			p.t.Fatal(err)
		}
		*to = string(data)
	}
	return s
}

func (p *person) write(s state) {
	p.t.Helper()
	for path, text := range map[string]string{p.own: s.own, p.paths.Config: s.config, p.paths.Credentials: s.credentials} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *person) adopt(names ...string) *draft.Change {
	p.t.Helper()
	m, err := p.Adopt(names, p.paths, p.exe, p.vault)
	if err == nil && m.Changes() {
		err = m.Apply(context.Background())
	}
	if err != nil {
		p.t.Fatalf("adopt %v: %v", names, err)
	}
	return m
}

func (p *person) release(names ...string) {
	p.t.Helper()
	m, err := p.Release(names, p.paths, p.vault)
	if err == nil {
		err = m.Apply(context.Background())
	}
	if err != nil {
		p.t.Fatalf("release %v: %v\n%+v", names, err, p.read())
	}
}

func secretOf(id string) string { return strings.Repeat(id[len(id)-4:], 10) }

func keys(id string) string {
	return fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", id, secretOf(id))
}

func keyID(i int) string { return fmt.Sprintf("AKIAIOSFODNN%08d", i) }

// many is somebody with n profiles, all roles in the config file, or all users in the
// credentials file.
func many(n int, roles bool) (s state, names []string) {
	var config, credentials strings.Builder
	credentials.WriteString("# mine\n[bot]\n" + keys(keyID(0)))
	for i := range n {
		name := fmt.Sprintf("team%03d-role%02d", i/20, i%20)
		names = append(names, name)
		if roles {
			fmt.Fprintf(&config, "\n[profile %s]\nregion = eu-west-1\nrole_arn = arn:aws:iam::111122223333:role/Deploy\n# why\nsource_profile = bot\n", name)
		} else {
			fmt.Fprintf(&credentials, "\n# %d\n[%s]\n%s", i, name, keys(keyID(i+1)))
		}
	}
	return state{config: config.String(), credentials: credentials.String()}, append(names, "bot")
}

// Adopting and releasing a profile costs the same among two thousand as among two
// hundred, in work and in the vault; also when somebody has edited the files, and
// when all of it was cut short before.
func TestCostOfAProfile(t *testing.T) {
	for _, roles := range []bool{true, false} {
		cost := func(n int) (work, size float64) {
			p := newPerson(t, t.TempDir())
			s, names := many(n, roles)
			p.write(s)
			before := mallocs()
			p.adopt()
			work += mallocs() - before
			size = float64(p.vault.size()) / float64(n)
			adopted := p.read()
			p.write(state{adopted.own, s.config, s.credentials}) // as if killed there
			before = mallocs()
			p.adopt()
			work += mallocs() - before
			if p.read() != adopted {
				t.Fatal("adopting again leads elsewhere")
			}
			p.write(state{adopted.own, adopted.config + "# more\n", adopted.credentials + "\n[later]\nregion = x\n"})
			before = mallocs()
			p.release(names[:n/2]...)
			p.write(state{p.read().own, strings.Replace(p.read().config, "# more\n", "", 1), strings.Replace(p.read().credentials, "\n[later]\nregion = x\n", "", 1)})
			p.release(names[n/2:]...)
			work += mallocs() - before
			if p.read() != s || len(p.vault.items) > 0 {
				t.Fatalf("not as before: %d items\n%.400s", len(p.vault.items), p.read().credentials)
			}
			return work / float64(n), size
		}
		fewWork, fewSize := cost(200)
		work, size := cost(2000)
		t.Logf("roles: %v; a profile costs %.0f allocations, %.0f bytes of vault; among ten times as many %.0f, %.0f", roles, fewWork, fewSize, work, size)
		if work > 1.5*fewWork || size > 1.2*fewSize {
			t.Error("it costs more among many")
		}
	}
}

func mallocs() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Mallocs)
}

// Adopted in several runs and released in several, in whatever order, the files are
// as before, byte for byte.
func TestAnyRunsInAnyOrder(t *testing.T) {
	dir := t.TempDir()
	homes := 0
	rapid.Check(t, func(t *rapid.T) {
		homes++
		p := newPerson(t, filepath.Join(dir, fmt.Sprint(homes)))
		p.exe = rapid.SampledFrom([]string{"/bin/fob", "/opt/a b/fob", "/opt/my credentials here/fob", `C:\Program Files\fob.exe`}).Draw(t, "exe")
		var s state
		var names []string
		for i := range rapid.IntRange(1, 14).Draw(t, "n") {
			name := fmt.Sprintf("p%d", i)
			names = append(names, name)
			gap := rapid.SampledFrom([]string{"\n", "\n", "", "\n# about it\n", "# note\n\n"}).Draw(t, "gap")
			switch rapid.IntRange(0, 3).Draw(t, "where") {
			case 0:
				s.config += gap + "[profile " + name + "]\nregion = x\n" + keys(keyID(i))
			case 1:
				s.config += gap + "[profile " + name + "]\nrole_arn = arn:aws:iam::111122223333:role/Deploy\n# note\nsource_profile = base\n"
			case 2:
				s.credentials += gap + "[" + name + "]\n" + keys(keyID(i)) + "# its end\n"
			default:
				s.config += gap + "[profile " + name + "]\noutput = json\n"
				s.credentials += gap + "[" + name + "]\n" + keys(keyID(i))
			}
		}
		s.credentials += "[base]\n" + keys(keyID(99))
		if rapid.Bool().Draw(t, "no end") {
			s.config = strings.TrimSuffix(s.config, "\n")
		}
		p.write(s)
		for _, some := range groups(t, names) {
			p.adopt(some...)
		}
		if again := p.adopt(names...); again.Changes() {
			t.Fatalf("fob does not recognise its own lines:\n%s", again.Diff)
		}
		for _, some := range groups(t, names) {
			p.release(some...)
		}
		if got := p.read(); got != s || len(p.vault.items) > 0 {
			t.Fatalf("%d items\n%q\n%q\n%q\n%q", len(p.vault.items), s.config, got.config, s.credentials, got.credentials)
		}
	})
}

func groups(t *rapid.T, names []string) (out [][]string) {
	rest := rapid.Permutation(names).Draw(t, "order")
	for len(rest) > 0 {
		n := rapid.IntRange(1, len(rest)).Draw(t, "group")
		out, rest = append(out, rest[:n]), rest[n:]
	}
	return out
}

// A key that replaces an adopted one is taken over, or not yet, wherever that stops:
// it works, the next run finishes, and the release restores what was typed.
func TestNewKeyWhereverItStops(t *testing.T) {
	old, now := keyID(1), keyID(2)
	line := "credential_process = /bin/fob credentials me\n"
	for what, c := range map[string]struct{ first, typed, released state }{
		"credentials": {
			state{credentials: "[me]\n" + keys(old) + "\n[bot]\n" + keys(keyID(3))},
			state{config: "[profile me]\n" + line, credentials: "\n[me]\n" + keys(now)},
			state{credentials: "\n[me]\n" + keys(now)},
		},
		"config": {
			state{config: "[profile me]\n" + keys(old) + "# more\nregion = x\n"},
			state{config: "[profile me]\n# more\nregion = x\n" + line + keys(now)},
			state{config: "[profile me]\n" + keys(now) + "# more\nregion = x\n"},
		},
	} {
		t.Run(what, func(t *testing.T) {
			for stop := range 5 {
				p := newPerson(t, t.TempDir())
				p.write(c.first)
				p.adopt("me")
				before := p.read()
				before.config, before.credentials = c.typed.config, c.typed.credentials
				p.write(before)
				p.vault.past = nil
				p.adopt("me")
				after := p.read()
				if strings.Contains(after.config+after.credentials, "access_key") || !strings.Contains(after.own, now) {
					t.Fatalf("%+v", after)
				}
				if stop < 4 { // before the old secret goes, and so many files are written
					p.vault.items = p.vault.past[0]
				}
				at := before
				for i, to := range []func(){func() { at.own = after.own }, func() { at.config = after.config }, func() { at.credentials = after.credentials }} {
					if i < stop {
						to()
					}
				}
				p.write(at)
				def, err := p.Files.Lookup("me", p.paths)
				if err != nil {
					t.Fatal(stop, err)
				}
				secret := def.Secrets["aws_secret_access_key"]
				if secret.IsZero() {
					if secret, err = p.vault.Get(fob.KeyItem(def.Get("aws_access_key_id"))); err != nil {
						t.Fatal(stop, err)
					}
				}
				if secret.Reveal() != secretOf(def.Get("aws_access_key_id")) {
					t.Fatalf("%d: the secret is another key's", stop)
				}
				p.adopt("me")
				if p.read() != after {
					t.Fatalf("%d: not finished: %+v\n%+v", stop, p.read(), after)
				}
				p.release("me")
				if got := p.read(); got.config != c.released.config || got.credentials != c.released.credentials {
					t.Fatalf("%d: %q %q", stop, got.config, got.credentials)
				}
				if len(p.vault.items) > 0 {
					t.Fatalf("%d: left are %v", stop, slices.Collect(maps.Keys(p.vault.items)))
				}
			}
		})
	}
}
