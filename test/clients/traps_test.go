//go:build unix

package clients

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fob/test/leak"
)

// TestOddPaths: the line that fob adopt writes works in every SDK, where each splits and
// quotes in its own way, when fob's path has blanks, brackets, an apostrophe or letters
// outside ASCII in it.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"linked", "with a blank"}, {"copied", "with a blank"}, {"copied", "Program Files (x86)"},
		{"copied", "O'Brien's"}, {"copied", "José"}, {"copied", "山田"}} {
		how, folder := c[0], c[1]
		t.Run(how+" "+folder, func(t *testing.T) {
			t.Parallel()
			w, dir := installedIn(t, folder, how)
			w.adopt()
			asked(t, w)
			config, err := os.ReadFile(w.aws_("config"))
			if err != nil {
				t.Fatal(err)
			}
			path := dir + "/fob"
			if strings.ContainsAny(folder, " ()'") {
				path = `"` + path + `"`
			}
			if how == "copied" && !strings.Contains(string(config), "\ncredential_process = "+path+" credentials bot\n") {
				t.Errorf("adopt wrote %s", config)
			}
		})
	}
}

// TestFoundInPath: where machines share the AWS files, a setting makes the lines name no
// folder, and every client finds its own machine's fob in PATH.
func TestFoundInPath(t *testing.T) {
	t.Parallel()
	w, _ := installedIn(t, "bin", "copied")
	own := filepath.Join(filepath.Dir(w.home), "fob")
	if err := os.MkdirAll(own, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, "config"), []byte("[fob]\nexe_in_path = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.adopt()
	asked(t, w)
	config, err := os.ReadFile(w.aws_("config"))
	if err != nil || !strings.Contains(string(config), "\ncredential_process = fob credentials bot\n") {
		t.Errorf("adopt wrote %s, %v", config, err)
	}
}

// installedIn is a world whose fob is in a folder of that name, which is in PATH.
func installedIn(t *testing.T, folder, how string) (w *world, dir string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(root, folder)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fob", "fob-agent"} {
		put := map[string]func(from, to string) error{"copied": duplicate, "linked": os.Symlink}[how]
		if err := put(filepath.Join(bin, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	stop := leak.Watch(dir)
	t.Cleanup(func() {
		if found, _ := stop(); len(found) > 0 {
			t.Error("a secret is in ", found)
		}
	})
	w = newWorld(t)
	w.bin = dir
	w.env = append(w.env, "PATH="+dir+":"+os.Getenv("PATH"))
	return w, dir
}

// asked asks every client for a profile that was adopted, through the user's own files and
// through fob exec.
func asked(t *testing.T, w *world) {
	t.Helper()
	_, arns := profiles()
	for _, c := range all() {
		argv, err := c.find()
		if err != nil {
			continue // named by other tests
		}
		got, err := c.ask(w, argv, nil, []string{"bot"})
		check(t, got, err, map[string]string{"bot": arns["bot"]})
		got, err = c.ask(w, argv, w.fob("exec", "readonly", "--"), []string{"-"})
		check(t, got, err, map[string]string{"-": arns["readonly"]})
	}
}

func duplicate(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}

// TestRefusals: what fob says, in one line with a hint, reaches whoever reads the
// client's own error. Nobody is there to be asked for jane's code.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := adopted(t)
	each(t, func(t *testing.T, c client, argv []string) {
		got, err := c.ask(w, argv, nil, []string{"refused", "jane"})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 {
			t.Fatalf("%d answers", len(got))
		}
		for i, want := range []string{`not allowed to assume the role.*hint: `, `needs an MFA code.*fob whoami jane`} {
			a := got[i]
			if a.Error == "" || a.Arn != "" {
				t.Fatalf("%s was handed out: %+v", a.Profile, a)
			}
			said := a.Error + " " + a.Why
			if c.name == "go" {
				said = a.stderr // the Go SDK lets fob's stderr through, and says in its error how it ended
				if !strings.Contains(a.Error, "exit status") {
					t.Errorf("the SDK's error is %s", a.Error)
				}
			}
			line := regexp.MustCompile(`fob: [^\n]*` + want + `[^\n]*`).FindString(said)
			if line == "" {
				t.Errorf("%s: %q is not in %s", a.Profile, want, said)
			}
		}
	})
}

// TestStandardStreams: fob does not read what it inherits, and needs none of it
// but stdout. JavaScript's SDK leaves a pipe open on stdin for ever.
func TestStandardStreams(t *testing.T) {
	t.Parallel()
	w := adopted(t)
	w.ok(w.fob("whoami", "bot")...)
	credentials := strings.Join(w.fob("credentials", "bot"), " ")
	for name, line := range map[string]string{
		"stdin is closed":          credentials + " <&-",
		"stderr is closed":         credentials + " 2>&-",
		"stdin, stderr are closed": credentials + " <&- 2>&-",
		// The writer's end stays open until fob has ended: it is ours.
		"stdin is an open pipe": credentials,
	} {
		// Only whether there are credentials: they are for no log.
		cmd := w.cmd(nil, "sh", "-c", "{ "+line+"; } | grep -c '^{\"Version\":1,.*\"Expiration\":\"[0-9TZ:-]*\".*}$'")
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdin = read
		r, err := w.finish(cmd)
		_, _ = read.Close(), write.Close()
		if err != nil || r.code != 0 || r.out != "1\n" || r.err != "" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	each(t, func(t *testing.T, c client, argv []string) {
		_, arns := profiles()
		got, err := c.ask(w, append([]string{"sh", "-c", `exec "$@" <&-`, "sh"}, argv...), nil, []string{"bot"})
		if c.name == "cli" {
			got, err = c.ask(w, argv, []string{"sh", "-c", `exec "$@" <&-`, "sh"}, []string{"bot"})
		}
		check(t, got, err, map[string]string{"bot": arns["bot"]})
	})
}
