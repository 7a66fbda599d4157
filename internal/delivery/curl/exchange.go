package curl

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fob/internal/fob"
	"fob/internal/sigv4"
	"fob/internal/sigv4/remote"
)

// perform makes the request and writes the answer.
func (c *call) perform(ctx context.Context) error {
	resp, err := c.exchange(ctx)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return c.output(ctx, resp)
}

// exchange repeats a request after temporary failures, as often as --retry allows.
func (c *call) exchange(ctx context.Context) (*http.Response, error) {
	for wait := time.Second; ; wait = min(2*wait, 10*time.Minute) {
		resp, err := c.follow(ctx)
		if c.counts.retries >= c.retries || ctx.Err() != nil || !passing(resp, err) {
			return resp, err
		}
		c.counts.retries++
		pause := wait
		why := ""
		if err != nil {
			why = err.Error()
		} else {
			why = "the server answered " + resp.Status
			pause = retryAfter(resp, wait)
			_ = resp.Body.Close()
		}
		if !c.task.Has("silent") {
			c.task.Tell("warning: " + why + "; trying again in " + pause.Round(time.Second).String())
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}

// passing reports whether a failure is temporary.
func passing(resp *http.Response, err error) bool {
	if err != nil {
		return errors.Is(err, fob.ErrNetwork)
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfter returns how long to wait: the server's Retry-After, in seconds or as a date, but at
// least wait.
func retryAfter(resp *http.Response, wait time.Duration) time.Duration {
	text := resp.Header.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < 1<<20 {
		return max(wait, time.Duration(n)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(wait, time.Until(at))
	}
	return wait
}

// follow makes the request and follows redirects.
func (c *call) follow(ctx context.Context) (*http.Response, error) {
	m := *c.message
	m.Signed = c.verboseRequest
	for c.counts.redirects = 0; ; c.counts.redirects++ {
		resp, err := c.signer.Send(ctx, c.transport, &m)
		if err != nil {
			return nil, err
		}
		if m.Body != nil {
			c.counts.sent = m.Body.Size
		}
		c.verboseResponse(resp)
		location := resp.Header.Get("Location")
		if !c.task.Has("location") || location == "" || !redirects(resp.StatusCode) {
			return resp, nil
		}
		_ = resp.Body.Close()
		if c.counts.redirects >= c.hops {
			return nil, fob.Errorf(fob.ErrRefused, "%s redirected more than %d times", resp.Request.URL.Host, c.hops).WithHint("--max-redirs NUMBER")
		}
		if m.URL, err = target(m.URL, location); err != nil {
			return nil, err
		}
		c.change(&m, resp.StatusCode)
	}
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// target returns the URL of a redirect. It must be on the same server: fob does not sign requests
// for other servers because a server asks for it.
func target(from, location string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", fob.Errorf(fob.ErrUsage, "the URL cannot be parsed")
	}
	to, err := base.Parse(location)
	if err != nil {
		return "", fob.Errorf(fob.ErrRefused, "%s redirects to what is no URL", base.Host)
	}
	to.Fragment, to.RawFragment = "", ""
	next := sigv4.Escape(to.String())
	was, err := sigv4.Host(from)
	if err != nil {
		return "", err
	}
	is, err := sigv4.Host(next)
	if err != nil || !strings.EqualFold(is, was) || !strings.EqualFold(to.Scheme, base.Scheme) {
		return "", fob.Errorf(fob.ErrRefused, "%s redirects to %s://%s, and fob signs for no server that you did not name", base.Host, to.Scheme, to.Host).
			WithHint("if you trust it: fob curl NAME %s://%s%s", to.Scheme, to.Host, to.EscapedPath())
	}
	return next, nil
}

// change adapts a request to a redirect: 301 and 302 turn a POST into a GET, 303 any method but
// HEAD; 307 and 308 change nothing. A method given with -X stays.
func (c *call) change(m *remote.Message, status int) {
	keep := status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect || m.Method == http.MethodHead
	if keep || m.Method != http.MethodPost && status != http.StatusSeeOther {
		return
	}
	if !c.task.Has("request") {
		m.Method = http.MethodGet
	}
	if m.Method == http.MethodGet {
		m.Body = nil
		m.Header = m.Header.Clone()
		m.Header.Del("Content-Type")
	}
}

// drain copies an answer as it arrives.
func (c *call) drain(ctx context.Context, w io.Writer, resp *http.Response) error {
	b := make([]byte, 64<<10)
	for {
		n, err := resp.Body.Read(b)
		if n > 0 {
			if _, err := w.Write(b[:n]); err != nil {
				return fob.Errorf(fob.ErrInternal, "cannot write the answer: %w", err)
			}
			c.counts.received += int64(n)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fob.Errorf(fob.ErrNetwork, "the answer of %s broke off after %d bytes: %w", resp.Request.URL.Host, c.counts.received, err)
		}
	}
}
