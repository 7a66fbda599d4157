package curl

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"fob/internal/fob"
)

// output writes the answer to the file or stream that the options name. A file is opened only now,
// so that an existing one keeps its content if the request failed.
func (c *call) output(ctx context.Context, resp *http.Response) error {
	failed := resp.StatusCode >= http.StatusBadRequest && (c.task.Has("fail") || c.task.Has("fail-with-body"))
	var err error
	if !failed || c.task.Has("fail-with-body") {
		err = c.save(ctx, resp)
	}
	if _, e := io.WriteString(c.task.Out, c.writeOut(resp)); err == nil && e != nil {
		err = fob.Errorf(fob.ErrInternal, "cannot write to standard output: %w", e)
	}
	if err == nil && failed {
		err = fob.Errorf(fob.ErrRefused, "%s answered %s", resp.Request.URL.Host, resp.Status)
	}
	return err
}

func (c *call) save(ctx context.Context, resp *http.Response) (err error) {
	name, err := c.fileName()
	if err != nil {
		return err
	}
	w := c.task.Out
	if name != "" {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
		if err != nil {
			return fob.Errorf(fob.ErrUsage, "cannot write %s: %w", name, err)
		}
		defer func() {
			if e := f.Close(); err == nil && e != nil {
				err = fob.Errorf(fob.ErrInternal, "cannot write %s: %w", name, e)
			}
		}()
		w = f
	}
	if c.task.Has("include") || c.task.Has("head") {
		if _, err := io.WriteString(w, strings.Join(headLines(resp), "\r\n")+"\r\n\r\n"); err != nil {
			return fob.Errorf(fob.ErrInternal, "cannot write the answer: %w", err)
		}
	}
	return c.drain(ctx, w, resp)
}

// fileName returns the output file; empty for standard output.
func (c *call) fileName() (string, error) {
	if !c.task.Has("remote-name") {
		if name := c.task.Option("output"); name != "-" {
			return name, nil
		}
		return "", nil
	}
	u, err := url.Parse(c.message.URL)
	if err != nil {
		return "", fob.Errorf(fob.ErrUsage, "the URL cannot be parsed")
	}
	name := path.Base(u.EscapedPath())
	if strings.HasSuffix(u.EscapedPath(), "/") || name == "." || name == ".." || name == "/" || name == "" {
		return "", fob.Errorf(fob.ErrUsage, "the URL does not end in the name of a file").WithHint("-o FILE")
	}
	return name, nil
}

// headLines returns the status line and the headers, sorted by name.
func headLines(resp *http.Response) []string {
	lines := []string{proto(resp.Proto) + " " + resp.Status}
	for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
		for _, value := range resp.Header[name] {
			lines = append(lines, name+": "+value)
		}
	}
	return lines
}

func proto(p string) string { return strings.TrimSuffix(p, ".0") } // HTTP/2.0 → HTTP/2, HTTP/1.1

// verbose writes lines to stderr, as curl -v does.
func (c *call) verbose(mark string, lines ...string) {
	for _, line := range lines {
		fmt.Fprintln(c.task.Err, mark+strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				return '\uFFFD'
			}
			return r
		}, line))
	}
}

func (c *call) verboseResponse(resp *http.Response) {
	if c.task.Has("verbose") {
		c.verbose("< ", append(headLines(resp), "")...)
	}
}

// parseWriteOut parses the text of -w: %{name}, %%, \n, \r, \t.
func parseWriteOut(text string) ([]piece, error) {
	var pieces []piece
	text = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t", `\\`, `\`).Replace(text)
	for text != "" {
		before, rest, found := strings.Cut(text, "%")
		pieces = append(pieces, piece{text: before})
		switch {
		case !found:
			return pieces, nil
		case strings.HasPrefix(rest, "%"):
			pieces, text = append(pieces, piece{text: "%"}), rest[1:]
		case strings.HasPrefix(rest, "{"):
			name, after, closed := strings.Cut(rest[1:], "}")
			if value := variable(name); value == nil || !closed {
				return nil, fob.Errorf(fob.ErrUsage, "-w knows no %%{%s}", name).WithHint("http_code, content_type, size_download, size_upload, time_total, url_effective, num_redirects, num_retries, method, scheme, or http_version")
			}
			pieces, text = append(pieces, piece{name: name}), after
		default:
			pieces, text = append(pieces, piece{text: "%"}), rest
		}
	}
	return pieces, nil
}

// piece is literal text, or the name of a variable.
type piece struct{ text, name string }

func (c *call) writeOut(resp *http.Response) string {
	var b strings.Builder
	for _, p := range c.write {
		b.WriteString(p.text)
		if p.name != "" {
			b.WriteString(variable(p.name)(c, resp))
		}
	}
	return b.String()
}

// variable returns the function for one of curl's -w variables; nil if there is none of that name.
func variable(name string) func(c *call, resp *http.Response) string {
	switch name {
	case "http_code", "response_code":
		return func(_ *call, r *http.Response) string { return fmt.Sprintf("%03d", r.StatusCode) }
	case "content_type":
		return func(_ *call, r *http.Response) string { return r.Header.Get("Content-Type") }
	case "size_download":
		return func(c *call, _ *http.Response) string { return fmt.Sprint(c.counts.received) }
	case "size_upload":
		return func(c *call, _ *http.Response) string { return fmt.Sprint(c.counts.sent) }
	case "time_total":
		return func(c *call, _ *http.Response) string { return fmt.Sprintf("%.6f", time.Since(c.started).Seconds()) }
	case "url_effective", "url":
		return func(_ *call, r *http.Response) string { return r.Request.URL.String() }
	case "num_redirects":
		return func(c *call, _ *http.Response) string { return fmt.Sprint(c.counts.redirects) }
	case "num_retries":
		return func(c *call, _ *http.Response) string { return fmt.Sprint(c.counts.retries) }
	case "method":
		return func(_ *call, r *http.Response) string { return r.Request.Method }
	case "scheme":
		return func(_ *call, r *http.Response) string { return strings.ToUpper(r.Request.URL.Scheme) }
	case "http_version":
		return func(_ *call, r *http.Response) string { return strings.TrimPrefix(proto(r.Proto), "HTTP/") }
	}
	return nil
}
