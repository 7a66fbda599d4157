package console

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fob/internal/fob"
)

// Limits of the call, in bytes: of a URL, and of an answer.
const (
	maxQuery  = 4 << 10
	maxAnswer = 64 << 10
)

// errBadRequest is a 400 from AWS; the duration may be the reason.
var errBadRequest = errors.New("400")

// signinToken exchanges credentials for a sign-in token, which opens the console once within 15
// minutes. session is how long the console stays open; with zero AWS decides. The URL of the
// request contains the credentials, so no error may include it. Source: IAM User Guide, "Enable
// custom identity broker access to the AWS console".
func (s site) signinToken(ctx context.Context, client *http.Client, c fob.Credentials, session time.Duration) (fob.Secret, error) {
	req, err := s.tokenRequest(ctx, c, session)
	if err != nil {
		return fob.Secret{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fob.Secret{}, noAnswer(req.URL.Host, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fob.Secret{}, noAnswer(req.URL.Host, err)
	}
	switch {
	case resp.StatusCode == http.StatusBadRequest:
		return fob.Secret{}, errBadRequest
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return fob.Secret{}, refused(errBadRequest)
	case resp.StatusCode != http.StatusOK:
		return fob.Secret{}, fob.Errorf(fob.ErrNetwork, "%s answered with status %d", req.URL.Host, resp.StatusCode).WithHint("try again in a minute")
	}
	var out struct{ SigninToken string }
	if err := json.Unmarshal(body, &out); err != nil || out.SigninToken == "" {
		return fob.Secret{}, fob.Errorf(fob.ErrNetwork, "%s answered without a sign-in token", req.URL.Host).
			WithHint("check that no proxy or captive portal answers in AWS's place")
	}
	return fob.NewSecret(out.SigninToken), nil
}

func (s site) tokenRequest(ctx context.Context, c fob.Credentials, session time.Duration) (*http.Request, error) {
	text, err := json.Marshal(map[string]string{
		"sessionId": c.AccessKeyID, "sessionKey": c.SecretAccessKey.Reveal(), "sessionToken": c.SessionToken.Reveal(),
	})
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "the credentials do not fit the console's format")
	}
	q := url.Values{"Action": {"getSigninToken"}, "Session": {string(text)}}
	if session > 0 {
		q.Set("SessionDuration", strconv.Itoa(int(session.Seconds())))
	}
	method, address, body := http.MethodGet, s.signinURL("/federation", q), ""
	if len(address) > maxQuery {
		method, address, body = http.MethodPost, s.signinURL("/federation", nil), q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, fob.Errorf(fob.ErrUsage, "the endpoint for the console is no URL")
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept", "application/json")
	return req, nil
}

// noAnswer explains a network error, without the URL that net/http puts into its errors.
func noAnswer(host string, err error) error {
	var with *url.Error
	if errors.As(err, &with) {
		err = with.Err
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fob.Errorf(fob.ErrNetwork, "no answer from %s: %w", host, err).WithHint("check the network, and try again")
}

func refused(cause error) error {
	return &fob.Error{Kind: fob.ErrRefused, Cause: cause,
		Message: "AWS makes no console session of these credentials",
		Hint:    "the console takes sessions of roles, and of users whose own keys fob has; fob whoami NAME shows what these are"}
}
