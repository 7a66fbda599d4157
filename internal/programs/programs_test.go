//go:build unix

package programs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fob/internal/fob"
	"fob/internal/principal"
)

// stage is a home with a definition and programs beside it.
type stage struct {
	t     *testing.T
	dir   string
	r     *Runner
	whom  For
	asked []fob.Confirmation
}

func newStage(t *testing.T) *stage {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, dir: dir}
	s.r = &Runner{Allowed: filepath.Join(dir, "programs.json"), Lock: filepath.Join(dir, "locks", "programs"),
		Environ: []string{"PATH=" + dir + "/bin:/usr/bin:/bin", "HOME=" + dir, "LC_ALL=C", "XDG_RUNTIME_DIR=/run/user/1", "FOB_HOME=" + dir,
			"FOB_LOG=debug", "AWS_SECRET_ACCESS_KEY=hidden", "HTTPS_PROXY=http://proxy"}}
	s.whom = For{Profile: fob.Profile{Name: "x", Path: s.write("config", "[profile x]\n", 0o600)}, UI: fob.UI{
		ConfirmFunc: func(_ context.Context, c fob.Confirmation) error { s.asked = append(s.asked, c); return nil },
	}}
	return s
}

func (s *stage) write(name, text string, mode os.FileMode) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(text), mode)
	}
	if err == nil {
		err = os.Chmod(path, mode)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *stage) script(name, text string) string {
	s.t.Helper()
	return s.write(name, "#!/bin/sh\n"+text+"\n", 0o700)
}

func (s *stage) run(line string) (string, error) {
	out, err := s.r.Run(s.t.Context(), s.whom, principal.Command{Key: "credential_process", Line: line})
	return out.Reveal(), err
}

// No shell reads the line, standard input is empty, and the environment is the agent's
// small one with the chain of profiles in it.
func TestRun(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.whom.Callers = []string{"outer"}
	program := s.script("bin/show it", `printf '%s|' "$@"; cat; pwd; env | sort`)
	out, err := s.run(`"` + program + `" 'a b' $HOME ; * "c\"d"`)
	if err != nil {
		t.Fatal(err)
	}
	args, rest, _ := strings.Cut(out, "\n")
	if args != `a b|$HOME|;|*|c"d|`+s.dir {
		t.Errorf("%q", args)
	}
	var names []string
	for line := range strings.Lines(rest) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name == fob.CalledFor {
			if got := Callers(value); fmt.Sprint(got) != "[outer x]" {
				t.Error(got)
			}
		}
		if name != "_" && name != "SHLVL" && name != "OLDPWD" && name != "PWD" { // the shell's own
			names = append(names, name)
		}
	}
	if got := strings.Join(names, " "); got != "FOB_CALLED_FOR FOB_HOME HOME LC_ALL PATH XDG_RUNTIME_DIR" {
		t.Error(got)
	}
}

// The person is asked once, and again when anything that was shown is another.
func TestConsent(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	program := s.script("bin/prog", "echo '{}'")
	other := s.script("other/prog", "echo '{}'")
	moved := s.write("moved", "[profile x]\n", 0o600)
	for i, step := range []struct {
		line  string
		asks  bool
		alter func()
	}{
		{program + " a", true, nil},
		{program + " a", false, nil},
		{program + " b", true, nil},
		{other + " a", true, nil},
		{"prog a", true, nil}, // from PATH
		{"prog a", false, nil},
		{"prog a", true, func() { s.r.Environ[0] = "PATH=" + s.dir + "/other:/bin" }}, // is another program now
		{program + " a", false, func() { s.script("bin/prog", "echo '{}'; :") }},      // an update of it
		{program + " a", true, func() { s.whom.Profile.Name = "y" }},
		{program + " a", true, func() { s.whom.Profile.Path = moved }},
		{program + " a", false, nil},
	} {
		if step.alter != nil {
			step.alter()
		}
		s.asked = nil
		if out, err := s.run(step.line); err != nil || out != "{}\n" {
			t.Fatalf("%d: %q, %v", i, out, err)
		}
		if asked := len(s.asked) == 1; asked != step.asks {
			t.Errorf("%d: asked %d times", i, len(s.asked))
		}
		for _, c := range s.asked {
			for _, part := range []string{s.whom.Profile.Name, s.whom.Profile.Path, "credential_process", "prog"} {
				if !strings.Contains(c.Title+c.Detail, part) {
					t.Errorf("%d: the question does not show %s: %v", i, part, c)
				}
			}
		}
	}
	text, err := os.ReadFile(s.r.Allowed)
	if info, e := os.Stat(s.r.Allowed); err != nil || e != nil || info.Mode().Perm() != 0o600 || strings.Contains(string(text), "prog") {
		t.Errorf("%v %s", err, text)
	}
}

