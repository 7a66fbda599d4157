// Package imds delivers credentials by an instance metadata service (IMDSv2 only), for programs
// that look nowhere else. A program needs no secret to get a token from it and with that the
// credentials, so it answers only programs of this user. See "Use the Instance Metadata Service to
// access instance metadata" in the Amazon EC2 User Guide.
package imds

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/loopback"
)

const name = "imds"

// Way returns the delivery "imds". The part in the caller's process takes the options of fob serve:
// listen, force, json.
func Way() delivery.Way {
	return delivery.Way{Name: name, Doc: "the instance metadata service (IMDSv2) on loopback", Hand: delivery.Hand(hand), Run: run}
}

// enough is the lifetime that delivered credentials must have left. With less, botocore assumes an
// outage of the service, and goes on with the old credentials for another 17 to 25 minutes, even
// beyond their expiry.
const enough = 25 * time.Minute

// Go's SDK waits half a second for an answer.
const (
	limit    = 400 * time.Millisecond
	patience = 250 * time.Millisecond
)

// document is the JSON that SDKs read; Go's fails without Code.
type document struct {
	Code            string
	LastUpdated     string
	Type            string
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	Expiration      string
	AccountID       string `json:"AccountId,omitempty"`
}

const timeFormat = "2006-01-02T15:04:05Z"

func hand(ctx context.Context, g delivery.Grant, _ struct{}) (fob.Delivery, error) {
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	if c.LongLived() || c.Expiration.IsZero() {
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "profile %q yields the user's own long-lived keys, which no SDK takes from instance metadata", g.Profile.Name).
			WithHint("leave --no-session out, or use fob exec %s --env --no-session", g.Profile.Name)
	}
	text, err := json.Marshal(document{
		Code: "Success", LastUpdated: g.Now.UTC().Format(timeFormat), Type: "AWS-HMAC",
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), Token: c.SessionToken.Reveal(),
		Expiration: delivery.Stated(c, g.Now).UTC().Format(timeFormat), AccountID: c.AccountID,
	})
	if err != nil {
		return fob.Delivery{}, err
	}
	d := fob.Delivery{Stdout: string(text), Facts: map[string]string{
		"region": g.Profile.Get("region"), "account": c.AccountID, "partition": g.Partition.Name, "updated": g.Now.UTC().Format(timeFormat),
	}}
	if left := c.Remaining(g.Now); left < enough {
		d.Warning = fmt.Sprintf("these credentials have %d minutes left. The AWS CLI and boto3 take such from instance metadata for longer-lived than they are, and will use them when they are dead: fob serve without --imds, or fob exec, tells them the truth",
			max(int(left.Minutes()), 0))
	}
	return d, nil
}

// run serves one profile until ctx ends.
func run(ctx context.Context, t fob.Task) error {
	if len(t.Requests) != 1 {
		return fob.Errorf(fob.ErrUsage, "instance metadata has the credentials of one profile").WithHint("fob serve NAME --imds")
	}
	address := t.Option("listen")
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := loopback.ListenMetadata(address)
	if err != nil {
		return err
	}
	defer l.Close()
	if l.Addr().Network() == "unix" {
		return fob.Errorf(fob.ErrUsage, "no SDK asks for instance metadata at a socket").WithHint("--listen 127.0.0.1:PORT")
	}
	if why := shared(); why != "" && !t.Has("force") {
		return fob.Errorf(fob.ErrUsage, "instance metadata asks nobody for a secret, and %s", why).
			WithHint("fob serve %s without --imds has a token; --force serves all the same", t.Requests[0].Profile)
	}
	s := newServer(ctx, t)
	d, err := loopback.First(ctx, t, s.first)
	if err != nil {
		return err
	}
	if d.Warning != "" {
		t.Tell("warning: " + d.Warning)
	}
	s.kept.Put(&d)
	return loopback.Serve(ctx, loopback.Own(l, !t.Has("force")), s.guarded(l), func() error { return t.Ready(report(l, s, d.Facts["region"], t.Has("json"))) })
}

// report is what fob serve prints.
func report(l net.Listener, s *server, region string, asJSON bool) fob.Delivery {
	url := "http://" + l.Addr().String()
	if !asJSON {
		return fob.Delivery{Stdout: "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + url + "\n" +
			"AWS_EC2_METADATA_DISABLED=false\n" + delivery.RegionLines(region)}
	}
	text, _ := json.MarshalIndent([]map[string]string{{"profile": s.first.Profile, "url": url, "role": s.role, "region": region}}, "", "  ") // strings always marshal
	return fob.Delivery{Stdout: string(text) + "\n"}
}

// shared returns why other people could use this machine too; empty if nothing says so.
func shared() string {
	if !loopback.KnowsUsers() {
		return "this system does not say whose program connects"
	}
	passwd, err := atomicfile.Read("/etc/passwd")
	if err != nil {
		return "who else has an account here is not to be found out"
	}
	var present []string
	entries, _ := os.ReadDir("/run/user") // a folder for each user who is logged in
	for _, e := range entries {
		present = append(present, e.Name())
	}
	if others := people(string(passwd), present, os.Getuid()); len(others) > 0 {
		return "this machine is shared with " + strings.Join(others, ", ")
	}
	return ""
}
