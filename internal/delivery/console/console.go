// Package console opens the AWS console in a browser: it exchanges credentials for a sign-in URL.
package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
)

// Way returns the delivery "console". Region and duration are those in the request's Narrow. The
// URL in the answer contains a sign-in token, which AWS accepts for 15 minutes.
func Way() delivery.Way {
	return delivery.Way{Name: "console", Chosen: true, Doc: "an address that signs a browser in to the AWS console", Hand: delivery.Hand(hand)}
}

// AWS's limits for a console session, and the session policy that allows a federated user all that
// the user may do.
const (
	minSession = 15 * time.Minute
	maxSession = 12 * time.Hour
	oneHour    = time.Hour
	fullAccess = "AdministratorAccess"
)

// fresh is how long credentials should stay valid if the console session ends with them.
const fresh = 45 * time.Minute

type options struct {
	Service string `option:"service"` // of the page to open: a short name
	Path    string `option:"path"`    // of the page to open
	Session string `option:"session"` // sign-out or multi, for browsers that are already signed in
}

// Needs is what this delivery needs of the agent.
type Needs interface {
	// Lineage tells which kind of AWS session credentials narrowed by n would be.
	Lineage(n fob.Narrow) (fob.Lineage, error)
	// Narrowed retrieves credentials narrowed by n, with minValid left where their source can give
	// that.
	Narrowed(ctx context.Context, n fob.Narrow, minValid time.Duration) (fob.Credentials, error)
	// Setting returns a setting from the section [fob] of fob's config file.
	Setting(key string) string
	Account() string    // the account in the definition; may be empty
	HTTP() *http.Client // for calls to AWS
}

// granted is a grant, and what the agent offers for it.
type granted struct {
	delivery.Grant
	Needs
}

func hand(ctx context.Context, grant delivery.Grant, o options) (fob.Delivery, error) {
	agent, err := delivery.From[Needs](grant)
	if err != nil {
		return fob.Delivery{}, err
	}
	g := granted{grant, agent}
	at, err := siteOf(g.Partition, g.Profile)
	if err != nil {
		return fob.Delivery{}, err
	}
	destination, region, err := at.destination(target{
		service: o.Service, path: o.Path, region: g.Profile.Get("region"), asked: g.Narrow.Region != ""})
	if err != nil {
		return fob.Delivery{}, err
	}
	if _, err := at.chain(o.Session, ""); err != nil {
		return fob.Delivery{}, err
	}
	t, err := choose(g)
	if err != nil {
		return fob.Delivery{}, err
	}
	c, token, err := signIn(ctx, g, at, &t)
	if errors.Is(err, errBadRequest) {
		err = refused(err)
	}
	if err != nil {
		return fob.Delivery{}, err
	}
	address, err := at.chain(o.Session, at.login(token, destination))
	return fob.Delivery{URL: address, Facts: facts(g, c, t, destination, region), Warning: t.warning}, err
}

// signIn exchanges credentials for a sign-in token. Only AWS knows a role's maximum duration. If it
// refuses the requested duration, the default one is tried; if it refuses that too, the session
// lasts as long as freshly retrieved credentials do.
func signIn(ctx context.Context, g granted, at site, t *terms) (fob.Credentials, fob.Secret, error) {
	wanted := t.session
	c, token, err := signInOnce(ctx, g, at, t)
	if errors.Is(err, errBadRequest) && t.usual > 0 && t.usual < wanted {
		t.session = t.usual
		token, err = at.signinToken(ctx, g.HTTP(), c, t.session)
	}
	if errors.Is(err, errBadRequest) && wanted > 0 {
		t.session, t.minValid = 0, fresh
		c, token, err = signInOnce(ctx, g, at, t)
	}
	if err == nil && t.session < wanted && t.wish != "" {
		t.warning = fmt.Sprintf("AWS does not let this role's console stay open for %s, as %s says (the role's maximum session duration may be shorter)", text(wanted), t.wish)
	}
	return c, token, err
}

func signInOnce(ctx context.Context, g granted, at site, t *terms) (c fob.Credentials, token fob.Secret, err error) {
	if c, err = g.Narrowed(ctx, t.narrow, t.minValid); err != nil {
		return c, token, err
	}
	if c.LongLived() {
		return c, token, refused(nil)
	}
	if err = delivery.Unexpired(c, g.Profile, g.Now); err != nil {
		return c, token, err
	}
	token, err = at.signinToken(ctx, g.HTTP(), c, t.session)
	return c, token, err
}

