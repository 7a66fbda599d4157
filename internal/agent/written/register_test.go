package written

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"fob/internal/atomicfile"
	"fob/internal/delivery/write"
	"fob/internal/fob"
)

// desk is a register, and a directory for files.
type desk struct {
	t *testing.T
	*Register
	dir   string
	again func(ctx context.Context, f *File) error
	told  []string
}

func (d *desk) tell(message string) { d.told = append(d.told, message) }

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, dir: t.TempDir()}
	d.Register = openRegister(t.TempDir())
	return d
}

func openRegister(state string) *Register {
	w := New(filepath.Join(state, "written.json"), state+".lock", time.Now, slog.New(slog.DiscardHandler))
	w.Open()
	return w
}

// write writes text to a file, for credentials with that lifetime.
func (d *desk) write(name, text string, life time.Duration, renews *File) error {
	_, err := d.writer(renews).Write(d.file(name, text, life))
	return err
}

// writer is the writer of a request for the profile prod.
func (d *desk) writer(renews *File) *Writer {
	w, _ := d.Writer()
	w.Profile, w.Renews, w.Again, w.Tell = "prod", renews, d.again, d.tell
	return w
}

func (d *desk) file(name, text string, life time.Duration) write.File {
	return write.File{Path: filepath.Join(d.dir, name), Section: "default", Text: fob.NewSecret(text), Expiration: time.Now().Add(life)}
}

// holds checks a file's content; "" means that it does not exist.
func (d *desk) holds(name, want string) {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, name))
	if string(text) != want || err != nil && !os.IsNotExist(err) {
		d.t.Errorf("%s holds %q, %v; want %q", name, text, err, want)
	}
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// out checks the paths in the register on disk.
func (d *desk) out(want ...string) {
	d.t.Helper()
	text, err := os.ReadFile(d.path)
	var list []File
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil && !os.IsNotExist(err) {
		d.t.Fatal(err)
	}
	var names []string
	for _, f := range list {
		names = append(names, filepath.Base(f.Path))
	}
	if !slices.Equal(names, want) {
		d.t.Errorf("out are %v, want %v", names, want)
	}
	if strings.Contains(string(text), "FOBSECRET") {
		d.t.Error("a secret is in the register")
	}
}

const (
	firstText  = "FOBSECRETMARKER first"
	secondText = "FOBSECRETMARKER second"
)

func TestWrittenIsRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		var mu sync.Mutex
		var asked []time.Duration
		start, fail := time.Now(), false
		d.again = func(_ context.Context, f *File) error {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, time.Since(start))
			if fail {
				return fob.ErrNobody
			}
			return d.write("a", secondText, time.Hour, f)
		}
		d.must(d.write("a", firstText, time.Hour, nil))
		time.Sleep(44 * time.Minute)
		d.holds("a", firstText)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		d.holds("a", secondText)
		d.out("a")
		// Now refreshing fails: it is tried again, and the file is deleted when it expires, at
		// 1h45m.
		mu.Lock()
		fail = true
		mu.Unlock()
		time.Sleep(58 * time.Minute)
		d.holds("a", secondText)
		time.Sleep(90 * time.Second)
		synctest.Wait()
		d.holds("a", "")
		d.out()
		time.Sleep(24 * time.Hour) // nothing runs while nothing is out
		mu.Lock()
		defer mu.Unlock()
		if n := len(asked); asked[0] != 45*time.Minute || asked[1] != 90*time.Minute || n < 5 || n > 15 {
			t.Error("asked at", asked)
		}
	})
}

// A file that the user deleted or changed is neither written again nor deleted.
func TestWrittenIsAPersons(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.again = func(context.Context, *File) error { t.Error("asked"); return nil }
		for _, name := range []string{"removed", "changed", "link", "listed"} {
			d.must(d.write(name, firstText, time.Hour, nil))
		}
		d.must(os.Remove(filepath.Join(d.dir, "removed")))
		d.must(os.WriteFile(filepath.Join(d.dir, "changed"), []byte("mine"), 0o600))
		d.must(os.Rename(filepath.Join(d.dir, "link"), filepath.Join(d.dir, "moved")))
		d.must(os.Symlink("moved", filepath.Join(d.dir, "link")))
		d.must(os.Remove(filepath.Join(d.dir, "listed")))
		if rows := d.List(); len(rows) != 0 {
			t.Error(rows)
		}
		d.out()
		d.must(d.write("removed", firstText, time.Hour, nil))
		if err := d.write("changed", firstText, time.Hour, nil); !errors.Is(err, fob.ErrConflict) {
			t.Error(err)
		}
		d.holds("changed", "mine")
		d.must(os.Remove(filepath.Join(d.dir, "changed")))
		d.must(d.write("changed", firstText, time.Hour, nil))
		d.must(os.Remove(filepath.Join(d.dir, "removed")))
		d.must(os.WriteFile(filepath.Join(d.dir, "changed"), []byte("mine"), 0o600))
		time.Sleep(50 * time.Minute)
		synctest.Wait()
		d.out()
		d.must(os.Remove(filepath.Join(d.dir, "changed")))
		d.must(d.write("changed", firstText, time.Hour, nil))
		d.must(os.WriteFile(filepath.Join(d.dir, "changed"), []byte("mine"), 0o600))
		if _, _, err := d.Delete([]string{filepath.Join(d.dir, "changed")}); !errors.Is(err, fob.ErrConflict) {
			t.Error(err)
		}
		if _, _, err := d.Delete([]string{filepath.Join(d.dir, "changed")}); !errors.Is(err, fob.ErrNotFound) {
			t.Error(err)
		}
		d.holds("removed", "")
		d.holds("changed", "mine")
	})
}

