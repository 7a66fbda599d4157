package leak

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The search must find what it is for, in whatever surroundings.
func TestItFinds(t *testing.T) {
	t.Parallel()
	for n := range 9 {
		secret := strings.Repeat("x", n) + Marker() + "tail/+=" + strings.Repeat("y", n)
		for name, text := range map[string]string{
			"plain":      secret,
			"base64":     base64.StdEncoding.EncodeToString([]byte(secret)),
			"base64url":  base64.RawURLEncoding.EncodeToString([]byte(secret)),
			"hex":        hex.EncodeToString([]byte(secret)),
			"HEX":        strings.ToUpper(hex.EncodeToString([]byte(secret))),
			"urlencoded": url.QueryEscape(secret),
		} {
			if !In([]byte("before " + text + " after")) {
				t.Errorf("%s with %d bytes before it is not found", name, n)
			}
		}
	}
	if In([]byte("FOBSECRET and MARKER")) {
		t.Error("found where it is not")
	}
}

func TestItFindsFilesAndProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sub := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(sub, "file")
	if err := os.WriteFile(path, []byte("…"+Marker()+"…"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := Files(dir, nil); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
	if found, err := Files(dir, map[string]bool{path: true}); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	log := filepath.Join(sub, "log")
	if err := os.WriteFile(log, []byte("msg="+base64.StdEncoding.EncodeToString([]byte("x"+verifier))), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := Files(sub, map[string]bool{path: true}, "another", verifier); err != nil || len(found) != 1 || found[0] != log {
		t.Errorf("%v, %v", found, err)
	}
	if err := os.Remove(log); err != nil {
		t.Fatal(err)
	}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	if sleep, err = filepath.EvalSymlinks(sleep); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(sleep, "60")
	cmd.Env = []string{"X=" + Marker()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		if found := look(filepath.Dir(sleep), map[string]bool{}); len(found) > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the environment of a process was not found")
		}
	}
}
