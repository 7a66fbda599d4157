// Package console plays the federation endpoint, which makes a sign-in token of a
// session's credentials and a signed-in browser of a sign-in token, and the pages
// behind.
package console

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/random"
	"fob/internal/fakeaws/region"
	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/wire"
)

// Service is the federation endpoint and the console.
type Service struct {
	*service.Env
	mu       sync.Mutex // guards the rest
	tokens   map[string]*signinToken
	sessions map[string]*consoleSession // by the browser's cookie
}

// New is the service.
func New(env *service.Env) *Service {
	return &Service{Env: env, tokens: map[string]*signinToken{}, sessions: map[string]*consoleSession{}}
}

// signinToken opens the console once, within 15 minutes.
type signinToken struct {
	session *identity.Session
	expires time.Time // of the token
	ends    time.Time // of the console session that it opens
}

const signinTokenLife = 15 * time.Minute

// consoleSession is one signed-in identity of a browser.
type consoleSession struct {
	session *identity.Session
	ends    time.Time
}

// Browsers hold these: who is signed in, and whether a second identity may be.
const (
	consoleCookie      = "fake-console"
	multiSessionCookie = "fake-console-multi"
	maxSessions        = 5 // of one browser
)

// Name implements [service.Service].
func (*Service) Name() string { return "signin" }

// Serve implements [service.Service].
func (s *Service) Serve(r *wire.Request, action string) (wire.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]func(*wire.Request) (wire.Reply, error){
		"getSigninToken": s.getSigninToken, "login": s.login, "logout": s.logout, "opt-in": s.optIn, "page": s.page,
	}[action](r)
}

// Match implements [service.Service]. It has the paths of AWS's sign-in host.
func (*Service) Match(r *wire.Request) (string, bool) {
	if r.Signed() {
		return "", false
	}
	switch action := r.Form.Get("Action"); {
	case r.HTTP.URL.Path == "/federation" && (action == "getSigninToken" || action == "login"):
		return action, true
	case r.HTTP.URL.Path == "/oauth" && action == "logout":
		return action, true
	case r.HTTP.URL.Path == "/sessions/v1/opt-in":
		return "opt-in", true
	}
	_, visited := cookie(r, consoleCookie)
	return "page", r.HTTP.Method == http.MethodGet && (visited || strings.HasSuffix(r.HTTP.URL.Path, "/home"))
}

func signinRefusal(status int, message string) error { return wire.Refuse(status, "Signin", message) }

// getSigninToken takes credentials of roles and of federated users, and no
// others. How long the console stays open is said for roles that are not
// chained, up to the role's maximum; elsewhere it is refused.
func (s *Service) getSigninToken(r *wire.Request) (wire.Reply, error) {
	var in struct{ SessionID, SessionKey, SessionToken string }
	if err := json.Unmarshal([]byte(r.Form.Get("Session")), &in); err != nil {
		return wire.Reply{}, signinRefusal(400, "The Session parameter cannot be read.")
	}
	if _, own := s.Key(in.SessionID); own {
		return wire.Reply{}, onlyFederated()
	}
	ses := s.Session(in.SessionID)
	switch {
	case ses == nil, !same(ses.Secret.Reveal(), in.SessionKey), !same(ses.Token.Reveal(), in.SessionToken):
		return wire.Reply{}, signinRefusal(400, "The credentials are not valid.")
	case !s.Now().Before(ses.Expires):
		return wire.Reply{}, signinRefusal(400, "The credentials have expired.")
	case ses.Kind == identity.UserSession:
		return wire.Reply{}, onlyFederated()
	}
	ends := ses.Expires
	if r.Form.Has("SessionDuration") {
		seconds, err := strconv.Atoi(r.Form.Get("SessionDuration"))
		if err != nil || seconds < 900 || seconds > 43200 || ses.Kind != identity.RoleSession || ses.Chained || seconds > ses.Role.Spec.MaxSessionDuration {
			return wire.Reply{}, signinRefusal(400, "SessionDuration is not valid for these credentials.")
		}
		ends = s.Now().Add(s.Capped(time.Duration(seconds) * time.Second))
	}
	token := random.Text(random.URL, 60) + random.Marker + random.Text(random.Base64, 400)
	s.tokens[token] = &signinToken{ses, s.Now().Add(signinTokenLife), ends}
	return wire.JSON(http.StatusOK, map[string]string{"SigninToken": token}), nil
}

