package endpoint

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"

	"fob/internal/fob"
	"fob/internal/loopback"
)

// prefix comes before a profile's name in the path.
const prefix = "/credentials/"

// item is one profile that is served.
type item struct {
	name      string
	region    string
	token     loopback.Token
	tokenFile string
	first     fob.Request // the request made before anything is served, which may prompt
	kept      loopback.Kept[*body]
	said      said
}

// body is an answer, ready to be sent.
type body struct {
	text   []byte
	length []string // the value of Content-Length
}

func newBody(d fob.Delivery) *body {
	return &body{text: []byte(d.Stdout), length: []string{strconv.Itoa(len(d.Stdout))}}
}

// handler answers for all profiles; each has a token of its own.
type handler struct {
	items map[string]*item
	json  []string // the value of Content-Type
}

func (h *handler) serve(ctx context.Context, l net.Listener, ready func() error) error {
	return loopback.Serve(ctx, loopback.Own(l, false), h.guarded(l), ready)
}

func (h *handler) guarded(l net.Listener) http.Handler {
	h.json = []string{"application/json"} // without parameters: Go's SDK compares the whole value
	return loopback.Local(l, h, func(w http.ResponseWriter, _ *http.Request) { fail(w, http.StatusForbidden, "") })
}

// noToken is the usual reason why a request has no token.
const noToken = "the request has no token. An older SDK does not read " + fileVariable + ": set " + tokenVariable + " to what is in that file"

// ServeHTTP answers with a bare status until the token is known to be right.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	auth := r.Header["Authorization"]
	if len(auth) != 1 || auth[0] == "" {
		fail(w, http.StatusUnauthorized, noToken)
		return
	}
	name, _ := strings.CutPrefix(r.URL.Path, prefix)
	i := h.items[name]
	switch {
	case i != nil && len(name) < len(r.URL.Path) && i.token.Is(auth[0]):
	case h.knows(auth[0]) && i == nil:
		fail(w, http.StatusNotFound, "")
		return
	default:
		fail(w, http.StatusForbidden, "")
		return
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		fail(w, http.StatusMethodNotAllowed, "")
		return
	}
	b, err := i.kept.Get(r.Context())
	if err != nil {
		text := err.Error()
		if hint := fob.HintOf(err); hint != "" {
			text += " (" + hint + ")"
		}
		fail(w, loopback.Status(err), text)
		return
	}
	header := w.Header()
	header["Content-Type"], header["Content-Length"] = h.json, b.length
	_, _ = w.Write(b.text)
}

// knows reports whether a token is that of any profile.
func (h *handler) knows(token string) (known bool) {
	for _, i := range h.items {
		known = i.token.Is(token) || known
	}
	return known
}

// fail answers in the format that Go's SDK and botocore show to users. With an empty text it sends
// the status alone.
func fail(w http.ResponseWriter, status int, text string) {
	code := strings.ReplaceAll(http.StatusText(status), " ", "")
	if text == "" {
		text = strings.ToLower(http.StatusText(status))
	}
	answer, err := json.Marshal(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{code, text})
	if err != nil {
		answer = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}
