//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"fob/internal/fob"
	"fob/internal/sigv4"
)

// sign compares fob's signer with the AWS SDK's, request for request, in batches
// taken in turn. The SDK's keeps the key that it derives from the secret for a day;
// fob's keeps nothing.
func sign(_ *bench, n int) []row {
	const address = "https://abc.execute-api.eu-west-1.amazonaws.com/prod/items/42?limit=10&after=x%20y"
	const hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	own := fob.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: fob.NewSecret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), SessionToken: fob.NewSecret("IQoJb3JpZ2luX2VjEXAMPLE")}
	theirs := aws.Credentials{AccessKeyID: own.AccessKeyID, SecretAccessKey: own.SecretAccessKey.Reveal(), SessionToken: own.SessionToken.Reveal()}
	r := sigv4.Request{Method: "POST", URL: address, Payload: hash, Headers: []sigv4.Header{{Name: "Content-Type", Value: "application/json"}}}
	scope := sigv4.Scope{Service: "execute-api", Region: "eu-west-1", Time: at}
	request := must(http.NewRequest(r.Method, address, nil))
	request.Header.Set("Content-Type", "application/json")
	signer := v4.NewSigner()
	ours := func() { must(sigv4.Sign(own, r, scope)) }
	sdk := func() {
		check(signer.SignHTTP(context.Background(), theirs, request, hash, scope.Service, scope.Region, at))
	}
	s := batches(n, ours, sdk)
	scope.Region, scope.Asymmetric = "*", true
	a := batches(max(n/20, 1), ours)
	return []row{
		ratio("signing a request ÷ the AWS SDK's signer, wall", s[0], s[1], wall, 1),
		rate("  signatures", s[0]), rate("  the AWS SDK's", s[1]), rate("  Signature Version 4a", a[0]),
	}
}

// batch is how many calls one sample holds: a few milliseconds.
const batch = 1000

// batches times functions A B A B …; the first round warms up and does not count.
func batches(n int, calls ...func()) [][]sample {
	out := make([][]sample, len(calls))
	for i := -1; i < n; i++ {
		for k, call := range calls {
			begin := time.Now()
			for range batch {
				call()
			}
			if i >= 0 {
				out[k] = append(out[k], sample{wall: milliseconds(time.Since(begin))})
			}
		}
	}
	return out
}

func rate(what string, samples []sample) row {
	total := 0.0
	for _, s := range samples {
		total += s.wall
	}
	return row{what: what, measured: fmt.Sprintf("%.0f/s on one core", float64(batch*len(samples))/total*1000)}
}
