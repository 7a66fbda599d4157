package proxy

import (
	"context"
	"net/http"
	"strings"
	"time"

	"fob/internal/fob"
	"fob/internal/sigv4/remote"
)

// upgrade opens a WebSocket connection. Each service wants the signature in a place of its own.
func (p *proxy) upgrade(r *http.Request, to route, m *remote.Message) (*http.Response, error) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return nil, fob.Errorf(fob.ErrUsage, "only WebSocket can be upgraded to, not %q", r.Header.Get("Upgrade"))
	}
	path, _, _ := strings.Cut(to.path, "?")
	switch service := to.to.service; {
	case service == "appsync":
		return p.upgradeAppSync(r, to, m)
	case service == "iotdevicegateway", service == "iotdata" && path == "/mqtt":
		m.Apply = presigned
	}
	return to.to.signer.Send(r.Context(), p.transport, m)
}

// presigned puts the signature into the URL, where IoT Core expects it.
func presigned(ctx context.Context, s *remote.Signer, r *http.Request) (remote.Signature, error) {
	f := remote.Facts{Method: http.MethodGet, URL: r.URL.Scheme + "://" + r.URL.Host + r.URL.RequestURI()}
	text, sig, err := s.Presign(ctx, f, 5*time.Minute, "iotdevicegateway")
	if err == nil {
		r.URL, err = remote.URL(text)
	}
	return sig, err
}
