package proxy

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"fob/internal/sigv4/remote"
)

// AppSync's WebSockets are signed in two places. The connection is opened with a signature of a
// request that is never sent: in the query for GraphQL, in a subprotocol for the Event API. And
// each subscription contains a signature of its own in its message. Source: AWS AppSync Developer
// Guide, "Building a real-time WebSocket client"; "Understanding the Event API WebSocket protocol".

// appSync signs for one connection.
type appSync struct {
	signer *remote.Signer
	scheme string
	host   string // the API's host, which is signed
	events bool   // it is the Event API, not GraphQL
}

func (p *proxy) upgradeAppSync(r *http.Request, to route, m *remote.Message) (*http.Response, error) {
	path, query, _ := strings.Cut(to.path, "?")
	a := &appSync{signer: to.to.signer, scheme: to.to.scheme, events: strings.HasPrefix(path, "/event")}
	a.host = strings.Replace(to.to.host, ".appsync-realtime-api.", ".appsync-api.", 1)
	realtime := strings.Replace(a.host, ".appsync-api.", ".appsync-realtime-api.", 1)
	switch {
	case a.events:
		path = "/event/realtime"
	case realtime == a.host:
		path = "/graphql/realtime" // a custom domain name
	default:
		path = "/graphql"
	}
	m.URL = to.to.scheme + "://" + realtime + path
	if rest := without(query, "header", "payload"); rest != "" {
		m.URL += "?" + rest
	}
	m.Header = m.Header.Clone()
	m.Header.Del("Sec-Websocket-Extensions") // compressed messages could not be read and signed
	m.Apply = a.connect
	resp, err := to.to.signer.Send(r.Context(), p.transport, m)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		return resp, err
	}
	if backend, ok := resp.Body.(io.ReadWriteCloser); ok {
		resp.Body = &signingConn{ReadWriteCloser: backend, frames: framer{edit: func(text []byte) ([]byte, error) {
			return a.message(r.Context(), text)
		}}}
	}
	return resp, nil
}

// connect opens the connection, with the signature of a POST of {}.
func (a *appSync) connect(ctx context.Context, _ *remote.Signer, r *http.Request) (remote.Signature, error) {
	path := "/graphql/connect"
	if a.events {
		path = "/event"
	}
	header, sig, err := a.sign(ctx, path, []byte("{}"))
	if err != nil {
		return sig, err
	}
	if a.events {
		protocols := []string{"header-" + base64.RawURLEncoding.EncodeToString(header)}
		for _, name := range strings.Split(r.Header.Get("Sec-Websocket-Protocol"), ",") {
			if name = strings.TrimSpace(name); name != "" && !strings.HasPrefix(name, "header-") {
				protocols = append(protocols, name)
			}
		}
		if len(protocols) == 1 {
			protocols = append(protocols, "aws-appsync-event-ws")
		}
		r.Header.Set("Sec-Websocket-Protocol", strings.Join(protocols, ", "))
		return sig, nil
	}
	add := "header=" + url.QueryEscape(base64.StdEncoding.EncodeToString(header)) + "&payload=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("{}")))
	if r.URL.RawQuery != "" {
		add = r.URL.RawQuery + "&" + add
	}
	r.URL.RawQuery = add
	if r.Header.Get("Sec-Websocket-Protocol") == "" {
		r.Header.Set("Sec-Websocket-Protocol", "graphql-ws")
	}
	return sig, nil
}

// sign signs a POST to the API and returns its headers as a JSON object.
func (a *appSync) sign(ctx context.Context, path string, body []byte) ([]byte, remote.Signature, error) {
	sum := sha256.Sum256(body)
	const contentType = "application/json; charset=UTF-8"
	sig, err := a.signer.Sign(ctx, remote.Facts{
		Method: http.MethodPost, URL: a.scheme + "://" + a.host + path,
		Header: http.Header{"Content-Type": {contentType}}, Payload: hex.EncodeToString(sum[:]),
	})
	if err != nil {
		return nil, sig, err
	}
	all := map[string]string{
		"accept": "application/json, text/javascript", "content-encoding": "amz-1.0", "content-type": contentType, "host": a.host,
	}
	for name := range sig.Header {
		key := strings.ToLower(name)
		if key == "authorization" {
			key = "Authorization" // as AWS's clients spell it
		}
		all[key] = sig.Header.Get(name)
	}
	text, err := json.Marshal(all)
	return text, sig, err
}

// message signs messages that start a subscription or publish; others are not changed.
func (a *appSync) message(ctx context.Context, text []byte) ([]byte, error) {
	var m map[string]json.RawMessage
	var kind string
	if json.Unmarshal(text, &m) != nil || json.Unmarshal(m["type"], &kind) != nil {
		return text, nil
	}
	switch {
	case !a.events && kind == "start":
		return a.start(ctx, text, m)
	case a.events && (kind == "subscribe" || kind == "publish"):
		body := map[string]json.RawMessage{"channel": m["channel"]}
		if kind == "publish" {
			body["events"] = m["events"]
		}
		signed, err := json.Marshal(body)
		if err != nil {
			return text, nil
		}
		if m["authorization"], _, err = a.sign(ctx, "/event", signed); err != nil {
			return nil, err
		}
		return json.Marshal(m)
	}
	return text, nil
}

// start signs a GraphQL subscription: payload.data is the body that is signed, and the signature
// goes to payload.extensions.authorization.
func (a *appSync) start(ctx context.Context, text []byte, m map[string]json.RawMessage) ([]byte, error) {
	var payload, extensions map[string]json.RawMessage
	var data string
	if json.Unmarshal(m["payload"], &payload) != nil || json.Unmarshal(payload["data"], &data) != nil {
		return text, nil
	}
	if json.Unmarshal(payload["extensions"], &extensions) != nil || extensions == nil {
		extensions = map[string]json.RawMessage{}
	}
	authorization, _, err := a.sign(ctx, "/graphql", []byte(data))
	if err != nil {
		return nil, err
	}
	extensions["authorization"] = authorization
	if payload["extensions"], err = json.Marshal(extensions); err != nil {
		return nil, err
	}
	if m["payload"], err = json.Marshal(payload); err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// without removes parameters from a query and leaves the others as they are.
func without(query string, names ...string) string {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		out := part == ""
		for _, n := range names {
			out = out || name == n
		}
		if !out {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}