// Nothing that a command line has in it can hide from the person.
func TestConsentShowsAll(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	program := s.script("prog", "echo '{}'")
	if _, err := s.run(program + " 'a b' '' 'esc\x1b[2K' 'rtl\u202e'"); err != nil {
		t.Fatal(err)
	}
	if want := program + ` 'a b' '' "esc\x1b[2K" "rtl\u202e"`; len(s.asked) != 1 || !strings.Contains(s.asked[0].Detail, want) {
		t.Errorf("%v", s.asked)
	}
}

// Where nobody consents nothing runs, and nothing is remembered.
func TestNoConsent(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	mark := filepath.Join(s.dir, "mark")
	program := s.script("prog", "touch "+mark)
	for _, want := range []error{fob.ErrNobody, fob.ErrCancelled} {
		s.whom.UI = fob.UI{ConfirmFunc: func(context.Context, fob.Confirmation) error { return want }}
		if want == fob.ErrNobody {
			s.whom.UI = fob.UI{}
		}
		_, err := s.run(program)
		if !errors.Is(err, want) || want == fob.ErrNobody && !strings.Contains(fob.HintOf(err), "fob whoami x") {
			t.Errorf("%v (%s), want %v", err, fob.HintOf(err), want)
		}
	}
	for _, path := range []string{mark, s.r.Allowed} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is there", path)
		}
	}
	// What is in the way of the list is refused by name, not taken for consent.
	if err := syscall.Mkfifo(s.r.Allowed, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.run(program); err == nil || !strings.Contains(err.Error(), s.r.Allowed) {
		t.Error(err)
	}
}

func TestConsentsAreBounded(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	known := allowed{Schema: schema, Allowed: map[string]time.Time{}}
	for i := range maxAllowed {
		known.Allowed[fmt.Sprint(i)] = time.Unix(int64(i), 0)
	}
	text, _ := json.Marshal(known)
	s.write("programs.json", string(text), 0o600)
	if _, err := s.run(s.script("prog", "echo")); err != nil {
		t.Fatal(err)
	}
	now, err := s.r.read()
	if _, first := now.Allowed["0"]; err != nil || len(now.Allowed) != maxAllowed || first {
		t.Error(len(now.Allowed), first, err)
	}
	s.write("programs.json", `{"schema":2}`, 0o600)
	if _, err := s.run(filepath.Join(s.dir, "prog")); !errors.Is(err, fob.ErrDamaged) {
		t.Error(err)
	}
	s.write("programs.json", "not JSON", 0o600)
	s.asked = nil
	if _, err := s.run(filepath.Join(s.dir, "prog")); err != nil || len(s.asked) != 1 {
		t.Error(s.asked, err)
	}
}

// What others may have written is not run, and the mend is said.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(s *stage) (bad, hint string){
		"definition for the group": func(s *stage) (string, string) { return s.whom.Profile.Path, chmod(t, s.whom.Profile.Path, 0o660) },
		"definition for all":       func(s *stage) (string, string) { return s.whom.Profile.Path, chmod(t, s.whom.Profile.Path, 0o606) },
		"program for the group":    func(s *stage) (string, string) { p := s.dir + "/bin/prog"; return p, chmod(t, p, 0o770) },
		"program for all":          func(s *stage) (string, string) { p := s.dir + "/bin/prog"; return p, chmod(t, p, 0o707) },
		"directory for all":        func(s *stage) (string, string) { p := s.dir + "/bin"; return p, chmod(t, p, 0o707) },
		"directory of the link": func(s *stage) (string, string) {
			p := s.dir + "/links"
			if err := errors.Join(os.Mkdir(p, 0o700), os.Rename(s.dir+"/bin/prog", s.dir+"/real"), os.Symlink(s.dir+"/real", p+"/prog"), os.Symlink(p+"/prog", s.dir+"/bin/prog")); err != nil {
				t.Fatal(err)
			}
			return p, chmod(t, p, 0o707)
		},
		"another user's": func(s *stage) (string, string) {
			p := s.dir + "/bin/prog"
			if os.Chown(p, 12345, -1) != nil {
				return "", "" // only root can give a file away
			}
			return p, "chown"
		},
	} {
		s := newStage(t)
		mark := filepath.Join(s.dir, "mark")
		program := s.script("bin/prog", "touch "+mark)
		bad, hint := spoil(s)
		if bad == "" {
			continue
		}
		_, err := s.run(program)
		if !errors.Is(err, fob.ErrUsage) || !strings.Contains(err.Error(), bad) || !strings.Contains(fob.HintOf(err), hint) {
			t.Errorf("%s: %v (%s)", name, err, fob.HintOf(err))
		}
		if _, err := os.Lstat(mark); err == nil || len(s.asked) > 0 {
			t.Errorf("%s: it was run, or the person asked", name)
		}
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) (hint string) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return "chmod "
}

