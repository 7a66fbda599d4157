// Package curlflags has those of curl's flags that describe a request, with the meaning that
// they have to curl; a test compares the two.
package curlflags

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fob/internal/fob"
	"fob/internal/quote"
)

// Request is a request that is described by the flags that fob sign and fob curl share.
type Request struct {
	Method, URL string
	rawHeaders  []string
	data        []datum
	upload      string
}

// datum is one of curl's --data flags; several make one body, with & between.
type datum struct{ flag, text string }

func (r *Request) Bind(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&r.Method, "request", "X", "", "`METHOD` of the request; GET, POST with data, PUT with a file")
	f.StringArrayVarP(&r.rawHeaders, "header", "H", nil, "a `HEADER` of the request, 'Name: value'; all are signed")
	f.VarP(&dataFlag{"data", &r.data}, "data", "d", "`DATA` of the body, as a form; @FILE reads a file without its newlines, @- standard input")
	f.Var(&dataFlag{"data-raw", &r.data}, "data-raw", "`DATA` of the body, in which @ means nothing")
	f.Var(&dataFlag{"data-binary", &r.data}, "data-binary", "`DATA` of the body, or @FILE or @- exactly as it is")
	f.StringVarP(&r.upload, "upload-file", "T", "", "`FILE` that is the body, - for standard input")
}

// dataFlag is one of the --data flags. They append to one list, because their order matters.
type dataFlag struct {
	name string
	to   *[]datum
}

func (d *dataFlag) String() string { return "" }
func (d *dataFlag) Type() string   { return "string" }
func (d *dataFlag) Set(text string) error {
	*d.to = append(*d.to, datum{d.name, text})
	return nil
}

// Settle completes the request as curl does: the method, and the file's name in the URL of an
// upload. It returns the headers: those of [Request.Given], followed by a Content-Type if
// there is data and -H does not mention one. Errors are [fob.ErrUsage].
func (r *Request) Settle() ([]Header, error) {
	usual := "GET"
	headers := r.Given()
	switch {
	case len(r.data) > 0 && r.upload != "":
		return nil, fob.Errorf(fob.ErrUsage, "a request has one body: data, or a file to upload").WithHint("either -d or -T")
	case len(r.data) > 0:
		usual = "POST"
		if !r.mentions("content-type") {
			headers = append(headers, Header{"Content-Type", "application/x-www-form-urlencoded"})
		}
	case r.upload != "":
		usual = "PUT"
		if r.upload != "-" {
			r.URL = withFile(r.URL, filepath.Base(r.upload))
		}
	}
	if r.Method == "" {
		r.Method = usual
	}
	for _, h := range r.rawHeaders {
		if !strings.ContainsAny(h, ":;") || strings.ContainsAny(h, "\r\n") {
			return nil, fob.Errorf(fob.ErrUsage, "%q is not a header", h).WithHint("-H 'Name: value'")
		}
	}
	return headers, nil
}

// Given returns the headers of -H: "Name: value", and "Name;" for an empty value. "Name:"
// stands for none: it removes a header that curl would add.
func (r *Request) Given() []Header {
	var headers []Header
	for _, text := range r.rawHeaders {
		name, value, ok := strings.Cut(text, ":")
		value = strings.Trim(value, " \t")
		if !ok {
			name = strings.TrimSuffix(strings.TrimRight(text, " \t"), ";")
		} else if value == "" {
			continue
		}
		headers = append(headers, Header{name, value})
	}
	return headers
}

func (r *Request) mentions(name string) bool {
	for _, text := range r.rawHeaders {
		if i := strings.IndexAny(text, ":;"); i >= 0 && strings.EqualFold(text[:i], name) {
			return true
		}
	}
	return false
}

