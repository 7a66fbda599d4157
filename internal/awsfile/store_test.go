package awsfile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fob/internal/awsfile"
	"fob/internal/fob"
	"fob/test/skip"
)

func setRegion(f *awsfile.File) error { return f.Set("profile", "a", "region", "eu-west-1") }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// onlyFiles fails if anything else is in a directory: a temporary file.
func onlyFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("%s has %v, want %v", dir, got, want)
	}
}

func update(t *testing.T, path string, edit func(*awsfile.File) error) error {
	t.Helper()
	return awsfile.Update(t.Context(), awsfile.Config, path, t.TempDir(), edit)
}

func TestReadOfNoFile(t *testing.T) {
	t.Parallel()
	f, err := awsfile.Read(awsfile.Config, filepath.Join(t.TempDir(), "none"))
	if err != nil || len(f.Sections()) != 0 || len(f.Bytes()) != 0 {
		t.Fatalf("%v %v", f, err)
	}
	dir := t.TempDir()
	if _, err := awsfile.Read(awsfile.Config, dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Fatalf("the error does not name the path: %v", err)
	}
}

func TestUpdateMakesFileAndDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), ".aws")
	path := filepath.Join(dir, "config")
	if err := update(t, path, func(*awsfile.File) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Fatal("a directory was made for nothing")
	}
	if err := update(t, path, setRegion); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "[profile a]\nregion = eu-west-1\n" {
		t.Fatalf("%q", got)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, path: 0o600} {
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != want {
			t.Fatalf("%s: %v %v", path, info.Mode(), err)
		}
	}
	onlyFiles(t, dir, "config")
}

func TestUpdateWritesNothingForNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "config")
	write(t, path, "[profile a]\nregion=eu-west-1")
	before, _ := os.Stat(path)
	refused := errors.New("refused")
	for _, want := range []error{nil, refused} {
		err := update(t, path, func(f *awsfile.File) error { return errors.Join(setRegion(f), want) })
		if !errors.Is(err, want) {
			t.Fatal(err)
		}
		after, _ := os.Stat(path)
		if !os.SameFile(before, after) {
			t.Fatal("the file was replaced")
		}
	}
	err := update(t, path, func(f *awsfile.File) error {
		return errors.Join(f.Set("profile", "a", "region", "other"), refused)
	})
	if !errors.Is(err, refused) || content(t, path) != "[profile a]\nregion=eu-west-1" {
		t.Fatalf("%v, %q", err, content(t, path))
	}
	onlyFiles(t, dir, "config")
}

func TestUpdateFollowsLinksAndKeepsThem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// ~/.aws → dotfiles/aws, config → ../real/config → config.v2
	must(os.MkdirAll(filepath.Join(dir, "dotfiles", "aws"), 0o700))
	must(os.MkdirAll(filepath.Join(dir, "dotfiles", "real"), 0o700))
	real := filepath.Join(dir, "dotfiles", "real", "config.v2")
	write(t, real, "# mine\n")
	if err := os.Symlink("config.v2", filepath.Join(dir, "dotfiles", "real", "config")); err != nil {
		skip.Because(t, skip.Windows)
	}
	must(os.Symlink("../real/config", filepath.Join(dir, "dotfiles", "aws", "config")))
	must(os.Symlink("dotfiles/aws", filepath.Join(dir, ".aws")))
	must(os.Chmod(real, 0o640))
	path := filepath.Join(dir, ".aws", "config")
	must(update(t, path, setRegion))
	if got := content(t, real); got != "# mine\n\n[profile a]\nregion = eu-west-1\n" {
		t.Fatalf("%q", got)
	}
	for _, link := range []string{path, filepath.Join(dir, "dotfiles", "real", "config"), filepath.Join(dir, ".aws")} {
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Fatalf("%s is no link any more: %v", link, err)
		}
	}
	if info, err := os.Stat(real); err != nil || info.Mode().Perm() != 0o640 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	onlyFiles(t, filepath.Dir(real), "config", "config.v2")

	// A new file in a linked directory, and a link to nowhere.
	must(update(t, filepath.Join(dir, ".aws", "new"), setRegion))
	content(t, filepath.Join(dir, "dotfiles", "aws", "new"))
	must(os.Remove(real))
	err := update(t, path, setRegion)
	if !errors.Is(err, fob.ErrUsage) || fob.HintOf(err) == "" || !strings.Contains(err.Error(), path) {
		t.Fatalf("a dangling link: %v", err)
	}
	onlyFiles(t, filepath.Dir(real), "config")
}

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	readOnly := filepath.Join(dir, "read-only")
	write(t, readOnly, "")
	if err := os.Chmod(readOnly, 0o400); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, readOnly} {
		if err := update(t, path, setRegion); !errors.Is(err, fob.ErrUsage) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	onlyFiles(t, dir, "read-only")
}

