// Package curl makes one signed HTTP request, with the flags and output of curl.
package curl

import (
	"context"
	"errors"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/sigv4"
	"fob/internal/sigv4/remote"
)

// Way returns the delivery "curl". All of it runs in the caller's process; the agent only signs, by
// the delivery "sign". Args is the URL. Options have the names of fob curl's flags, except method,
// body and file, which internal/cli derives from several flags.
func Way() delivery.Way {
	return delivery.Way{Name: "curl", Doc: "one signed HTTP request", Run: run}
}

func run(ctx context.Context, t fob.Task) error {
	c, err := newCall(t)
	if err != nil {
		return err
	}
	defer func() { _ = c.message.Body.Close() }()
	if c.maxTime > 0 {
		limit := fob.Errorf(fob.ErrNetwork, "no whole answer within %s", c.maxTime).WithHint("--max-time SECONDS")
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.maxTime, limit)
		defer cancel()
	}
	err = c.perform(ctx)
	var said *fob.Error
	if cause := context.Cause(ctx); err != nil && errors.As(cause, &said) {
		return said
	}
	return err
}

// call is one run of fob curl.
type call struct {
	task      fob.Task
	signer    *remote.Signer
	transport http.RoundTripper
	message   *remote.Message
	started   time.Time

	maxTime time.Duration
	retries int
	hops    int // redirects that may still be followed
	write   []piece
	counts  counts
}

// counts are the figures that -w prints.
type counts struct {
	redirects, retries int
	sent, received     int64
}

func newCall(t fob.Task) (*call, error) {
	c := &call{task: t, started: time.Now(), signer: &remote.Signer{
		Deliver: t.Deliver, Request: t.Requests[0], Service: t.Option("service"), Region: t.Option("region"),
		Asymmetric: t.Has("sigv4a"), Now: time.Now,
	}}
	var err error
	if c.maxTime, err = seconds(t, "max-time"); err != nil {
		return nil, err
	}
	connect, err := seconds(t, "connect-timeout")
	if err != nil {
		return nil, err
	}
	for _, n := range []struct {
		name string
		to   *int
	}{{"retry", &c.retries}, {"max-redirs", &c.hops}} {
		if text := t.Option(n.name); text != "" {
			if *n.to, err = strconv.Atoi(text); err != nil || *n.to < 0 {
				return nil, fob.Errorf(fob.ErrUsage, "--%s takes a number, not %q", n.name, text)
			}
		}
	}
	if c.write, err = parseWriteOut(t.Option("write-out")); err != nil {
		return nil, err
	}
	c.transport, err = remote.Transport(remote.Wire{CAFile: t.Option("cacert"), Connect: connect, Compressed: t.Has("compressed")})
	if err != nil {
		return nil, err
	}
	c.message, err = message(t)
	return c, err
}

// seconds parses a time as curl does: 2.5.
func seconds(t fob.Task, name string) (time.Duration, error) {
	text := t.Option(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n < 1e9) {
		return 0, fob.Errorf(fob.ErrUsage, "--%s takes seconds, not %q", name, text)
	}
	return time.Duration(n * float64(time.Second)), nil
}

// message builds the request, before it is signed.
func message(t fob.Task) (*remote.Message, error) {
	m := &remote.Message{Method: t.Option("method"), Header: http.Header{}}
	var err error
	if m.URL, err = address(t); err != nil {
		return nil, err
	}
	m.Header.Set("Accept", "*/*")
	m.Header.Set("User-Agent", "fob")
	if agent := t.Option("user-agent"); agent != "" {
		m.Header.Set("User-Agent", agent)
	}
	replaced := map[string]bool{}
	for _, line := range t.Options["header"] {
		name, value, ok := strings.Cut(line, ":")
		empty := !ok // as in curl: "Name;" sends an empty header, "Name:" removes one
		if empty {
			name = strings.TrimSuffix(strings.TrimSpace(name), ";")
		}
		key := textproto.CanonicalMIMEHeaderKey(name)
		value = strings.TrimSpace(value)
		switch {
		case !token(name) || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
			return nil, fob.Errorf(fob.ErrUsage, "%q is not the name of a header, or its value cannot be sent", name).WithHint("-H 'Name: value'")
		case key == "Host":
			m.Host = value
			continue
		case key == "Authorization":
			return nil, fob.Errorf(fob.ErrUsage, "fob signs the request, so it can have no Authorization of another kind").WithHint("leave -H Authorization out, or use curl itself")
		case key == "Content-Length" || key == "Transfer-Encoding" || key == "Connection":
			return nil, fob.Errorf(fob.ErrUsage, "the header %s belongs to the connection, which is fob's", key).WithHint("leave it out")
		}
		if !replaced[key] {
			m.Header.Del(key)
			replaced[key] = true
		}
		switch {
		case value != "" || empty:
			m.Header.Add(key, value)
		case key == "User-Agent":
			m.Header[key] = []string{""} // an empty value keeps net/http from sending its own
		}
	}
	m.Body, err = body(t)
	return m, err
}

// token reports whether s is valid as a header's name (RFC 9110).
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	})
}

// address returns the URL exactly as it will be sent. Without a scheme it is https, where curl
// assumes http.
func address(t fob.Task) (string, error) {
	text := t.Args[0]
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	scheme, _, _ := strings.Cut(text, "://")
	if s := strings.ToLower(scheme); s != "https" && s != "http" {
		return "", fob.Errorf(fob.ErrUsage, "fob curl speaks https and http, not %s", scheme)
	}
	if strings.ContainsAny(text, " \t") {
		return "", fob.Errorf(fob.ErrUsage, "the URL has a blank in it").WithHint("write %%20")
	}
	text, _, _ = strings.Cut(sigv4.Escape(text), "#")
	u, err := remote.URL(text)
	if err != nil {
		return "", err
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) && !t.Has("silent") {
		t.Tell("warning: http:// shows the request, its signature and the session token to the network")
	}
	return text, nil
}

func loopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasPrefix(host, "127.") || host == "::1"
}
