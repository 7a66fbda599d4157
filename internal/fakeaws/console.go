package fakeaws

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The console: the federation endpoint, which makes a sign-in token of a session's
// credentials and a signed-in browser of a sign-in token, and the pages behind.

// consoleState is guarded by the server's lock.
type consoleState struct {
	tokens   map[string]*signinToken
	sessions map[string]*consoleSession // by the browser's cookie
}

// signinToken opens the console once, within 15 minutes.
type signinToken struct {
	session *session
	expires time.Time // of the token
	ends    time.Time // of the console session that it opens
}

const signinTokenLife = 15 * time.Minute

// consoleSession is one signed-in identity of a browser.
type consoleSession struct {
	session *session
	ends    time.Time
}

// Browsers hold these: who is signed in, and whether a second identity may be.
const (
	consoleCookie      = "fake-console"
	multiSessionCookie = "fake-console-multi"
	maxSessions        = 5 // of one browser
)

func newConsoleState() consoleState {
	return consoleState{map[string]*signinToken{}, map[string]*consoleSession{}}
}

// signinService has the paths of AWS's sign-in host.
func signinService() service {
	all := map[string]func(s *Server, r *request) (reply, error){
		"getSigninToken": (*Server).getSigninToken, "login": (*Server).consoleLogin,
		"logout": (*Server).consoleLogout, "opt-in": (*Server).consoleOptIn, "page": (*Server).consolePage,
	}
	return service{
		name:   "signin",
		match:  matchSignin,
		serve:  func(s *Server, r *request, action string) (reply, error) { return all[action](s, r) },
		refuse: refuseSignin,
	}
}

func matchSignin(r *request) (string, bool) {
	if r.http.Header.Get("Authorization") != "" || r.http.URL.Query().Has("X-Amz-Signature") {
		return "", false
	}
	switch action := r.form.Get("Action"); {
	case r.http.URL.Path == "/federation" && (action == "getSigninToken" || action == "login"):
		return action, true
	case r.http.URL.Path == "/oauth" && action == "logout":
		return action, true
	case r.http.URL.Path == "/sessions/v1/opt-in":
		return "opt-in", true
	}
	_, visited := cookie(r, consoleCookie)
	return "page", r.http.Method == http.MethodGet && (visited || strings.HasSuffix(r.http.URL.Path, "/home"))
}

func signinRefusal(status int, message string) error { return &Refusal{status, "Signin", message} }

// getSigninToken takes credentials of roles and of federated users, and no
// others. How long the console stays open is said for roles that are not
// chained, up to the role's maximum; elsewhere it is refused.
func (s *Server) getSigninToken(r *request) (reply, error) {
	var in struct{ SessionID, SessionKey, SessionToken string }
	if err := json.Unmarshal([]byte(r.form.Get("Session")), &in); err != nil {
		return reply{}, signinRefusal(400, "The Session parameter cannot be read.")
	}
	if s.keys[in.SessionID] != nil {
		return reply{}, onlyFederated()
	}
	ses := s.sessions[in.SessionID]
	switch {
	case ses == nil, !same(ses.secret.Reveal(), in.SessionKey), !same(ses.token.Reveal(), in.SessionToken):
		return reply{}, signinRefusal(400, "The credentials are not valid.")
	case !s.Now().Before(ses.expires):
		return reply{}, signinRefusal(400, "The credentials have expired.")
	case ses.kind == userSession:
		return reply{}, onlyFederated()
	}
	ends := ses.expires
	if r.form.Has("SessionDuration") {
		seconds, err := strconv.Atoi(r.form.Get("SessionDuration"))
		if err != nil || seconds < 900 || seconds > 43200 || ses.kind != roleSession || ses.chained || seconds > ses.role.spec.MaxSessionDuration {
			return reply{}, signinRefusal(400, "SessionDuration is not valid for these credentials.")
		}
		ends = s.Now().Add(s.capped(time.Duration(seconds) * time.Second))
	}
	token := randomText(urlAlphabet, 60) + Marker + randomText(base64Alphabet, 400)
	s.console.tokens[token] = &signinToken{ses, s.Now().Add(signinTokenLife), ends}
	return jsonReply(http.StatusOK, map[string]string{"SigninToken": token}), nil
}