// terms are the durations to request for the credentials and for the console session.
type terms struct {
	narrow   fob.Narrow    // of the credentials
	minValid time.Duration // of the credentials
	session  time.Duration // of the console session, where AWS accepts one
	usual    time.Duration // of the console session, if nothing was requested
	asked    bool          // requested on the command line
	wish     string        // the flag or setting that asks for it, for messages
	warning  string
}

// choose applies AWS's rules. A console session lasts as long as the credentials. For roles that
// are not chained, a duration can be requested up to the role's maximum: an hour is always allowed,
// and so is the duration in the definition. For other credentials a requested duration is an error.
// A user gets into the console by GetFederationToken only, with a session policy that restricts
// nothing.
func choose(g granted) (terms, error) {
	t := terms{narrow: g.Narrow, minValid: fresh}
	length := time.Duration(g.Narrow.Duration) * time.Second
	t.asked, t.narrow.Duration = length > 0, 0
	if t.asked {
		t.wish = "--duration"
	} else if set := g.Setting("console_duration"); set != "" {
		var err error
		if length, err = setting(set); err != nil {
			return t, err
		}
		t.wish = "console_duration in section [fob]"
	}
	lineage, err := g.Lineage(t.narrow)
	if err == nil && lineage == fob.LineageUser {
		t.narrow.PolicyARNs = []string{fullAccess}
		lineage, err = g.Lineage(t.narrow)
	}
	if err == nil && lineage == fob.LineageChained && t.asked {
		// The role is reached through the user's MFA session. For more than an hour the role is
		// assumed without that session, since AWS limits chained roles to an hour.
		t.narrow.Duration = int(length.Seconds())
		lineage, err = g.Lineage(t.narrow)
	}
	if err != nil {
		return t, err
	}
	switch lineage {
	case fob.LineageFederated:
		t.narrow.Duration = int(length.Seconds())
	case fob.LineageRole:
		t.usual = known(g.Profile)
		t.session = cmp.Or(length, t.usual)
	case fob.LineageChained:
		if length > oneHour && t.asked {
			t.warning = "AWS ends the console of a chained role with its credentials, within an hour"
		}
	default:
		t.session = length
	}
	if t.session > 0 && (t.session < minSession || t.session > maxSession) {
		return t, fob.Errorf(fob.ErrUsage, "a console session lasts from 15 minutes to 12 hours, not %s", text(t.session)).WithHint("--duration 8h")
	}
	switch {
	case t.session > 0:
		t.minValid = 0
	case t.asked:
		t.minValid = length * 9 / 10
	}
	return t, nil
}

// setting parses the setting console_duration.
func setting(text string) (time.Duration, error) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < minSession || d > maxSession {
		return 0, fob.Errorf(fob.ErrUsage, "console_duration = %s: must be a time from 15m to 12h", text).WithHint("change it in section [fob] of fob's own config file")
	}
	return d, nil
}

// known returns the duration in the definition, which AWS accepted for the credentials, or an hour,
// which every role allows.
func known(p fob.Profile) time.Duration {
	if n, err := strconv.Atoi(p.Get("duration_seconds")); err == nil {
		return time.Duration(n) * time.Second
	}
	return oneHour
}

// facts are the values that front ends show and put into templates, with the settings for that.
func facts(g granted, c fob.Credentials, t terms, destination, region string) map[string]string {
	ends := c.Expiration
	if t.session > 0 {
		ends = g.Now.Add(t.session)
	}
	f := map[string]string{"destination": destination, "region": region, "account": c.AccountID, "expires": ends.UTC().Format(time.RFC3339)}
	if f["account"] == "" {
		f["account"] = g.Account()
	}
	for _, key := range []string{"console_color", "console_icon"} {
		f[key] = g.Profile.Get(key)
	}
	for _, key := range []string{"console_browser", "console_command", "console_container"} {
		f[key] = g.Setting(key)
	}
	for key, value := range f {
		if value == "" {
			delete(f, key)
		}
	}
	return f
}

// text formats a duration as users write it.
func text(d time.Duration) string {
	if d%time.Hour == 0 {
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	if d%time.Minute == 0 {
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return d.String()
}
