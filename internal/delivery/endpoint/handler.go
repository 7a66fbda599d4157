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

// prefix is where the principals are, by their names.
const prefix = "/credentials/"

// item is one principal that is served.
type item struct {
	name      string
	token     loopback.Token
	tokenFile string
	first     fob.Request // before anybody is served: a person may be asked
	kept      loopback.Kept[*body]
	said      said
}

// body is an answer as it is sent.
type body struct {
	text   []byte
	length []string // the header's value
}

func newBody(d fob.Delivery) *body {
	return &body{text: []byte(d.Stdout), length: []string{strconv.Itoa(len(d.Stdout))}}
}

// handler answers for all principals, each to who knows its own token.
type handler struct {
	items map[string]*item
	json  []string // the header's value
}

func (h *handler) serve(ctx context.Context, l net.Listener, ready func() error) error {
	return loopback.Serve(ctx, loopback.Own(l, false), h.guarded(l), ready)
}

func (h *handler) guarded(l net.Listener) http.Handler {
	h.json = []string{"application/json"} // exactly: Go's SDK compares it
	return loopback.Local(l, h, func(w http.ResponseWriter, _ *http.Request) { fail(w, http.StatusForbidden, "") })
}

// ServeHTTP answers with no more than a status until the token is known to be right.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	auth := r.Header["Authorization"]
	if len(auth) != 1 || auth[0] == "" {
		fail(w, http.StatusUnauthorized, "")
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

// knows reports whether a token is anybody's.
func (h *handler) knows(token string) (known bool) {
	for _, i := range h.items {
		known = i.token.Is(token) || known
	}
	return known
}

// fail answers as Go's SDK and botocore show it. Without a text it says nothing
// that the status does not.
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