// withFile appends a file's name to a URL that ends with a slash, as curl does for uploads.
func withFile(url, name string) string {
	path, query, has := strings.Cut(url, "?")
	_, rest, _ := strings.Cut(path, "://")
	if !strings.Contains(rest, "/") {
		path += "/"
	} else if !strings.HasSuffix(path, "/") {
		return url
	}
	var b strings.Builder
	for _, c := range []byte(name) {
		if strings.IndexByte("-._~", c) >= 0 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		}
	}
	if has {
		query = "?" + query
	}
	return path + b.String() + query
}

// Hash returns the body's SHA-256 in hex, empty if there is no body, or what stands for it if
// the payload is not signed. Files are not kept in memory.
func (r *Request) Hash(stdin io.Reader, unsigned bool) (string, error) {
	switch {
	case unsigned:
		return "UNSIGNED-PAYLOAD", nil
	case len(r.data) == 0 && r.upload == "":
		return "", nil
	}
	h := sha256.New()
	if err := r.writeBody(h, stdin); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// writeBody writes the body as curl sends it.
func (r *Request) writeBody(to io.Writer, stdin io.Reader) error {
	w := &counter{to: to}
	if r.upload != "" {
		return copyFile(w, r.upload, stdin)
	}
	for _, d := range r.data {
		if w.n > 0 && d.flag != "json" {
			_, _ = w.Write([]byte("&"))
		}
		file, isFile := strings.CutPrefix(d.text, "@")
		var err error
		switch {
		case d.flag == "data-urlencode":
			err = d.encode(w, stdin)
		case d.flag == "data-raw" || !isFile:
			_, err = io.WriteString(w, d.text)
		case d.flag == "data" || d.flag == "data-ascii":
			err = copyFile(stripper{w}, file, stdin)
		default:
			err = copyFile(w, file, stdin)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(to io.Writer, name string, stdin io.Reader) error {
	from := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fob.Errorf(fob.ErrUsage, "cannot read the body: %w", err)
		}
		defer f.Close()
		from = f
	}
	if _, err := io.Copy(to, from); err != nil {
		return fob.Errorf(fob.ErrUsage, "cannot read the body: %w", err)
	}
	return nil
}

type counter struct {
	to io.Writer
	n  int
}

func (c *counter) Write(b []byte) (int, error) {
	c.n += len(b)
	return c.to.Write(b)
}

// stripper removes what curl removes from the files of --data: newlines, carriage returns and
// zero bytes.
type stripper struct{ to io.Writer }

func (s stripper) Write(b []byte) (int, error) {
	_, err := s.to.Write(slices.DeleteFunc(bytes.Clone(b), func(c byte) bool { return c == '\n' || c == '\r' || c == 0 }))
	return len(b), err
}

// Command returns a curl command, quoted for a POSIX shell, that makes the request with more
// headers set. Its flags keep curl from changing the URL, which would break the signature.
func (r *Request) Command(set []Header) string {
	words := []string{"curl"}
	add := func(more ...string) { words = append(words, more...) }
	switch usual := map[bool]string{true: "POST", false: "GET"}[len(r.data) > 0]; {
	case r.Method == "HEAD":
		add("--head")
	case r.upload != "" && r.Method == "PUT", r.upload == "" && r.Method == usual:
	default:
		add("-X", r.Method)
	}
	if strings.ContainsAny(r.URL, "[]{}") {
		add("--globoff")
	}
	if strings.Contains(r.URL, "/.") || strings.Contains(strings.ToLower(r.URL), "/%2e") {
		add("--path-as-is")
	}
	for _, h := range r.rawHeaders {
		name, _, _ := strings.Cut(h, ":")
		if !slices.ContainsFunc(set, func(s Header) bool { return strings.EqualFold(s.Name, name) }) {
			add("-H", h)
		}
	}
	for _, h := range set {
		add("-H", h.Name+": "+h.Value)
	}
	for _, d := range r.data {
		add("--"+d.flag, d.text)
	}
	if r.upload != "" {
		add("-T", r.upload)
	}
	add(r.URL)
	for i, w := range words {
		words[i] = quote.Word(w)
	}
	return strings.Join(words, " ") + "\n"
}
