package token

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/sigv4"
)

// codecommitLasts is how long CodeCommit accepts a password.
const codecommitLasts = 15 * time.Minute

// codecommit is a git credential helper (gitcredentials(7), lines key=value): it answers with a
// user name and password. For other hosts it prints nothing, so that git asks its next helper.
//
// The password is a time and a signature over a request with the method GIT, in which the time has
// no Z. It is valid for one repository, so git must be set to send the path
// (credential.useHttpPath).
func codecommit(ctx context.Context, g delivery.Grant, o options) (fob.Delivery, error) {
	asked, err := parseGit(o.Input)
	if err != nil {
		return fob.Delivery{}, err
	}
	host, _, _ := strings.Cut(asked["host"], ":")
	where, ok := codecommitRegion(host)
	if !ok || asked["protocol"] != "https" {
		return fob.Delivery{}, nil
	}
	path := asked["path"]
	if path == "" {
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "git does not say for which repository, and CodeCommit wants to know").
			WithHint("git config --global credential.https://%s.useHttpPath true", host)
	}
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	at := c.SigningTime(g.Now)
	stamp := at.UTC().Format("20060102T150405")
	signature, err := sigv4.Signature(c, sigv4.Scope{Service: "codecommit", Region: where, Time: at}, stamp,
		[]byte("GIT\n/"+path+"\n\nhost:"+host+"\n\nhost\n"))
	if err != nil {
		return fob.Delivery{}, err
	}
	user := c.AccessKeyID
	if !c.SessionToken.IsZero() {
		user += "%" + c.SessionToken.Reveal()
	}
	return fob.Delivery{Stdout: fmt.Sprintf("username=%s\npassword=%sZ%s\npassword_expiry_utc=%d\n",
		user, stamp, signature, ends(g, c, codecommitLasts).Unix())}, nil
}

// codecommitRegion returns the region in a host's name: git-codecommit.REGION.…, also with -fips.
func codecommitRegion(host string) (string, bool) {
	service, where, ok := sigv4.Guess(host)
	return where, ok && service == "codecommit"
}

// parseGit reads key=value lines up to an empty one. Only keys that end in [] may be repeated; none
// of those matters here.
func parseGit(input string) (map[string]string, error) {
	asked := map[string]string{}
	for line := range strings.Lines(input) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			break
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || key == "" || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, fob.Errorf(fob.ErrUsage, "this is not what git writes to a credential helper").WithHint("git config credential.helper '!fob token codecommit'")
		}
		if !strings.HasSuffix(key, "[]") {
			asked[key] = value
		}
	}
	return asked, nil
}
