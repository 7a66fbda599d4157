package write_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fob/internal/awsfile"
	"fob/internal/delivery"
	"fob/internal/delivery/waytest"
	"fob/internal/delivery/write"
	"fob/internal/fob"
)

func session() fob.Credentials {
	return fob.Credentials{
		AccessKeyID: "ASIAXXXXXXXXXXXXXXXX", SecretAccessKey: fob.NewSecret("FOBSECRETMARKER/+"), SessionToken: fob.NewSecret("FOBSECRETMARKER//=="),
		Expiration: time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC), AccountID: "111122223333",
	}
}

// hand runs the delivery in a directory that holds fob's own one too, and returns the file it
// wrote.
func hand(t *testing.T, dir, name string, c fob.Credentials, options map[string]string) (file *write.File, asked bool, err error) {
	t.Helper()
	files := &waytest.Files{Other: func(path string) (bool, error) {
		info, err := os.Lstat(path)
		if err == nil && !info.Mode().IsRegular() {
			return false, fob.ErrConflict
		}
		return err == nil && filepath.Base(path) != "own", nil
	}}
	g := delivery.Grant{
		Profile:     fob.Profile{Name: name, Keys: map[string]string{"region": "eu-west-1"}},
		Credentials: func(context.Context) (fob.Credentials, error) { asked = true; return c, nil },
		Options:     options,
		Agent: &waytest.Agent{Register: files,
			AWSFiles: fob.Paths{Credentials: filepath.Join(dir, "later")}, Folders: fob.Home{ConfigDir: filepath.Join(dir, "fob")}},
	}
	_, err = write.Way().Hand(t.Context(), g)
	if len(files.Written) > 0 {
		file = &files.Written[0]
	}
	return file, asked, err
}

func TestFormat(t *testing.T) {
	t.Parallel()
	// The profile's name may come from an untrusted organisation, and the path may hold anything:
	// in the file's comment neither can start a new line.
	name := "corp/a\n[default]\naws_access_key_id = AKIA\u2028x"
	path := filepath.Join(t.TempDir(), "it's; [here] # $(true)")
	f, _, err := hand(t, t.TempDir(), name, session(), map[string]string{"to": path, "section": "tool"})
	if err != nil {
		t.Fatal(err)
	}
	text := f.Text.Reveal()
	head, body, ok := strings.Cut(text, "\n[tool]\n")
	if !ok || strings.Contains(head, "\u2028") {
		t.Errorf("the head is %q", head)
	}
	for line := range strings.Lines(strings.TrimSpace(head)) {
		if !strings.HasPrefix(line, "# ") {
			t.Errorf("no comment: %q", line)
		}
	}
	if want := 5; strings.Count(body, "\n") != want {
		t.Errorf("%d lines, want %d", strings.Count(body, "\n"), want)
	}
	read := awsfile.Parse(awsfile.Credentials, []byte(text))
	if all := read.Sections(); len(all) != 1 || all[0].Name != "tool" {
		t.Error(len(all), "sections")
	}
	if !strings.Contains(head, "2026-11-22T15:00:00Z") {
		t.Error("no expiration")
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"foreign", "own", "later"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "fob", "sub"), 0o700), os.Symlink("fob/sub", filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	long, endless := session(), session()
	long.SessionToken, long.Expiration = fob.Secret{}, time.Time{}
	endless.Expiration = time.Time{}
	for _, tt := range []struct {
		name  string
		c     fob.Credentials
		to    string
		more  string
		want  error
		asked bool
		aside bool
	}{
		{"new", session(), dir + "/new", "", nil, true, false},
		{"own", session(), dir + "/own", "", nil, true, false},
		{"foreign", session(), dir + "/foreign", "", fob.ErrConflict, false, false},
		{"the user's own", session(), dir + "/later", "", fob.ErrConflict, false, false},
		{"the user's own, forced", session(), dir + "/later", "force", fob.ErrConflict, false, false},
		{"forced", session(), dir + "/foreign", "force", nil, true, true},
		{"fob's own directory, forced", session(), dir + "/fob/vault.age", "force", fob.ErrConflict, false, false},
		{"below fob's own directory", session(), dir + "/fob/sub/x", "", fob.ErrConflict, false, false},
		{"by another name", session(), dir + "/link/x", "", fob.ErrConflict, false, false},
		{"directory", session(), dir, "force", fob.ErrConflict, false, false},
		{"device", session(), os.DevNull, "force", fob.ErrConflict, false, false},
		{"no directory", session(), dir + "/no/file", "force", fob.ErrNotFound, false, false},
		{"file as directory", session(), dir + "/own/file", "force", fob.ErrUsage, false, false},
		{"relative", session(), "file", "", fob.ErrUsage, false, false},
		{"no path", session(), "", "", fob.ErrUsage, false, false},
		{"line end in the path", session(), dir + "/a\nb", "", fob.ErrUsage, false, false},
		{"not UTF-8", session(), dir + "/a\xff", "", fob.ErrUsage, false, false},
		{"section", session(), dir + "/new", "section=a]b", fob.ErrUsage, false, false},
		{"section for all", session(), dir + "/new", "section=DEFAULT", fob.ErrUsage, false, false},
		{"section with a line end", session(), dir + "/new", "section=a\nb", fob.ErrUsage, false, false},
		{"long-lived", long, dir + "/new", "", fob.ErrUsage, true, false},
		{"without end", endless, dir + "/new", "", fob.ErrUsage, true, false},
	} {
		options := map[string]string{"to": tt.to}
		if key, value, _ := strings.Cut(tt.more, "="); key != "" {
			options[key] = value
		}
		f, asked, err := hand(t, dir, "prod", tt.c, options)
		if !errors.Is(err, tt.want) || (f != nil) != (tt.want == nil) || asked != tt.asked {
			t.Errorf("%s: %v, asked %v", tt.name, err, asked)
		}
		if f != nil && f.Aside != tt.aside {
			t.Errorf("%s: set aside: %v", tt.name, f.Aside)
		}
	}
}
