// Package codecommit checks passwords as CodeCommit's git server does.
package codecommit

import (
	"crypto/hmac"
	"errors"
	"net"
	"strings"
	"time"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/verify"
)

// Check checks a user name and password as CodeCommit's git server does, for a
// request to a host and the path of a repository, and returns whose they are. Who may
// not read the repository is refused. The password is a time and a signature over a
// request of the method GIT.
func Check(s *identity.Store, now time.Time, user, password, host, path string) (arn string, err error) {
	id, token, _ := strings.Cut(user, "%")
	key, ok := s.Lookup(id)
	stamp, signature, hasZ := strings.Cut(password, "Z")
	at, timeErr := time.Parse("20060102T150405", stamp)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	parts := strings.Split(host, ".")
	switch {
	case !ok || !key.Token.IsZero() && key.Token.Reveal() != token:
		return "", errors.New("the key or its token is unknown")
	case !key.Expires.IsZero() && !now.Before(key.Expires):
		return "", errors.New("the session has expired")
	case !hasZ || timeErr != nil || now.Sub(at).Abs() > 15*time.Minute:
		return "", errors.New("the time is wrong")
	case len(parts) < 4 || parts[0] != "git-codecommit":
		return "", errors.New("the host is another")
	}
	sig := verify.Signature{Algorithm: "AWS4-HMAC-SHA256", Stamp: stamp, Date: stamp[:8], Region: parts[1], Service: "codecommit", AccessKeyID: id}
	want := verify.Compute(key.Secret.Reveal(), sig, "GIT\n"+path+"\n\nhost:"+host+"\n\nhost\n")
	if !hmac.Equal([]byte(want), []byte(signature)) {
		return "", errors.New("the signature is wrong")
	}
	c := s.Caller(sig)
	repository := "arn:" + s.Partition() + ":codecommit:" + sig.Region + ":" + c.Account() + ":" + path[strings.LastIndex(path, "/")+1:]
	return c.ARN(), c.Authorize("codecommit:GitPull", repository)
}
