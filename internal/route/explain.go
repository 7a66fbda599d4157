package route

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"fob/internal/fob"
)

// refused is what a proxy answers that does not lead to the server.
type refused struct{ status int }

func (r *refused) Error() string { return "the proxy answered " + http.StatusText(r.status) }

func connected(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &refused{resp.StatusCode}
}

// Explain puts into words why a host was not reached, where a proxy (its address, without
// a password) or a certificate is the reason. Other errors stay as they are.
func Explain(err error, host string, n fob.Network, proxy string) error {
	var untrusted *tls.CertificateVerificationError
	var status *refused
	var own *fob.Error
	switch {
	case errors.As(err, &own), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &untrusted):
		return explainCertificate(untrusted, host, n, proxy)
	case errors.As(err, &status) && status.status == http.StatusProxyAuthRequired:
		return &fob.Error{Kind: fob.ErrNetwork, Cause: err, Message: "the proxy " + proxy + " wants another user name and password (407)",
			Hint: "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT, or proxy in the section [fob] of fob's config file"}
	case errors.As(err, &status):
		return &fob.Error{Kind: fob.ErrNetwork, Cause: err, Message: "the proxy " + proxy + " does not lead to " + host + ": " + http.StatusText(status.status),
			Hint: "ask whoever runs the proxy; NO_PROXY names hosts that are reached without"}
	case proxy != "" && errors.Is(err, context.DeadlineExceeded):
		return &fob.Error{Kind: fob.ErrNetwork, Cause: err, Message: "no answer from " + host + " through the proxy " + proxy,
			Hint: "check HTTPS_PROXY, or proxy in the section [fob] of fob's config file"}
	case proxy != "" && atProxy(err):
		return &fob.Error{Kind: fob.ErrNetwork, Cause: err, Message: "cannot reach the proxy " + proxy + reason(err),
			Hint: "check HTTPS_PROXY, or proxy in the section [fob] of fob's config file"}
	}
	return err
}

// atProxy reports whether the way to a proxy failed, or what was said there.
func atProxy(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks"))
}

// reason is why a proxy was not reached, as part of a sentence.
func reason(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	var inner *net.OpError
	switch {
	case errors.As(err, &dns):
		return ": there is no host of that name"
	case errors.As(err, &timeout) && timeout.Timeout():
		return ": no answer"
	case errors.As(err, &inner) && inner.Err != nil:
		var deeper *net.OpError
		if errors.As(inner.Err, &deeper) && deeper.Err != nil {
			inner = deeper
		}
		return ": " + clean(inner.Err.Error())
	}
	return ""
}

func explainCertificate(err *tls.CertificateVerificationError, host string, n fob.Network, proxy string) error {
	e := &fob.Error{Kind: fob.ErrNetwork, Cause: err, Message: "the certificate of " + host + " is not trusted"}
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	if len(err.UnverifiedCertificates) > 0 {
		issuer := err.UnverifiedCertificates[0].Issuer
		e.Message += ", which is issued by " + clean(strings.Join(append([]string{issuer.CommonName}, issuer.Organization...), ", "))
	}
	if n.CABundle != "" {
		e.Message += " (trusted is what " + n.CABundle + " holds)"
	}
	if proxy != "" {
		e.Message += ", through the proxy " + proxy
	}
	switch {
	case errors.As(err, &name):
		e.Message += ": it is for another host"
		e.Hint = "check the endpoint_url of the profile; a captive portal answers like this too"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Message += ": it has expired, or the computer's clock is wrong"
		e.Hint = "check the computer's clock (timedatectl set-ntp true)"
	case errors.As(err, &unknown):
		e.Hint = "if that is your company's: ca_bundle = FILE in the profile, AWS_CA_BUNDLE=FILE, or ca_bundle = FILE in the section [fob] of fob's config file"
	default:
		e.Hint = "ask whoever runs " + host
	}
	return e
}

// clean makes a text of others fit for one line.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.TrimSuffix(text, ", "))
}
