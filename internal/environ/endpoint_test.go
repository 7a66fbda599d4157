package environ

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A proxy is not asked for what is on this machine, however it is set up.
func TestDirectly(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"A=b":                                 "A=b",
		"NO_PROXY=x":                          "NO_PROXY=x",
		"http_proxy= NO_PROXY=x":              "http_proxy= NO_PROXY=x",
		"http_proxy=p":                        "http_proxy=p NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost",
		"HTTP_PROXY=p no_proxy=a,127.0.0.1":   "HTTP_PROXY=p NO_PROXY=127.0.0.1,localhost no_proxy=a,127.0.0.1,localhost",
		"ALL_PROXY=p NO_PROXY=a":              "ALL_PROXY=p NO_PROXY=a,127.0.0.1,localhost no_proxy=a,127.0.0.1,localhost",
		"all_proxy=p NO_PROXY=*":              "all_proxy=p NO_PROXY=*",
		"http_proxy=p NO_PROXY=*,a no_proxy=": "http_proxy=p NO_PROXY=*,a no_proxy=127.0.0.1,localhost",
		"http_proxy=p NO_PROXY=localhost,127.0.0.1 no_proxy=": "http_proxy=p NO_PROXY=localhost,127.0.0.1 no_proxy=127.0.0.1,localhost",
	} {
		got := Environ(strings.Fields(in)).Direct()
		slices.Sort(got)
		wanted := strings.Fields(want)
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: %v", in, got)
		}
	}
}

func TestBotoKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	boto := filepath.Join(dir, ".boto")
	for text, want := range map[string]bool{"[Credentials]\naws_access_key_id = AKIA\n": true, "[Boto]\nproxy = x\n": false} {
		if err := os.WriteFile(boto, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if a := (Environ{"HOME=" + dir}); a.HasBotoKeys() != want {
			t.Errorf("%q: %v", text, !want)
		}
		if a := (Environ{"HOME=/nowhere", "BOTO_CONFIG=" + boto}); a.HasBotoKeys() != want {
			t.Errorf("BOTO_CONFIG %q: %v", text, !want)
		}
	}
	if (Environ{"HOME=/nowhere"}).HasBotoKeys() {
		t.Error("keys out of nowhere")
	}
}
