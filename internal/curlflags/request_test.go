package curlflags

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"fob/internal/fob"
	"fob/test/skip"
)

// seen is a request as a server sees it.
type seen struct {
	Method, URI, Type, Empty, Hash string
	HasType                        bool
}

// The flags mean what they mean to curl: what is told to the agent is what curl
// sends, and so is what the printed command sends. Versions of curl differ in what
// they make of an empty first --data, and of a zero byte in a file of --data.
func TestLikeCurl(t *testing.T) {
	t.Parallel()
	skip.Need(t, "curl")
	last := make(chan seen, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sum := sha256.Sum256(body)
		_, has := r.Header["Content-Type"]
		last <- seen{r.Method, r.RequestURI, r.Header.Get("Content-Type"), strings.Join(r.Header.Values("X-Empty"), "|"), hex.EncodeToString(sum[:]), has}
	}))
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	for name, text := range map[string]string{"lines": "a\r\nb c\xff\n", "binary": "a\x00\r\n\xff", "empty": "", "a b&'.txt": "it's"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"/"}, {""}, {"/a?b#c"}, {"-X", "DELETE", "/"}, {"-XPURGE", "/"},
		{"-d", "a=1", "/"}, {"-d", "a=1", "-d", "b=2", "/"}, {"-d", "", "/"}, {"-d", "a", "-d", "", "/"}, {"-d", "@DIR/empty", "/"},
		{"-d", "@DIR/lines", "--data-binary", "@DIR/binary", "--data-raw", "@lines", "/"}, {"--data", "@-", "/"}, {"--data-binary", "@-", "-d", "@-", "/"},
		{"-X", "GET", "-d", "q", "/"}, {"-d", "{}", "-H", "content-type: application/json", "/"}, {"-d", "{}", "-H", "Content-Type:", "/"}, {"-H", "Content-Type;", "-d", "x", "/"},
		{"-H", "X-Empty;", "-H", "X-Empty: a  b ", "/"}, {"-d", "it's \"$HOME\" `x` \\ !\n", "/"},
		{"-T", "DIR/lines", "/"}, {"-T", "DIR/a b&'.txt", "/dir/"}, {"-T", "DIR/a b&'.txt", "/dir/?x=/"}, {"-T", "DIR/a b&'.txt", "/name"}, {"-T", "DIR/empty", ""}, {"-T", "DIR/lines", "-X", "POST", "/n"}, {"-T", "-", "/n"},
		{"-d", "x", "-X", "PUT", "/a[1]/{b}"}, {"/a/../b/./c"}, {"/%2e%2E/x"},
	} {
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "DIR", dir)
		}
		target := srv.URL + args[len(args)-1]
		flags := args[:len(args)-1]
		const stdin = "in\nput"
		run := func(name string, args ...string) seen {
			cmd := exec.Command(name, args...)
			cmd.Stdin = strings.NewReader(stdin)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%q: %v %s", args, err, out)
			}
			return <-last
		}
		want := run("curl", append([]string{"-sS", "--globoff", "--path-as-is", target}, flags...)...)

		o := &Request{}
		c := &cobra.Command{Run: func(_ *cobra.Command, rest []string) { o.URL = rest[0] }}
		o.Bind(c)
		c.SetArgs(append(flags, target))
		if err := c.Execute(); err != nil {
			t.Fatal(err)
		}
		headers, err := o.Settle()
		if err != nil {
			t.Fatal(args, err)
		}
		hash, err := o.Hash(strings.NewReader(stdin), false)
		if err != nil {
			t.Fatal(args, err)
		}
		if hash == "" {
			hash = hex.EncodeToString(sha256.New().Sum(nil))
		}
		got := seen{Method: o.Method, Hash: hash}
		uri, _, _ := strings.Cut(strings.TrimPrefix(o.URL, srv.URL), "#")
		if got.URI = uri; !strings.HasPrefix(uri, "/") {
			got.URI = "/" + uri
		}
		var empty []string
		for _, h := range headers {
			switch strings.ToLower(h.Name) {
			case "content-type":
				got.Type, got.HasType = h.Value, true
			case "x-empty":
				empty = append(empty, h.Value)
			}
		}
		got.Empty = strings.Join(empty, "|")
		if got != want {
			t.Errorf("%q\ngot  %+v\nwant %+v", args, got, want)
		}
		set := headers[len(o.Given()):]
		if printed := run("sh", "-c", o.Command(set)); printed != want {
			t.Errorf("%q: %s\ngot  %+v\nwant %+v", args, o.Command(set), printed, want)
		}
	}
}

func TestRequestRefuses(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Request{
		"two bodies": {data: []datum{{"data", "x"}}, upload: "f"}, "a word": {rawHeaders: []string{"word"}}, "two lines": {rawHeaders: []string{"A: b\nC: d"}},
	} {
		if _, err := o.Settle(); !errors.Is(err, fob.ErrUsage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, o := range []Request{{data: []datum{{"data", "@/none/such"}}}, {upload: "/none/such"}, {upload: t.TempDir()}} {
		if _, err := o.Hash(strings.NewReader(""), false); !errors.Is(err, fob.ErrUsage) {
			t.Error(err)
		}
		if hash, err := o.Hash(nil, true); hash != "UNSIGNED-PAYLOAD" || err != nil {
			t.Error(hash, err)
		}
	}
}
