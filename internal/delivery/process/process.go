// Package process delivers credentials as the output of credential_process: one JSON object.
package process

import (
	"context"
	"encoding/json"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
)

// Way returns the delivery "process".
func Way() delivery.Way {
	return delivery.Way{Name: "process", Doc: "the JSON object that SDKs read from a credential_process", Hand: delivery.Hand(hand)}
}

// document is version 1 of the format. All values except the version are strings. If Go's SDK
// cannot parse the output it puts all of it, with the secrets, into its error.
type document struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string `json:",omitempty"`
	Expiration      string `json:",omitempty"`
	AccountID       string `json:"AccountId,omitempty"`
}

// timeFormat is the layout that every SDK can parse.
const timeFormat = "2006-01-02T15:04:05Z"

func hand(ctx context.Context, g delivery.Grant, _ struct{}) (fob.Delivery, error) {
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	text, err := Format(c, g.Now)
	if err != nil {
		return fob.Delivery{}, err
	}
	d := fob.Delivery{Stdout: text}
	if c.LongLived() {
		d.Warning = "these are the user's own long-lived keys, not a session"
	}
	return d, nil
}

// Format writes the object and a newline. It parses the result before it returns it: what some SDK
// could not parse must not be printed at all.
func Format(c fob.Credentials, now time.Time) (string, error) {
	d := document{
		Version: 1, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(),
		SessionToken: c.SessionToken.Reveal(), AccountID: c.AccountID,
	}
	if !c.Expiration.IsZero() {
		d.Expiration = delivery.Stated(c, now).UTC().Format(timeFormat)
	}
	text, err := json.Marshal(d)
	if err == nil {
		err = check(text, now)
	}
	if err != nil {
		return "", fob.Errorf(fob.ErrInternal, "the credentials do not fit credential_process's format").WithHint("fob agent stop, then try again")
	}
	return string(text) + "\n", nil
}

func check(text []byte, now time.Time) error {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	if d.Version != 1 || d.AccessKeyID == "" || d.SecretAccessKey == "" {
		return fob.ErrInternal
	}
	if d.Expiration != "" {
		exp, err := time.Parse(timeFormat, d.Expiration)
		if err != nil || !exp.After(now) {
			return fob.ErrInternal
		}
	}
	return nil
}