// A write that was in progress when all files had to be deleted writes nothing.
func TestWrittenAfterLock(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.must(d.write("a", firstText, time.Hour, nil))
	one := d.files[filepath.Join(d.dir, "a")]
	before := d.writer(nil)
	if told := d.DeleteAll(); len(told) != 1 || !strings.HasPrefix(told[0], "removed ") {
		t.Error(told)
	}
	d.holds("a", "")
	if _, err := before.Write(d.file("a", secondText, time.Hour)); !errors.Is(err, fob.ErrLocked) {
		t.Error(err)
	}
	if err := d.write("a", secondText, time.Hour, one); !errors.Is(err, fob.ErrConflict) {
		t.Error(err)
	}
	// Another profile's credentials have replaced the file.
	d.must(d.write("a", firstText, time.Hour, nil))
	one = d.files[filepath.Join(d.dir, "a")]
	d.must(d.write("a", secondText, time.Hour, nil))
	if err := d.write("a", firstText, time.Hour, one); !errors.Is(err, fob.ErrConflict) {
		t.Error(err)
	}
	d.holds("a", secondText)
	d.Close()
	d.holds("a", "")
	if err := d.write("a", secondText, time.Hour, nil); !errors.Is(err, fob.ErrLocked) {
		t.Error(err)
	}
	d.holds("a", "")
	d.out()
}

func TestWrittenDamaged(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", "[null]", `[{"path":"/nowhere/at/all","sha256":["x"]}]`, "[", "\x00"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "written.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if w := openRegister(dir); len(w.List()) != 0 || !w.open {
			t.Errorf("%q: %v", text, w.List())
		}
	}
}

// If the list cannot be saved no file is written, and an existing one stays as it is.
func TestWrittenWithoutRegister(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.must(d.write("old", firstText, time.Hour, nil))
	state := filepath.Dir(d.path)
	d.must(os.Rename(state, state+"-away"))
	if err := d.write("new", firstText, time.Hour, nil); !errors.Is(err, fob.ErrInternal) {
		t.Error(err)
	}
	if err := d.write("old", secondText, time.Hour, nil); !errors.Is(err, fob.ErrInternal) {
		t.Error(err)
	}
	d.must(os.Rename(state+"-away", state))
	d.holds("new", "")
	d.holds("old", firstText)
	d.out("old")
	// If the directory disappears: an error, and no entry remains.
	gone := d.file("x", firstText, time.Hour)
	gone.Path = filepath.Join(d.dir, "gone", "x")
	if _, err := d.writer(nil).Write(gone); !errors.Is(err, fob.ErrInternal) {
		t.Error(err)
	}
	d.out("old")
	d.Close()
	d.holds("old", "")
}