func TestUpdateKeepsBytes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	write(t, path, "\ufeff# c\r\n[profile a]\r\ns3 =\r\n  k = v\r\nregion : x ; home\n\r\n[b]\r\nlast=1")
	if err := update(t, path, setRegion); err != nil {
		t.Fatal(err)
	}
	want := "\ufeff# c\r\n[profile a]\r\ns3 =\r\n  k = v\r\nregion : eu-west-1 ; home\n\r\n[b]\r\nlast=1"
	if got := content(t, path); got != want {
		t.Fatalf("%q", got)
	}
}

// Another program, which knows no lock of ours, writes while we edit.
func TestUpdateNoticesForeignWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "config")
	for _, start := range []string{"", "[profile b]\nregion = x\n"} {
		if start != "" {
			write(t, path, start)
		}
		calls := 0
		err := update(t, path, func(f *awsfile.File) error {
			if calls++; calls <= 2 {
				write(t, path, fmt.Sprintf("[profile b]\nregion = theirs-%d\n", calls))
			}
			return setRegion(f)
		})
		if err != nil || calls != 3 {
			t.Fatalf("%v after %d calls", err, calls)
		}
		if got := content(t, path); got != "[profile b]\nregion = theirs-2\n\n[profile a]\nregion = eu-west-1\n" {
			t.Fatalf("%q", got)
		}
		write(t, path, start)
	}
	calls := 0
	err := update(t, path, func(f *awsfile.File) error {
		calls++
		write(t, path, fmt.Sprintf("# %d\n", calls))
		return setRegion(f)
	})
	if !errors.Is(err, fob.ErrConflict) || content(t, path) != fmt.Sprintf("# %d\n", calls) {
		t.Fatalf("%v, %q", err, content(t, path))
	}
	err = update(t, path, func(f *awsfile.File) error {
		return errors.Join(setRegion(f), os.Remove(path))
	})
	if err == nil {
		t.Fatal("a file that was removed came back")
	}
	onlyFiles(t, dir)
}

// What a killed writer left is removed by the next.
func TestUpdateSweeps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, ".config.fob-123"), "aws_secret_access_key = x")
	write(t, filepath.Join(dir, ".credentials.fob-123"), "somebody else's")
	if err := update(t, filepath.Join(dir, "config"), setRegion); err != nil {
		t.Fatal(err)
	}
	onlyFiles(t, dir, ".credentials.fob-123", "config")
}

func TestUpdateWaitsForTheLock(t *testing.T) {
	t.Parallel()
	path, locks := filepath.Join(t.TempDir(), "config"), t.TempDir()
	err := awsfile.Update(t.Context(), awsfile.Config, path, locks, func(f *awsfile.File) error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		err := awsfile.Update(ctx, awsfile.Config, path, locks, setRegion)
		if !errors.Is(err, fob.ErrConflict) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		cancelled, stop := context.WithCancel(t.Context())
		stop()
		if err := awsfile.Update(cancelled, awsfile.Config, path, locks, setRegion); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		return f.Set("profile", "b", "region", "x")
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "[profile b]\nregion = x\n" {
		t.Fatalf("%q", got)
	}
}

func TestConcurrentProcessesLoseNothing(t *testing.T) {
	t.Parallel()
	const processes, inserts = 20, 50
	path, locks := filepath.Join(t.TempDir(), "config"), t.TempDir()
	var running []*exec.Cmd
	for i := range processes {
		cmd := exec.Command(os.Args[0], path, locks, fmt.Sprintf("p%d-", i), fmt.Sprint(inserts))
		cmd.Env = append(os.Environ(), "AWSFILE_HELPER=1")
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	f, err := awsfile.Read(awsfile.Config, path)
	if err != nil || len(f.Sections()) != processes*inserts || len(f.Warnings()) > 0 {
		t.Fatalf("%d sections, %v, %v", len(f.Sections()), err, f.Warnings())
	}
	onlyFiles(t, filepath.Dir(path), "config")
}
