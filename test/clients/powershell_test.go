//go:build unix

package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fob/test/skip"
)

// No PowerShell can be installed where these tests run. What fob prints for it is
// held to its grammar, at least.
func TestPowerShellGrammar(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		skip.Missing(t, "node is not installed")
	}
	if _, err := os.Stat(filepath.Join("js", "node_modules", "tree-sitter-powershell")); err != nil {
		skip.Missing(t, "the grammar of PowerShell is not installed: make js")
	}
	parse := func(text string) error {
		// The optimizing compiler takes ten seconds for the grammar, and saves none.
		cmd := exec.Command(node, "--liftoff-only", filepath.Join("js", "powershell.mjs"))
		cmd.Stdin, cmd.Stderr = strings.NewReader(text), os.Stderr
		return cmd.Run()
	}
	home := t.TempDir()
	fob := func(args ...string) string {
		cmd := exec.Command(filepath.Join(bin, "fob"), args...)
		cmd.Env = []string{"HOME=" + home, "FOB_HOME=" + filepath.Join(home, "fob"), "FOB_AGENT=off", "PATH=" + os.Getenv("PATH"), "__FOB_VARS=AWS_PROFILE -AWS_X"}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	config := "[profile prod]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = bot\n[profile bot]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
	if err := os.WriteFile(filepath.Join(home, ".aws", "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "powershell"}, {"init", "powershell", "--prompt"}, {"completion", "powershell"}, {"use", "prod", "--shell=powershell"}, {"use", "--clear", "--shell=powershell"},
	} {
		if err := parse(fob(args...)); err != nil {
			t.Errorf("fob %v does not print PowerShell: %v", args, err)
		}
	}
	if parse("if (1) { foo") == nil {
		t.Error("everything is PowerShell")
	}
}
