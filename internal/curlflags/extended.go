package curlflags

import (
	"bytes"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"fob/internal/fob"
)

// Extended is a request with more of curl's flags, which only fob curl has.
type Extended struct {
	Request
	Head bool // ask for the headers only

	get bool
}

func (r *Extended) Bind(c *cobra.Command) {
	r.Request.Bind(c)
	f := c.Flags()
	f.Var(&dataFlag{"data-ascii", &r.data}, "data-ascii", "the same as --data")
	f.Var(&dataFlag{"data-urlencode", &r.data}, "data-urlencode", "`DATA` of the body, encoded for a form: TEXT, NAME=TEXT, @FILE or NAME@FILE")
	f.Var(&dataFlag{"json", &r.data}, "json", "`DATA` of the body, or @FILE, as application/json")
	f.BoolVarP(&r.get, "get", "G", false, "put the data into the query of the URL")
	f.BoolVarP(&r.Head, "head", "I", false, "ask for the headers only")
}

// Body is the body of a request: a text, or the name of a file ("-" for standard input), which
// may be too large for memory.
type Body struct {
	Has  bool
	Text []byte
	File string
}

// Read completes the request and reads the files that its flags name. The headers are lines
// in the syntax of -H, including "Name:" and "Name;". Errors are [fob.ErrUsage].
func (r *Extended) Read(in io.Reader) (headers []string, body Body, err error) {
	if r.Head && (r.upload != "" || len(r.data) > 0 && !r.get) {
		return nil, body, fob.Errorf(fob.ErrUsage, "-I asks for headers only, so there is no body to send").WithHint("leave -d or -T out, or put the data into the query with -G")
	}
	if err := r.readHeaders(in); err != nil {
		return nil, body, err
	}
	if r.get {
		var query bytes.Buffer
		if err := r.writeBody(&query, in); err != nil {
			return nil, body, err
		}
		r.URL, r.data = withQuery(r.URL, query.String()), nil
	}
	if r.Head && r.Method == "" {
		r.Method = "HEAD"
	}
	if len(r.data) > 0 && r.data[0].flag == "json" {
		for _, name := range []string{"Content-Type", "Accept"} {
			if !r.mentions(name) {
				r.rawHeaders = append(r.rawHeaders, name+": application/json")
			}
		}
	}
	settled, err := r.Settle()
	if err != nil {
		return nil, body, err
	}
	headers = r.rawHeaders
	for _, h := range settled[len(r.Given()):] {
		headers = append(headers, h.Name+": "+h.Value)
	}
	body, err = r.content(in)
	return headers, body, err
}

func (r *Extended) content(in io.Reader) (Body, error) {
	if r.upload != "" {
		return Body{Has: true, File: r.upload}, nil
	}
	if len(r.data) == 0 {
		return Body{}, nil
	}
	if file, ok := strings.CutPrefix(r.data[0].text, "@"); ok && len(r.data) == 1 && (r.data[0].flag == "data-binary" || r.data[0].flag == "json") {
		return Body{Has: true, File: file}, nil // it is sent as it is, so it need not be read here
	}
	var text bytes.Buffer
	err := r.writeBody(&text, in)
	return Body{Has: true, Text: text.Bytes()}, err
}

// readHeaders replaces @FILE in -H by the lines of the file.
func (r *Extended) readHeaders(in io.Reader) error {
	var all []string
	for _, h := range r.rawHeaders {
		file, ok := strings.CutPrefix(h, "@")
		if !ok {
			all = append(all, h)
			continue
		}
		var text strings.Builder
		if err := copyFile(&text, file, in); err != nil {
			return err
		}
		all = append(all, strings.FieldsFunc(text.String(), func(c rune) bool { return c == '\r' || c == '\n' })...)
	}
	r.rawHeaders = all
	return nil
}

// encode writes the datum of a --data-urlencode: the part after the first = or @ is encoded,
// the name before it is not. A blank becomes %20, not +, because only that means the same in
// a query, in a form and in what is signed.
func (d datum) encode(w io.Writer, stdin io.Reader) error {
	name, text := "", d.text
	if i := strings.IndexAny(text, "=@"); i >= 0 {
		name = text[:i]
		isFile := text[i] == '@'
		if text = text[i+1:]; isFile {
			var content strings.Builder
			if err := copyFile(&content, text, stdin); err != nil {
				return err
			}
			text = content.String()
		}
	}
	if name != "" {
		name += "="
	}
	_, err := io.WriteString(w, name+strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
	return err
}

// withQuery appends to a URL's query.
func withQuery(address, query string) string {
	address, fragment, has := strings.Cut(address, "#")
	switch {
	case query == "":
	case !strings.Contains(address, "?"):
		address += "?" + query
	case strings.HasSuffix(address, "?") || strings.HasSuffix(address, "&"):
		address += query
	default:
		address += "&" + query
	}
	if has {
		address += "#" + fragment
	}
	return address
}
