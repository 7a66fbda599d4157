package token

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/sigv4"
)

// rdsLasts is how long a database accepts the token for new connections.
const rdsLasts = 15 * time.Minute

// rds makes the password of a database user with IAM authentication: a presigned URL, without its
// scheme, that is never called.
func rds(ctx context.Context, g delivery.Grant, o options) (fob.Delivery, error) {
	address, user, _ := strings.Cut(o.Target, "/")
	host, port, err := net.SplitHostPort(address)
	number, _ := strconv.ParseUint(port, 10, 16)
	if err != nil || host == "" || number == 0 || user == "" {
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "%q is not a database's user", o.Target).WithHint("fob token rds HOST:PORT/USER")
	}
	_, where, _ := sigv4.Guess(host)
	if where = cmp.Or(g.Narrow.Region, where); where == "" {
		if where, err = region(g); err != nil {
			return fob.Delivery{}, err
		}
	}
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	query := url.Values{"Action": {"connect"}, "DBUser": {user}}
	signed, err := sigv4.Presign(c, sigv4.Request{URL: "https://" + address + "/?" + query.Encode()},
		sigv4.Scope{Service: "rds-db", Region: where, Time: c.SigningTime(g.Now)}, rdsLasts)
	if err != nil {
		return fob.Delivery{}, err
	}
	d := fob.Delivery{Stdout: strings.TrimPrefix(signed, "https://") + "\n"}
	if left := c.Remaining(g.Now); left < rdsLasts {
		d.Warning = "the token ends with the session, in " + left.Round(time.Second).String()
	}
	return d, nil
}
