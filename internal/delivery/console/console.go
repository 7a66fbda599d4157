// Package console is the way into the AWS console in a browser: credentials are
// traded for an address that signs in.
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

// Way returns the way. The region and the duration are those of the request's Narrow.
// The address in the answer holds a sign-in token, which AWS takes for 15 minutes.
func Way() delivery.Way {
	return delivery.Way{Name: "console", Chosen: true, Doc: "an address that signs a browser in to the AWS console", Hand: delivery.Hand(hand)}
}

// AWS's limits of a console session, and the policy with which a user's session
// may do all that the user may.
const (
	minSession = 15 * time.Minute
	maxSession = 12 * time.Hour
	oneHour    = time.Hour
	fullAccess = "AdministratorAccess"
)

// fresh is how long credentials should be valid if the console ends with them.
const fresh = 45 * time.Minute

type options struct {
	Service string `option:"service"` // of the page to open: a short name
	Path    string `option:"path"`    // of the page to open
	Session string `option:"session"` // sign-out or multi, for browsers that are signed in already
}

// Needs is what the way needs of the agent.
type Needs interface {
	// Lineage says what AWS would take credentials for that were narrowed so.
	Lineage(n fob.Narrow) (fob.Lineage, error)
	// Narrowed retrieves them, valid for minValid where their source can give that.
	Narrowed(ctx context.Context, n fob.Narrow, minValid time.Duration) (fob.Credentials, error)
	// Setting returns a setting of fob's own, from the section [fob].
	Setting(key string) string
	Account() string    // that the definition says it acts in; may be empty
	HTTP() *http.Client // for calls to AWS
}

// granted is a grant with what the agent offers.
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

// signIn trades credentials for a sign-in token. Only AWS knows a role's maximum:
// where it refuses a session that was wished for, the console is opened for as long
// as without a wish, and where it refuses that, until credentials end that are fresh.
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

// terms are what is asked of whom.
type terms struct {
	narrow   fob.Narrow    // of the credentials
	minValid time.Duration // of the credentials
	session  time.Duration // of the console, where AWS lets that be said
	usual    time.Duration // of the console, where nobody wishes for anything
	asked    bool          // the session was asked for on the command line
	wish     string        // what names its length: a flag or a setting
	warning  string
}

// choose applies AWS's rules. The console is open as long as the credentials are
// valid, or for roles that are not chained, as long as is asked, up to the role's
// maximum: an hour is always allowed there, and what the definition says too. To
// say it for other credentials is an error. A user is let in only through
// GetFederationToken, with a policy that takes nothing away.
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
		// A user's session with MFA is between them; for longer than an hour the role
		// is assumed without it.
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

// setting reads the setting console_duration.
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

// known is what the definition says, which AWS allowed for the credentials, or
// else an hour, which every role allows.
func known(p fob.Profile) time.Duration {
	if n, err := strconv.Atoi(p.Get("duration_seconds")); err == nil {
		return time.Duration(n) * time.Second
	}
	return oneHour
}

// facts are what front ends say of it and fill templates with, and the settings
// that tell them how.
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

// text is a duration as a person writes it.
func text(d time.Duration) string {
	if d%time.Hour == 0 {
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	if d%time.Minute == 0 {
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return d.String()
}
