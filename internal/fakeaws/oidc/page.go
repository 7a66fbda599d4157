package oidc

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"fob/internal/fakeaws/center"
	"fob/internal/fakeaws/random"
	"fob/internal/fakeaws/wire"
)

// The pages that a sign-in shows in a browser. They need no script.

// openPage is a page that waits for its button: one use, and its handle cannot be
// guessed, so that no other page can press the button.
type openPage struct {
	client   *client
	redirect *url.URL // of an authorize page
	state    string
	code     codeGrant // what an authorize page gives, on approval
	device   *deviceGrant
	expires  time.Time
}

func badPage(message string) error { return wire.Refuse(400, "InvalidRequestException", message) }

// authorizePage is where a client sends its user. As long as it is not sure that
// the redirect goes back to a client, errors are shown here.
func (s *Service) authorizePage(r *wire.Request) (wire.Reply, error) {
	s.env.Count(func(c *center.Counts) { c.Pages++ })
	q := r.HTTP.URL.Query()
	c := s.clients[q.Get("client_id")]
	redirect := q.Get("redirect_uri")
	switch {
	case c == nil || c.region != s.env.RegionOf(r.HTTP.Host) || !s.env.Now().Before(c.expires):
		return wire.Reply{}, badPage("The client is not registered, or its registration has expired.")
	case !c.redirects(redirect):
		return wire.Reply{}, badPage("The redirect_uri is not one that the client registered.")
	case q.Get("state") == "":
		return wire.Reply{}, badPage("The state is missing.")
	}
	to, _ := url.Parse(redirect)
	p := &openPage{client: c, redirect: to, state: q.Get("state"), expires: s.env.Now().Add(s.env.Settings().Code),
		code: codeGrant{client: c, redirect: redirect, challenge: q.Get("code_challenge"), scopes: strings.Fields(q.Get("scopes"))}}
	if wrong := c.checkAuthorize(q, p.code.scopes); wrong != "" {
		return r.Redirect(http.StatusFound, p.back("error", wrong)), nil
	}
	if s.env.Settings().Pages != center.PagesAsk {
		return r.Redirect(http.StatusFound, s.finish(p, s.env.Settings().Pages == center.PagesApprove)), nil
	}
	return s.showPage(r, p, "/authorize", ""), nil
}

// checkAuthorize gives the error of RFC 6749 that a client is told of.
func (c *client) checkAuthorize(q url.Values, scopes []string) string {
	switch {
	case !slices.Contains(c.grants, GrantCode):
		return "unauthorized_client"
	case q.Get("response_type") != "code":
		return "unsupported_response_type"
	case q.Get("code_challenge_method") != "S256", len(q.Get("code_challenge")) != 43:
		return "invalid_request"
	case len(scopes) == 0 && len(c.scopes) > 0:
		return "invalid_scope"
	}
	for _, scope := range scopes {
		if !slices.Contains(c.scopes, scope) {
			return "invalid_scope"
		}
	}
	return ""
}

// back is the redirect URI with an answer.
func (p *openPage) back(name, value string) string {
	u := *p.redirect
	u.RawQuery = url.Values{name: {value}, "state": {p.state}}.Encode()
	return u.String()
}

// finish does what the button says, and gives where the browser goes from there:
// nowhere from a device's page.
func (s *Service) finish(p *openPage, approve bool) string {
	if p.device != nil {
		p.device.answer(approve)
		return ""
	}
	if !approve {
		return p.back("error", "access_denied")
	}
	code := random.Text(random.URL, 8) + random.Marker + random.Text(random.URL, 48)
	grant := p.code
	grant.session, grant.expires = s.env.SignIn(p.client.instance), s.env.Now().Add(s.env.Settings().Code)
	s.codes[code] = &grant
	return p.back("code", code)
}

func (s *Service) devicePage(r *wire.Request) (wire.Reply, error) {
	s.env.Count(func(c *center.Counts) { c.DevicePages++ })
	code := strings.ToUpper(r.HTTP.URL.Query().Get("user_code"))
	if code == "" {
		return r.Page(http.StatusOK, "Sign in on another device", `<form action="/device"><input id="user_code" name="user_code"> <button id="next">Next</button></form>`, ""), nil
	}
	at := slices.IndexFunc(s.devices, func(d *deviceGrant) bool { return d.userCode == code && d.open(s.env.Now()) })
	if at < 0 {
		return wire.Reply{}, badPage("The code is wrong, was used, or has expired.")
	}
	d := s.devices[at]
	p := &openPage{client: d.client, device: d, expires: d.expires}
	if s.env.Settings().Pages != center.PagesAsk {
		s.finish(p, s.env.Settings().Pages == center.PagesApprove)
		return done(r, d.approved), nil
	}
	return s.showPage(r, p, "/device", code), nil
}

// answerPage takes the button of a page.
func (s *Service) answerPage(r *wire.Request) (wire.Reply, error) {
	handle, decision := r.Form.Get("pageToken"), r.Form.Get("decision")
	p := s.pages[handle]
	if p == nil || !s.env.Now().Before(p.expires) || p.device != nil && p.device.answered {
		return wire.Reply{}, badPage("The page was answered already, or has expired.")
	}
	if decision != center.PagesApprove && decision != center.PagesDeny {
		return wire.Reply{}, badPage("Approve or deny.")
	}
	delete(s.pages, handle)
	if to := s.finish(p, decision == center.PagesApprove); to != "" {
		return r.Redirect(http.StatusSeeOther, to), nil
	}
	return done(r, p.device.approved), nil
}

// showPage asks. The page's policy must name where its form may be redirected:
// Chromium blocks the way back otherwise.
func (s *Service) showPage(r *wire.Request, p *openPage, action, code string) wire.Reply {
	handle := random.Text(random.URL, 32)
	s.pages[handle] = p
	var b strings.Builder
	fmt.Fprintf(&b, `<p><b id="client">%s</b> asks for access to your AWS accounts.</p>`+"\n", html.EscapeString(p.client.name))
	target := ""
	if p.device != nil {
		fmt.Fprintf(&b, `<p>Confirm that it shows this code: <b id="code">%s</b></p>`+"\n", html.EscapeString(code))
	} else {
		target = " " + p.redirect.Scheme + "://" + p.redirect.Host
	}
	fmt.Fprintf(&b, `<form method="post" action="%s"><input type="hidden" name="pageToken" value="%s">`+
		`<button id="approve" name="decision" value="approve">Approve</button> <button id="deny" name="decision" value="deny">Deny</button></form>`, action, handle)
	return r.Page(http.StatusOK, "Allow access?", b.String(), target)
}

func done(r *wire.Request, approved bool) wire.Reply {
	text := "Request denied"
	if approved {
		text = "Request approved"
	}
	return r.Page(http.StatusOK, text, `<p id="done">You can close this window.</p>`, "")
}