func onlyFederated() error {
	return signinRefusal(400, "Only federation tokens or assume role tokens may be used for federated login.")
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// consoleLogin is what a browser opens.
func (s *Server) consoleLogin(r *request) (reply, error) {
	destination, err := s.consoleDestination(r)
	if err != nil {
		return reply{}, err
	}
	t := s.console.tokens[r.form.Get("SigninToken")]
	if t == nil || !s.Now().Before(t.expires) {
		return reply{}, signinRefusal(400, "The sign-in token is not valid, was used, or has expired.")
	}
	have := s.signedIn(r)
	_, multi := cookie(r, multiSessionCookie)
	switch {
	case len(have) > 0 && !multi, len(have) >= maxSessions:
		return reply{}, signinRefusal(400, "You must first log out before logging into a different AWS account.")
	case !s.Now().Before(t.ends):
		return reply{}, signinRefusal(400, "The session is over.")
	}
	delete(s.console.tokens, r.form.Get("SigninToken"))
	id := randomText(urlAlphabet, 32)
	s.console.sessions[id] = &consoleSession{t.session, t.ends}
	if old, any := cookie(r, consoleCookie); any && len(have) > 0 {
		id = old + "." + id
	}
	r.header.Add("Set-Cookie", (&http.Cookie{Name: consoleCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}).String())
	if destination.Host == r.http.Host {
		return r.redirect(http.StatusFound, destination.String()), nil
	}
	// The real console, which a test must not reach.
	return r.page(http.StatusOK, "Signed in", s.identityText(&consoleSession{t.session, t.ends}, destination.String()), ""), nil
}

// consoleDestination is where a sign-in leads: on the partition's console, or on
// the fake itself.
func (s *Server) consoleDestination(r *request) (*url.URL, error) {
	u, err := url.Parse(r.form.Get("Destination"))
	domain := map[string]string{"aws": "console.aws.amazon.com", "aws-cn": "console.amazonaws.cn",
		"aws-us-gov": "console.amazonaws-us-gov.com", "aws-eusc": "console.amazonaws-eusc.eu"}[s.partition]
	switch {
	case err != nil, u.User != nil:
	case u.Host == r.http.Host && u.Scheme == "http":
		return u, nil
	case u.Scheme == "https" && (u.Host == domain || strings.HasSuffix(u.Host, "."+domain)):
		return u, nil
	}
	return nil, signinRefusal(400, "The Destination is not on the console.")
}

// signedIn are the live sessions of the browser that asks, the newest last.
func (s *Server) signedIn(r *request) []*consoleSession {
	var live []*consoleSession
	value, _ := cookie(r, consoleCookie)
	for id := range strings.SplitSeq(value, ".") {
		if c := s.console.sessions[id]; c != nil && s.Now().Before(c.ends) {
			live = append(live, c)
		}
	}
	return live
}

func cookie(r *request, name string) (string, bool) {
	c, err := r.http.Cookie(name)
	if err != nil {
		return "", false
	}
	return c.Value, true
}

// consoleLogout signs a browser out and goes on, to no other host.
func (s *Server) consoleLogout(r *request) (reply, error) {
	value, _ := cookie(r, consoleCookie)
	for id := range strings.SplitSeq(value, ".") {
		delete(s.console.sessions, id)
	}
	r.header.Add("Set-Cookie", (&http.Cookie{Name: consoleCookie, Path: "/", MaxAge: -1}).String())
	return s.onward(r)
}

// consoleOptIn lets a browser hold several identities.
func (s *Server) consoleOptIn(r *request) (reply, error) {
	r.header.Add("Set-Cookie", (&http.Cookie{Name: multiSessionCookie, Value: "1", Path: "/"}).String())
	return s.onward(r)
}

func (s *Server) onward(r *request) (reply, error) {
	u, err := url.Parse(r.form.Get("redirect_uri"))
	if err != nil || u.Host != r.http.Host || u.Scheme != "http" {
		return reply{}, signinRefusal(400, "The redirect_uri is not on the sign-in host.")
	}
	return r.redirect(http.StatusFound, u.String()), nil
}

// consolePage stands for every page of the console.
func (s *Server) consolePage(r *request) (reply, error) {
	live := s.signedIn(r)
	if len(live) == 0 {
		return reply{}, signinRefusal(401, "You are not signed in.")
	}
	return r.page(http.StatusOK, "Console "+r.http.URL.Path, s.identityText(live[len(live)-1], r.http.URL.RequestURI())+
		fmt.Sprintf(`<p id="sessions">%d</p>`, len(live)), ""), nil
}

func (s *Server) identityText(c *consoleSession, place string) string {
	may := "what its policies allow"
	if c.session.kind == federation && !c.session.narrowed {
		may = "nothing" // a federated user has what a session policy and the user's own allow
	}
	return fmt.Sprintf(`<p id="arn">%s</p><p id="account">%s</p><p id="place">%s</p><p id="lasts">%s</p><p id="may">%s</p>`,
		html.EscapeString(c.session.arn), c.session.account, html.EscapeString(place), c.ends.Sub(s.Now()).Round(time.Second), may)
}

// refuseSignin: programs get a text that is no JSON, as AWS's bodies are not
// reliably, and browsers a page.
func refuseSignin(r *request, e *Refusal) reply {
	if e.Code == "Throttling" {
		e.Status = http.StatusTooManyRequests
	}
	if r.form.Get("Action") == "getSigninToken" {
		return reply{e.Status, "text/html", []byte("<html><body>" + html.EscapeString(e.Message) + "</body></html>\n")}
	}
	return refusePage(r, e)
}