func onlyFederated() error {
	return signinRefusal(400, "Only federation tokens or assume role tokens may be used for federated login.")
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// login is what a browser opens.
func (s *Service) login(r *wire.Request) (wire.Reply, error) {
	to, err := s.destination(r)
	if err != nil {
		return wire.Reply{}, err
	}
	t := s.tokens[r.Form.Get("SigninToken")]
	if t == nil || !s.Now().Before(t.expires) {
		return wire.Reply{}, signinRefusal(400, "The sign-in token is not valid, was used, or has expired.")
	}
	have := s.signedIn(r)
	_, multi := cookie(r, multiSessionCookie)
	switch {
	case len(have) > 0 && !multi, len(have) >= maxSessions:
		return wire.Reply{}, signinRefusal(400, "You must first log out before logging into a different AWS account.")
	case !s.Now().Before(t.ends):
		return wire.Reply{}, signinRefusal(400, "The session is over.")
	}
	delete(s.tokens, r.Form.Get("SigninToken"))
	id := random.Text(random.URL, 32)
	s.sessions[id] = &consoleSession{t.session, t.ends}
	if old, any := cookie(r, consoleCookie); any && len(have) > 0 {
		id = old + "." + id
	}
	r.Header.Add("Set-Cookie", (&http.Cookie{Name: consoleCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}).String())
	if to.Host == r.HTTP.Host {
		return r.Redirect(http.StatusFound, to.String()), nil
	}
	// The real console, which a test must not reach.
	return r.Page(http.StatusOK, "Signed in", s.identityText(&consoleSession{t.session, t.ends}, to.String()), ""), nil
}

// destination is where a sign-in leads: on the partition's console, or on
// the fake itself.
func (s *Service) destination(r *wire.Request) (*url.URL, error) {
	u, err := url.Parse(r.Form.Get("Destination"))
	domain := region.Console(s.Partition())
	switch {
	case err != nil, u.User != nil:
	case u.Scheme+"://"+u.Host == r.Base():
		return u, nil
	case u.Scheme == "https" && (u.Host == domain || strings.HasSuffix(u.Host, "."+domain)):
		return u, nil
	}
	return nil, signinRefusal(400, "The Destination is not on the console.")
}

// signedIn are the live sessions of the browser that asks, the newest last.
func (s *Service) signedIn(r *wire.Request) []*consoleSession {
	var live []*consoleSession
	value, _ := cookie(r, consoleCookie)
	for id := range strings.SplitSeq(value, ".") {
		if c := s.sessions[id]; c != nil && s.Now().Before(c.ends) {
			live = append(live, c)
		}
	}
	return live
}

func cookie(r *wire.Request, name string) (string, bool) {
	c, err := r.HTTP.Cookie(name)
	if err != nil {
		return "", false
	}
	return c.Value, true
}

// logout signs a browser out and goes on, to no other host.
func (s *Service) logout(r *wire.Request) (wire.Reply, error) {
	value, _ := cookie(r, consoleCookie)
	for id := range strings.SplitSeq(value, ".") {
		delete(s.sessions, id)
	}
	r.Header.Add("Set-Cookie", (&http.Cookie{Name: consoleCookie, Path: "/", MaxAge: -1}).String())
	return s.onward(r)
}

// optIn lets a browser hold several identities.
func (s *Service) optIn(r *wire.Request) (wire.Reply, error) {
	r.Header.Add("Set-Cookie", (&http.Cookie{Name: multiSessionCookie, Value: "1", Path: "/"}).String())
	return s.onward(r)
}

func (s *Service) onward(r *wire.Request) (wire.Reply, error) {
	u, err := url.Parse(r.Form.Get("redirect_uri"))
	if err != nil || u.Scheme+"://"+u.Host != r.Base() {
		return wire.Reply{}, signinRefusal(400, "The redirect_uri is not on the sign-in host.")
	}
	return r.Redirect(http.StatusFound, u.String()), nil
}

// page stands for every page of the console.
func (s *Service) page(r *wire.Request) (wire.Reply, error) {
	live := s.signedIn(r)
	if len(live) == 0 {
		return wire.Reply{}, signinRefusal(401, "You are not signed in.")
	}
	return r.Page(http.StatusOK, "Console "+r.HTTP.URL.Path, s.identityText(live[len(live)-1], r.HTTP.URL.RequestURI())+
		fmt.Sprintf(`<p id="sessions">%d</p>`, len(live)), ""), nil
}

func (s *Service) identityText(c *consoleSession, place string) string {
	may := "what its policies allow"
	if c.session.Kind == identity.Federation && c.session.Policies == nil {
		may = "nothing" // a federated user has what a session policy and the user's own allow
	}
	return fmt.Sprintf(`<p id="arn">%s</p><p id="account">%s</p><p id="place">%s</p><p id="lasts">%s</p><p id="may">%s</p>`,
		html.EscapeString(c.session.ARN), c.session.Account, html.EscapeString(place), c.ends.Sub(s.Now()).Round(time.Second), may)
}

// Refuse implements [service.Service]: programs get a text that is no JSON, as AWS's bodies are not
// reliably, and browsers a page.
func (*Service) Refuse(r *wire.Request, e *wire.Refusal) wire.Reply {
	if e.Code == "Throttling" {
		e.Status = http.StatusTooManyRequests
	}
	if r.Form.Get("Action") == "getSigninToken" {
		return wire.Reply{Status: e.Status, ContentType: "text/html", Body: []byte("<html><body>" + html.EscapeString(e.Message) + "</body></html>\n")}
	}
	return wire.RefusePage(r, e)
}