func TestNoCommandLine(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, line := range []string{"", "  ", `"unclosed`, "bin/prog", "./prog", "no-such-program", "/no/such", s.dir, s.write("text", "no program", 0o600)} {
		_, err := s.run(line)
		if !errors.Is(err, fob.ErrUsage) || fob.HintOf(err) == "" {
			t.Errorf("%q: %v (%s)", line, err, fob.HintOf(err))
		}
	}
}

// Why a program failed is what it says last on standard error; what it printed is a
// secret.
func TestFails(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, err := s.run(s.script("prog", `echo SECRET; echo first >&2; printf 'the \033[31mlast\n \n' >&2; exit 3`))
	if !errors.Is(err, fob.ErrRefused) || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "the  [31mlast") {
		t.Error(err)
	}
	_, long := s.run(s.script("long", `head -c 100000 /dev/zero | tr '\0' x >&2; echo SECRET; exit 1`))
	_, killed := s.run(s.script("killed", `kill -9 $$`))
	for _, err := range []error{err, long, killed} {
		if err == nil || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "first") || len(err.Error()) > 600 {
			t.Error(err)
		}
	}
}

// A program without end prints no more than the limit, and is ended with its children.
func TestTooMuchOutput(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	pids := filepath.Join(s.dir, "pids")
	_, err := s.run(s.script("prog", "sleep 1000 & echo $$ $! >"+pids+"; exec cat /dev/zero"))
	if !errors.Is(err, fob.ErrNetwork) || !strings.Contains(err.Error(), "1 MiB") {
		t.Error(err)
	}
	s.ended(pids)
	if out, err := s.run(s.script("most", "head -c 1048576 /dev/zero")); err != nil || len(out) != outputLimit {
		t.Error(len(out), err)
	}
}

// ended fails unless the processes whose ids a file has are gone.
func (s *stage) ended(pids string) {
	s.t.Helper()
	text, err := os.ReadFile(pids)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, word := range strings.Fields(string(text)) {
		pid, _ := strconv.Atoi(word)
		gone := func() bool {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return err != nil && syscall.Kill(pid, 0) != nil || strings.Contains(string(stat), ") Z ")
		}
		for deadline := time.Now().Add(15 * time.Second); !gone(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				s.t.Fatalf("process %d is still there", pid)
			}
		}
	}
}

// A caller's end is the program's, and its children's, which may ignore signals.
func TestCancelled(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	pids := filepath.Join(s.dir, "pids")
	program := s.script("prog", "trap '' TERM INT HUP; sleep 1000 & echo $$ $! >"+pids+".new; mv "+pids+".new "+pids+"; wait")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for {
			if _, err := os.Stat(pids); err == nil {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := s.r.Run(ctx, s.whom, principal.Command{Key: "credential_process", Line: program})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	s.ended(pids)
}

// One that does not end in time is ended. The limit is shortened by the caller's own.
func TestTimeLimit(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	program := s.script("prog", "exec sleep 1000")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("it took too long"))
	defer cancel()
	_, err := s.r.Run(ctx, s.whom, principal.Command{Key: "credential_process", Line: program})
	if !errors.Is(err, fob.ErrNetwork) || !strings.Contains(err.Error(), "it took too long") {
		t.Error(err)
	}
}

// What a program leaves behind, such as a helper of its own, neither holds up its caller
// nor is ended.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	pids := filepath.Join(s.dir, "pids")
	out, err := s.run(s.script("prog", "sleep 1000 & echo $! >"+pids+"; echo '{}'"))
	if err != nil || out != "{}\n" {
		t.Fatalf("%q, %v", out, err)
	}
	text, _ := os.ReadFile(pids)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}
