package curlflags

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"fob/internal/fob"
)

// The request that flags describe is the one that curl would make.
func TestCurlRequest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, headers := filepath.Join(dir, "a b"), filepath.Join(dir, "headers")
	for path, text := range map[string]string{file: "x\r\n\x00\xffy z\n", headers: "A: b\r\nC: d\n\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const form = "Content-Type: application/x-www-form-urlencoded"
	for _, tt := range []struct {
		args                  []string
		method, url, body, at string // body; at is the file
		headers               []string
	}{
		{nil, "GET", "u", "-", "", nil},
		{[]string{"-d", "a=b", "--data-raw", "@c", "-d", ""}, "POST", "u", "a=b&@c&", "", []string{form}},
		{[]string{"-d", "@" + file}, "POST", "u", "\x00"[:0] + "x\xffy z", "", []string{form}},
		{[]string{"-d", "@-", "--data-binary", "@" + file}, "POST", "u", "stdin&x\r\n\x00\xffy z\n", "", []string{form}},
		{[]string{"--data-binary", "@" + file}, "POST", "u", "", file, []string{form}},
		{[]string{"--data-urlencode", "a b", "--data-urlencode", "=c&d", "--data-urlencode", "e=f=g", "--data-urlencode", "h@" + file}, "POST", "u", "a%20b&c%26d&e=f%3Dg&h=x%0D%0A%00%FFy%20z%0A", "", []string{form}},
		{[]string{"--json", `{"a":`, "--json", "1}"}, "POST", "u", `{"a":1}`, "", []string{"Content-Type: application/json", "Accept: application/json"}},
		{[]string{"--json", "@-", "-H", "accept: x"}, "POST", "u", "", "-", []string{"accept: x", "Content-Type: application/json"}},
		{[]string{"-d", "x", "-H", "content-type:"}, "POST", "u", "x", "", []string{"content-type:"}},
		{[]string{"-G", "-d", "a=b", "-d", "c"}, "GET", "u?a=b&c", "-", "", nil},
		{[]string{"-I", "-G", "-d", "a"}, "HEAD", "u?a", "-", "", nil},
		{[]string{"-I"}, "HEAD", "u", "-", "", nil},
		{[]string{"-X", "DELETE", "-d", "a"}, "DELETE", "u", "a", "", []string{form}},
		{[]string{"-T", file}, "PUT", "u", "", file, nil},
		{[]string{"-T", "-", "-X", "POST"}, "POST", "u", "", "-", nil},
		{[]string{"-H", "@" + headers, "-H", "E;"}, "GET", "u", "-", "", []string{"A: b", "C: d", "E;"}},
	} {
		r := Extended{}
		c := &cobra.Command{}
		r.Bind(c)
		if err := c.ParseFlags(tt.args); err != nil {
			t.Fatal(err)
		}
		r.URL = "https://h/u"
		lines, body, err := r.Read(strings.NewReader("stdin"))
		text := "-"
		if body.Has {
			text = string(body.Text)
		}
		if err != nil || r.Method != tt.method || r.URL != "https://h/"+tt.url || text != tt.body || body.File != tt.at || !slices.Equal(lines, tt.headers) {
			t.Errorf("%q: %s %s %q %q %q, %v", tt.args, r.Method, r.URL, text, body.File, lines, err)
		}
	}
	for _, args := range [][]string{{"-I", "-d", "a"}, {"-I", "-T", "x"}, {"-d", "a", "-T", "x"}, {"-d", "@/no/such"}, {"-H", "@/no/such"}, {"-H", "x"}, {"--data-urlencode", "@/no/such"}} {
		r := Extended{}
		c := &cobra.Command{}
		r.Bind(c)
		if err := c.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Read(strings.NewReader("")); !errors.Is(err, fob.ErrUsage) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestWithQuery(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"h": "h?q", "h?": "h?q", "h?a": "h?a&q", "h?a&": "h?a&q", "h#f": "h?q#f", "h?a#f": "h?a&q#f"} {
		if got := withQuery(address, "q"); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}
