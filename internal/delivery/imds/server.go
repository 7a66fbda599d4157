package imds

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"fob/internal/fob"
	"fob/internal/loopback"
)

// server is the service for one principal.
type server struct {
	role   string
	first  fob.Request // before anybody is served: a person may be asked
	tokens *tokens
	kept   loopback.Kept[*fob.Delivery]

	mu   sync.Mutex
	said string // the last message to the person
}

func newServer(ctx context.Context, t fob.Task) *server {
	r := t.Requests[0]
	r.Way, r.MinValid = name, enough+time.Minute
	s := &server{role: roleName(r.Profile), first: r, tokens: newTokens()}
	r.Patience = patience
	s.kept.Limit = limit
	s.kept.Ask = func() (*fob.Delivery, error) {
		d, err := t.Deliver(ctx, r)
		s.say(t, d, err)
		return &d, err
	}
	return s
}

// say tells the person once what is wrong.
func (s *server) say(t fob.Task, d fob.Delivery, err error) {
	text := ""
	switch {
	case err != nil && fob.HintOf(err) != "":
		text = "no credentials of " + s.first.Profile + ": " + err.Error() + " (" + fob.HintOf(err) + ")"
	case err != nil:
		text = "no credentials of " + s.first.Profile + ": " + err.Error()
	case d.Warning != "":
		text = "warning: the credentials of " + s.first.Profile + " are too short-lived for the AWS CLI and boto3 here"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if text != s.said && text != "" {
		t.Tell(text)
	}
	s.said = text
}

// roleName is what SDKs put into a path: a profile's name with what AWS does not
// have in names of roles replaced.
func roleName(profile string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_+=,.@-", r) {
			return r
		}
		return '-'
	}, profile)
}

const (
	tokenHeader = "X-Aws-Ec2-Metadata-Token"
	ttlHeader   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
)

func (s *server) guarded(l net.Listener) http.Handler {
	return loopback.Local(l, s, func(w http.ResponseWriter, _ *http.Request) { fail(w, http.StatusForbidden) })
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/latest/api/token" {
		s.newToken(w, r)
		return
	}
	if token := r.Header[tokenHeader]; len(token) != 1 || !s.tokens.valid(token[0], time.Now()) {
		fail(w, http.StatusUnauthorized) // also to whoever asks as in version 1
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		fail(w, http.StatusMethodNotAllowed)
		return
	}
	if !s.knows(r.URL.Path) {
		fail(w, http.StatusNotFound)
		return
	}
	d, err := s.kept.Get(r.Context())
	if err != nil {
		fail(w, loopback.Status(err))
		return
	}
	text, contentType := s.answer(r.URL.Path, *d)
	if text == "" {
		fail(w, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = io.WriteString(w, text)
}

// newToken is how version 2 begins. A request that a proxy has passed on comes from
// elsewhere.
func (s *server) newToken(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		w.Header().Set("Allow", http.MethodPut)
		fail(w, http.StatusMethodNotAllowed)
		return
	}
	if _, forwarded := r.Header["X-Forwarded-For"]; forwarded {
		fail(w, http.StatusForbidden)
		return
	}
	text := r.Header[ttlHeader]
	if len(text) != 1 {
		fail(w, http.StatusBadRequest)
		return
	}
	ttl, err := strconv.Atoi(text[0])
	if err != nil || ttl < 1 || ttl > 21600 {
		fail(w, http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set(ttlHeader, strconv.Itoa(ttl)) // Go's SDK fails without it
	_, _ = io.WriteString(w, s.tokens.make(time.Now().Add(time.Duration(ttl)*time.Second)))
}

const (
	metadata    = "/latest/meta-data/"
	credentials = metadata + "iam/security-credentials"
	identity    = "/latest/dynamic/instance-identity/document"
)

func (s *server) knows(path string) bool {
	switch path {
	case credentials, credentials + "/", credentials + "/" + s.role, metadata + "iam/info", identity, metadata + "instance-id",
		metadata + "placement/region", metadata + "placement/availability-zone":
		return true
	}
	return false
}

// instance is the id of a machine that is none of AWS's.
const instance = "i-00000000000000f0b"

// answer is the text at a path; nothing where a fact is not known.
func (s *server) answer(path string, d fob.Delivery) (text, contentType string) {
	region, account := d.Facts["region"], d.Facts["account"]
	zone := ""
	if region != "" {
		zone = region + "a"
	}
	switch path {
	case credentials, credentials + "/":
		return s.role, "text/plain"
	case credentials + "/" + s.role:
		return d.Stdout, "application/json"
	case metadata + "iam/info":
		return object(map[string]string{
			"Code": "Success", "LastUpdated": d.Facts["updated"], "InstanceProfileId": "AIPA00000000000000F0B",
			"InstanceProfileArn": "arn:" + d.Facts["partition"] + ":iam::" + account + ":instance-profile/" + s.role,
		}), "application/json"
	case identity:
		if region == "" {
			return "", ""
		}
		return object(map[string]string{"region": region, "availabilityZone": zone, "accountId": account, "instanceId": instance}), "application/json"
	case metadata + "instance-id":
		return instance, "text/plain"
	case metadata + "placement/region":
		return region, "text/plain"
	}
	return zone, "text/plain"
}

func object(members map[string]string) string {
	text, _ := json.MarshalIndent(members, "", "  ") // strings always marshal
	return string(text)
}

// fail answers with a status and nothing else.
func fail(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
}
