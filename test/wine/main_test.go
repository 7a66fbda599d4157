//go:build linux && amd64

// Package wine runs the programs for Windows under wine: the main job as a person on
// Windows does it, in a prefix of its own, against a fake AWS on the loopback.
package wine

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fob/internal/fakeaws"
	"fob/test/build"
	"fob/test/leak"
	"fob/test/skip"
)

// jobLimit bounds the whole job: what hangs under wine must not hang the suite.
const jobLimit = 4 * time.Minute

// installed is where fob is installed, a path with blanks and parentheses.
const installed = `C:\Program Files (x86)\fob\`

// fobHome is FOB_HOME, a path with a blank.
const fobHome = `C:\Fob Home`

// machine is a Windows: a prefix of wine with fob in it, and a user's home.
type machine struct {
	t    *testing.T
	ctx  context.Context
	env  []string
	c    string // its drive C:
	home string // the user's profile directory, as Linux names it
	url  string
	aws  fakeaws.Scene
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	skip.Need(t, "wine", "wineserver", "x86_64-w64-mingw32-ld", "script")
	ctx, cancel := context.WithTimeout(t.Context(), jobLimit)
	t.Cleanup(cancel)
	dir := t.TempDir()
	m := &machine{t: t, ctx: ctx, c: filepath.Join(dir, "prefix", "drive_c")}
	m.env = []string{
		"HOME=" + filepath.Join(dir, "home"), "WINEPREFIX=" + filepath.Join(dir, "prefix"), "TMPDIR=" + dir,
		"PATH=" + os.Getenv("PATH"), "TERM=xterm", "WINEDEBUG=-all",
		"WINEDLLOVERRIDES=mscoree,mshtml,winemenubuilder.exe=", // else wine wants to fetch .NET and a browser
		"AWS_EC2_METADATA_DISABLED=true", "FOB_HOME=" + fobHome, "FOB_LOG=debug",
	}
	for _, name := range []string{"home", "prefix"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(m.shutDown)
	// The server stays, and with it wine's own services, which would else be started
	// anew by each command and hold its output.
	for _, argv := range [][]string{{"wineserver", "--persistent"}, {"wine", "wineboot", "--init"}} {
		if err := m.linux(argv[0], argv[1:]...).Run(); err != nil {
			skip.Missing(t, "wine cannot make a prefix here: %v: %v", argv, err)
		}
	}
	m.standIn()
	m.install(dir)
	homes, err := filepath.Glob(filepath.Join(m.c, "users", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, home := range homes {
		if filepath.Base(home) != "Public" {
			m.home = home
		}
	}
	server := fakeaws.New(fakeaws.Options{})
	m.aws = server.SetDefault()
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	m.url = web.URL
	return m
}

// linux is a program of this machine that works on the prefix.
func (m *machine) linux(program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(m.ctx, program, args...)
	cmd.Env = append([]string(nil), m.env...)
	cmd.Dir = filepath.Dir(m.c)
	return cmd
}

// shutDown ends what runs in the prefix, and only there, before it is removed.
func (m *machine) shutDown() {
	cmd := exec.Command("wineserver", "--kill", "--wait")
	cmd.Env = m.env
	_ = cmd.Run()
}

// standIn adds the one library that Go needs and that the wine of Debian 12 lacks.
// Its one function is another name of one that wine has, so the library is a table
// without code, for which the linker is enough. Later versions of wine have their own.
func (m *machine) standIn() {
	m.t.Helper()
	dll := filepath.Join(m.c, "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(dll); err == nil {
		return
	}
	def := filepath.Join(m.t.TempDir(), "bcryptprimitives.def")
	text := "LIBRARY bcryptprimitives.dll\nEXPORTS\n\tProcessPrng = advapi32.SystemFunction036\n"
	if err := os.WriteFile(def, []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
	if out, err := m.linux("x86_64-w64-mingw32-ld", "-shared", "-e", "0", "-o", dll, def).CombinedOutput(); err != nil {
		m.t.Fatalf("%v: %s", err, out)
	}
}

// install builds both programs for Windows.
func (m *machine) install(dir string) {
	m.t.Helper()
	to := m.path(installed)
	if err := os.MkdirAll(to, 0o755); err != nil {
		m.t.Fatal(err)
	}
	m.t.Setenv("GOOS", "windows")
	if err := build.Programs(to, nil); err != nil {
		m.t.Fatal(err)
	}
}

// path is how Linux names a file of drive C:.
func (m *machine) path(windows string) string {
	return filepath.Join(m.c, filepath.FromSlash(strings.ReplaceAll(strings.TrimPrefix(windows, `C:\`), `\`, "/")))
}

// result is what a program has left behind.
type result struct {
	code     int
	out, err string
}

// run runs a program of Windows to its end, which must come before the job's limit.
func (m *machine) run(argv ...string) result {
	m.t.Helper()
	return m.tell(m.linux("wine", argv...))
}

// tell runs a command. Its stdout is a pipe, to notice whoever holds that when the
// program is over. Its stderr is a file, for wine gives that to all that it starts.
func (m *machine) tell(cmd *exec.Cmd) result {
	m.t.Helper()
	var out strings.Builder
	errs, err := os.Create(filepath.Join(m.t.TempDir(), "stderr"))
	if err != nil {
		m.t.Fatal(err)
	}
	defer errs.Close()
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, errs, 5*time.Second
	err = cmd.Run()
	said := m.read(errs.Name())
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrWaitDelay):
		m.t.Fatalf("%v ended, but something still holds its output", cmd.Args)
	case m.ctx.Err() != nil:
		m.t.Fatalf("%v hangs; it printed %d bytes, and %s", cmd.Args, out.Len(), redact(said))
	case err != nil && !errors.As(err, &exit):
		m.t.Fatal(err)
	}
	if leak.In([]byte(said)) {
		m.t.Fatalf("a secret is on stderr of %v", cmd.Args)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), said}
}

// fob runs fob, which must end with an exit code.
func (m *machine) fob(code int, args ...string) result {
	m.t.Helper()
	r := m.run(append([]string{installed + "fob.exe"}, args...)...)
	if r.code != code {
		m.t.Fatalf("fob %v: exit %d: %s%s", args, r.code, redact(r.out), redact(r.err))
	}
	return r
}

func redact(text string) string {
	if leak.In([]byte(text)) {
		return "(a text with a secret)"
	}
	return text
}

func (m *machine) write(path, text string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) read(path string) string {
	m.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(data)
}
