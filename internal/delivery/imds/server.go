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

// server is the service for one profile.
type server struct {
	role   string
	first  fob.Request // the request made before anything is served, which may prompt
	tokens *tokens
	kept   loopback.Kept[*fob.Delivery]

	mu   sync.Mutex
	said string // the last message shown
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

// say tells the user what is wrong, once for each reason.
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

// roleName returns the role's name that SDKs put into a path: the profile's, with characters
// replaced that AWS does not allow in role names.
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
	// Amazon's service takes doubled slashes and one at the end; older tools send them.
	asked := "/" + strings.Join(strings.FieldsFunc(r.URL.Path, func(c rune) bool { return c == '/' }), "/")
	if asked == "/latest/api/token" {
		s.newToken(w, r)
		return
	}
	if token := r.Header[tokenHeader]; len(token) != 1 || !s.tokens.valid(token[0], time.Now()) {
		fail(w, http.StatusUnauthorized) // also for requests of IMDSv1, which have no token
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		fail(w, http.StatusMethodNotAllowed)
		return
	}
	if !s.knows(asked) {
		fail(w, http.StatusNotFound)
		return
	}
	d, err := s.kept.Get(r.Context())
	if err != nil {
		fail(w, loopback.Status(err))
		return
	}
	text, contentType := s.answer(asked, *d)
	if text == "" {
		fail(w, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = io.WriteString(w, text)
}

// newToken starts a session of IMDSv2. A request with X-Forwarded-For went through a proxy, so it
// may come from another machine, and is refused.
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
	w.Header().Set(ttlHeader, strconv.Itoa(ttl)) // Go's SDK requires it
	_, _ = io.WriteString(w, s.tokens.make(time.Now().Add(time.Duration(ttl)*time.Second)))
}

const (
	metadata    = "/latest/meta-data/"
	credentials = metadata + "iam/security-credentials"
	identity    = "/latest/dynamic/instance-identity/document"
)

func (s *server) knows(asked string) bool {
	switch asked {
	case credentials, credentials + "/" + s.role, metadata + "iam/info", identity, metadata + "instance-id",
		metadata + "placement/region", metadata + "placement/availability-zone":
		return true
	}
	return false
}

// instance is an id that no EC2 instance has.
const instance = "i-00000000000000f0b"

// answer returns the text for a path; empty if fob does not know the fact.
func (s *server) answer(asked string, d fob.Delivery) (text, contentType string) {
	region, account := d.Facts["region"], d.Facts["account"]
	zone := ""
	if region != "" {
		zone = region + "a"
	}
	switch asked {
	case credentials:
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
