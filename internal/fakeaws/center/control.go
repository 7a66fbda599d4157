package center

import (
	"errors"
	"time"

	"fob/internal/fakeaws/wire"
)

// Controls are what tests may ask of it over HTTP.
func (c *Center) Controls() map[string]wire.Control {
	return map[string]wire.Control{
		"sso/account": c.controlAccount, "sso/accounts": c.controlAccounts, "sso/counts": c.controlCounts,
		"sso/instance": c.controlInstance, "sso/scene": c.controlScene, "sso/settings": c.controlSettings,
	}
}

func (c *Center) controlInstance(body []byte) (any, error) {
	var in InstanceSpec
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	i, err := c.AddInstance(in)
	if err != nil {
		return nil, err
	}
	return i.Spec(), nil
}

func (c *Center) controlAccount(body []byte) (any, error) {
	var in struct {
		AccountSpec
		StartURL string `json:"start_url"`
		Removed  bool   `json:"removed"`
	}
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	i, err := c.Instance(in.StartURL)
	if err != nil {
		return nil, err
	}
	if in.Removed {
		return struct{}{}, i.RemoveAccount(in.ID)
	}
	return struct{}{}, i.Put(in.AccountSpec)
}

func (c *Center) controlAccounts(body []byte) (any, error) {
	var in struct {
		StartURL string `json:"start_url"`
		Count    int    `json:"count"`
		Roles    int    `json:"roles"`
	}
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	i, err := c.Instance(in.StartURL)
	if err != nil {
		return nil, err
	}
	if in.Count < 0 || in.Count > 1_000_000 || in.Roles < 0 || in.Roles > 1000 {
		return nil, errors.New("at most 1000000 accounts with 1000 roles each")
	}
	i.AddAccounts(in.Count, in.Roles)
	return map[string]int{"accounts": len(i.Accounts())}, nil
}

func (c *Center) controlScene(body []byte) (any, error) {
	var in struct {
		StartURL string `json:"start_url"`
	}
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	i, err := c.Instance(in.StartURL)
	if err != nil {
		return nil, err
	}
	return map[string]any{"instance": i.Spec(), "accounts": i.Accounts()}, nil
}

func (c *Center) controlCounts(_ []byte) (any, error) { return c.Counts(), nil }

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

func (c *Center) controlSettings(body []byte) (any, error) {
	var in wireSettings
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	changed := c.settings
	if err := in.apply(&changed); err != nil {
		return nil, err
	}
	c.settings = changed
	return wireOf(changed), nil
}

func (in wireSettings) apply(to *Settings) error {
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

func wireOf(c Settings) wireSettings {
	span := func(d time.Duration) *string { text := d.String(); return &text }
	return wireSettings{span(c.Registration), span(c.AccessToken), span(c.Session), span(c.Code), span(c.RoleSession), span(c.Interval),
		&c.Pages, &c.Rate, &c.Burst, &c.RetryAfter, &c.KeepRefresh, &c.NoRefresh, &c.PageSize}
}
