package fakeaws

import (
	"errors"
	"fmt"
	"time"
)

func ssoControls() map[string]control {
	return map[string]control{
		"sso/account": controlSSOAccount, "sso/accounts": controlSSOAccounts, "sso/counts": controlSSOCounts, "sso/device": controlSSODevice,
		"sso/instance": controlSSOInstance, "sso/revoke": controlSSORevoke, "sso/scene": controlSSOScene, "sso/settings": controlSSOSettings,
	}
}

// instanceNamed finds an instance by its start URL as it was added, or the first.
func (s *Server) instanceNamed(start string) (*Instance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.sso.instances {
		if start == "" || i.spec.StartURL == plainURL(start) {
			return i, nil
		}
	}
	return nil, fmt.Errorf("no instance has the start URL %q", start)
}

func controlSSOInstance(s *Server, body []byte) (any, error) {
	var in InstanceSpec
	if err := ask(body, &in); err != nil {
		return nil, err
	}
	i, err := s.addInstance(in)
	if err != nil {
		return nil, err
	}
	return i.Spec(), nil
}

func controlSSOAccount(s *Server, body []byte) (any, error) {
	var in struct {
		AccountSpec
		StartURL string `json:"start_url"`
		Removed  bool   `json:"removed"`
	}
	if err := ask(body, &in); err != nil {
		return nil, err
	}
	i, err := s.instanceNamed(in.StartURL)
	if err != nil {
		return nil, err
	}
	if in.Removed {
		return struct{}{}, i.RemoveAccount(in.ID)
	}
	return struct{}{}, i.put(in.AccountSpec)
}

// put changes an account, or adds it.
func (i *Instance) put(spec AccountSpec) error {
	if i.SetAccount(spec) == nil {
		return nil
	}
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.add(spec)
}

func controlSSOAccounts(s *Server, body []byte) (any, error) {
	var in struct {
		StartURL string `json:"start_url"`
		Count    int    `json:"count"`
		Roles    int    `json:"roles"`
	}
	if err := ask(body, &in); err != nil {
		return nil, err
	}
	i, err := s.instanceNamed(in.StartURL)
	if err != nil {
		return nil, err
	}
	if in.Count < 0 || in.Count > 1_000_000 || in.Roles < 0 || in.Roles > 1000 {
		return nil, errors.New("at most 1000000 accounts with 1000 roles each")
	}
	i.AddAccounts(in.Count, in.Roles)
	return map[string]int{"accounts": len(i.Accounts())}, nil
}

func controlSSOScene(s *Server, body []byte) (any, error) {
	var in struct {
		StartURL string `json:"start_url"`
	}
	if err := ask(body, &in); err != nil {
		return nil, err
	}
	i, err := s.instanceNamed(in.StartURL)
	if err != nil {
		return nil, err
	}
	return map[string]any{"instance": i.Spec(), "accounts": i.Accounts()}, nil
}

func controlSSOCounts(s *Server, _ []byte) (any, error) { return s.SSOCounts(), nil }

func controlSSODevice(s *Server, body []byte) (any, error) {
	var in struct {
		UserCode string `json:"user_code"`
		Decision string `json:"decision"`
	}
	if err := ask(body, &in); err != nil {
		return nil, err
	}
	if in.Decision != PagesApprove && in.Decision != PagesDeny {
		return nil, errors.New("decision must be approve or deny")
	}
	n, err := s.AnswerDevice(in.UserCode, in.Decision == PagesApprove)
	return map[string]int{"answered": n}, err
}

func controlSSORevoke(s *Server, body []byte) (any, error) {
	var in struct {
		What string `json:"what"`
	}
	if err := ask(body, &in); err != nil {
		return nil, err
	}
	n, err := s.revoke(in.What)
	return map[string]int{"revoked": n}, err
}

// wireSettings are settings as the control surface has them: what is left out
// stays as it is.
type wireSettings struct {
	Registration *string  `json:"registration"`
	AccessToken  *string  `json:"access_token"`
	Session      *string  `json:"session"`
	Code         *string  `json:"code"`
	RoleSession  *string  `json:"role_session"`
	Interval     *string  `json:"interval"`
	Pages        *string  `json:"pages"`
	Rate         *float64 `json:"rate"`
	Burst        *int     `json:"burst"`
	RetryAfter   *bool    `json:"retry_after"`
	KeepRefresh  *bool    `json:"keep_refresh"`
	NoRefresh    *bool    `json:"no_refresh"`
	PageSize     *int     `json:"page_size"`
}

func controlSSOSettings(s *Server, body []byte) (any, error) {
	var in wireSettings
	if err := ask(body, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.sso.settings
	if err := in.apply(&changed); err != nil {
		return nil, err
	}
	s.sso.settings = changed
	return wireOf(changed), nil
}

func (in wireSettings) apply(to *SSOSettings) error {
	for _, f := range []struct {
		text *string
		to   *time.Duration
	}{{in.Registration, &to.Registration}, {in.AccessToken, &to.AccessToken}, {in.Session, &to.Session}, {in.Code, &to.Code},
		{in.RoleSession, &to.RoleSession}, {in.Interval, &to.Interval}} {
		if f.text == nil {
			continue
		}
		d, err := time.ParseDuration(*f.text)
		if err != nil {
			return err
		}
		*f.to = d
	}
	set(&to.Pages, in.Pages)
	set(&to.Rate, in.Rate)
	set(&to.Burst, in.Burst)
	set(&to.RetryAfter, in.RetryAfter)
	set(&to.KeepRefresh, in.KeepRefresh)
	set(&to.NoRefresh, in.NoRefresh)
	set(&to.PageSize, in.PageSize)
	return to.check()
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func wireOf(c SSOSettings) wireSettings {
	span := func(d time.Duration) *string { text := d.String(); return &text }
	return wireSettings{span(c.Registration), span(c.AccessToken), span(c.Session), span(c.Code), span(c.RoleSession), span(c.Interval),
		&c.Pages, &c.Rate, &c.Burst, &c.RetryAfter, &c.KeepRefresh, &c.NoRefresh, &c.PageSize}
}