// Only content that fob wrote is replaced.
func TestWrittenOverOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	put := func(name, text string, aside bool) (string, error) {
		f := d.file(name, text, time.Hour)
		f.Aside = aside
		return d.writer(nil).Write(f)
	}
	theirs := func(name, text string) { d.must(os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600)) }
	// The comment alone proves nothing, because the file may be a copy.
	marked := "# Written by fob write: the profile prod\n"
	theirs("marked", marked)
	d.must(d.write("added", firstText, time.Hour, nil))
	theirs("added", firstText+"\n[mine]\n")
	for name, text := range map[string]string{"marked": marked, "added": firstText + "\n[mine]\n"} {
		path := filepath.Join(d.dir, name)
		if occupied, err := d.writer(nil).Occupied(path); err != nil || !occupied {
			t.Error(occupied, err)
		}
		if _, err := put(name, secondText, false); !errors.Is(err, fob.ErrConflict) || fob.HintOf(err) == "" {
			t.Error(err)
		}
		d.holds(name, text)
		if aside, err := put(name, secondText, true); err != nil || aside != path+".before-fob-1" {
			t.Error(aside, err)
		}
		d.holds(name+".before-fob-1", text)
		// Of two requests that both asked the user, the second finds fob's own file.
		if aside, err := put(name, firstText, true); err != nil || aside != "" {
			t.Error(aside, err)
		}
	}
	theirs("empty", "")
	d.must(os.Mkdir(filepath.Join(d.dir, "dir"), 0o700))
	for name, want := range map[string]error{"marked": nil, "empty": nil, "none": nil, "dir": fob.ErrConflict} {
		if occupied, err := d.writer(nil).Occupied(filepath.Join(d.dir, name)); occupied || !errors.Is(err, want) {
			t.Error(name, occupied, err)
		}
	}
	if _, err := put("dir", firstText, true); !errors.Is(err, fob.ErrConflict) {
		t.Error(err)
	}
	// After a failure the renamed file is restored, unless another file has its name.
	path := filepath.Join(d.dir, "failed")
	theirs("failed", "mine")
	aside, err := atomicfile.SetAside(path, "before-fob")
	d.must(err)
	if left := d.restore(&File{Path: path}, nil, aside); left != "" {
		t.Error("still at", left)
	}
	d.holds("failed", "mine")
	aside, err = atomicfile.SetAside(path, "before-fob")
	d.must(err)
	theirs("failed", "another's")
	if left := d.restore(&File{Path: path}, nil, aside); left != aside {
		t.Error("still at", left)
	}
	d.holds("failed", "another's")
	d.holds("failed.before-fob-1", "mine")
	d.out("added", "marked")
	d.Close()
	d.holds("marked", "")
	d.holds("added.before-fob-1", firstText+"\n[mine]\n")
}

// A changed file may still contain credentials. After it was renamed nobody deletes it, so the user
// is told while they are valid.
func TestWrittenAsideIsLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.again = func(context.Context, *File) error { return fob.ErrNobody }
		path := filepath.Join(d.dir, "a")
		force := func() string {
			d.told = nil
			f := d.file("a", secondText, time.Hour)
			f.Aside = true
			aside, err := d.writer(nil).Write(f)
			d.must(err)
			return aside
		}
		edit := func() { d.must(os.WriteFile(path, []byte(firstText+"\n[mine]\n"), 0o600)) }
		edit()
		if force(); len(d.told) != 0 {
			t.Error("it was never fob's:", d.told)
		}
		if force(); len(d.told) != 0 {
			t.Error("it is fob's still:", d.told)
		}
		edit()
		until := d.files[path].Expiration.UTC().Format(time.RFC3339)
		want := "warning: " + path + ".before-fob-2 may hold credentials of prod, valid until " + until + ", and fob does not take it away"
		if aside := force(); aside != path+".before-fob-2" || !slices.Equal(d.told, []string{want}) {
			t.Error(aside, d.told)
		}
		edit()
		d.files[path].stop() // the machine slept
		time.Sleep(2 * time.Hour)
		if force(); len(d.told) != 0 {
			t.Error("it has expired:", d.told)
		}
		d.Close()
	})
}

// Agents without a common socket share the list: an agent does not touch another's files while that
// runs, and takes over when it has ended.
func TestWrittenOfTwoAgents(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	again := func(w *Register) *desk { return &desk{t: t, Register: w, dir: d.dir} }
	d.must(d.write("a", firstText, time.Hour, nil))
	other := again(&Register{path: d.path, lock: flock.New(d.lock.Path()), now: d.now, log: d.log})
	if told := other.Open(); len(told) != 1 || !strings.Contains(told[0], "another agent") {
		t.Error(told)
	}
	if told := other.DeleteAll(); len(told) != 1 {
		t.Error(told)
	}
	if err := other.write("b", firstText, time.Hour, nil); !errors.Is(err, fob.ErrConflict) {
		t.Error(err)
	}
	if _, _, err := other.Delete(nil); !errors.Is(err, fob.ErrConflict) {
		t.Error(err)
	}
	if _, err := other.writer(nil).Occupied(filepath.Join(d.dir, "b")); !errors.Is(err, fob.ErrConflict) {
		t.Error(err)
	}
	d.holds("a", firstText)
	d.out("a")
	if removed, missing, err := d.Delete([]string{filepath.Join(d.dir, "a"), filepath.Join(d.dir, "b")}); err != nil || len(removed) != 1 || len(missing) != 1 {
		t.Error(removed, missing, err)
	}
	// The first agent's list is empty, so the other may take it.
	d.must(other.write("b", firstText, time.Hour, nil))
	if err := d.write("a", firstText, time.Hour, nil); !errors.Is(err, fob.ErrConflict) {
		t.Error(err)
	}
	// The first agent is killed.
	d.must(other.lock.Unlock())
	d.must(d.write("a", firstText, time.Hour, nil))
	d.holds("b", "")
	d.out("a")
	d.Close()
}
