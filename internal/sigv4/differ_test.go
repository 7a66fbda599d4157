package sigv4_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4a"
	smithyv4 "github.com/aws/smithy-go/aws-http-auth/v4"
	"pgregory.net/rapid"

	"fob/internal/fob"
	"fob/internal/sigv4"
)

// strict escapes all but the unreserved characters, so that no signer escapes the path differently.
func strict(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte("-._~", c) >= 0 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// The SDK's signer and ours agree on all requests that both sign correctly. The SDK's does not
// normalise paths and escapes unescaped input differently, so those are left out here.
func TestLikeTheSDK(t *testing.T) {
	t.Parallel()
	suite := vectors(t)
	signer := v4.NewSigner()
	s3 := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	rapid.Check(t, func(rt *rapid.T) {
		text := func(pattern, label string) string { return rapid.StringMatching(pattern).Draw(rt, label) }
		address := text(`https?://[a-z]{1,9}\.example(:443|:80|:9200)?`, "host")
		for range rapid.IntRange(1, 4).Draw(rt, "segments") {
			address += "/" + strict(text(`[a-zA-Z0-9 é%+&=?#.]{1,6}x`, "segment"))
		}
		if q := (url.Values{}); rapid.Bool().Draw(rt, "query") {
			for range rapid.IntRange(0, 5).Draw(rt, "parameters") {
				q.Add(text(`[a-cA-C é%+-]{1,3}`, "key"), text(`[a-c é%+&=/]{0,4}`, "value"))
			}
			address += "?" + q.Encode()
		}
		r := sigv4.Request{Method: text(`GET|POST|PUT|DELETE`, "method"), URL: address}
		hash, _ := sigv4.HashHex(strings.NewReader(text(`[a-z]{0,9}`, "body")))
		r.Payload = hash
		for range rapid.IntRange(0, 5).Draw(rt, "headers") {
			r.Headers = append(r.Headers, sigv4.Header{Name: text(`X-[ABC]|Content-Type|User-Agent|Accept-Encoding`, "name"), Value: text(`[ a-z"=,]{0,12}`, "value")})
		}
		c := suite.credentials(text(`(TOKEN/\+=)?`, "token"))
		s := suite.scope(t, text(`execute-api|s3|es`, "service"))
		s.Region = text(`us-east-1|eu-west-1`, "region")
		theirs := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal()}
		request := func() *http.Request {
			out, err := http.NewRequest(r.Method, r.URL, nil)
			if err != nil {
				rt.Fatal(err)
			}
			for _, h := range r.Headers {
				out.Header.Add(h.Name, h.Value)
			}
			return out
		}
		with := signer
		header := request()
		if s.Service == "s3" {
			with = s3
			header.Header.Set("X-Amz-Content-Sha256", hash)
		}
		if err := with.SignHTTP(t.Context(), theirs, header, hash, s.Service, s.Region, s.Time); err != nil {
			rt.Fatal(err)
		}
		got, err := sigv4.Sign(c, r, s)
		if err != nil {
			rt.Fatal(err)
		}
		for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"} {
			if a, b := value(got, name), header.Header.Get(name); a != b {
				rt.Fatalf("%+v\n%s: got %s\nwant %s", r, name, a, b)
			}
		}

		if r.Payload = ""; s.Service == "s3" {
			hash = sigv4.Unsigned
		} else {
			hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		}
		ours, err := sigv4.Presign(c, r, s, time.Hour)
		if err != nil {
			rt.Fatal(err)
		}
		query := request()
		query.URL.RawQuery += "&X-Amz-Expires=3600"
		want, _, err := with.PresignHTTP(t.Context(), theirs, query, hash, s.Service, s.Region, s.Time)
		if err != nil {
			rt.Fatal(err)
		}
		if tail(ours) != tail(want) {
			rt.Fatalf("%+v\ngot  %s\nwant %s", r, ours, want)
		}
	})
}

func tail(u string) string { return u[strings.LastIndex(u, "="):] }

// The verifier of fakeaws accepts Signature Version 4a made by AWS's other library, smithy-go. So
// its agreement with our signer means more than that the two share a mistake.
func TestAsymmetricLikeSmithy(t *testing.T) {
	t.Parallel()
	suite := vectors(t)
	rapid.Check(t, func(rt *rapid.T) {
		c := suite.credentials(rapid.StringMatching(`(TOKEN/\+=)?`).Draw(rt, "token"))
		c.SecretAccessKey = fob.NewSecret(rapid.StringMatching(`[A-Za-z0-9/+]{40}`).Draw(rt, "secret"))
		s := suite.scope(t, "events")
		s.Asymmetric, s.Region = true, "*"
		const address = "https://abc.veo.endpoint.events.amazonaws.com/a%20b?x=1"
		out, err := http.NewRequest("POST", address, nil)
		if err != nil {
			rt.Fatal(err)
		}
		sum := sha256.Sum256([]byte("body"))
		signer := sigv4a.New(func(o *smithyv4.SignerOptions) { o.AddPayloadHashHeader = true }) // it caches keys by their id
		if err := signer.SignRequest(&sigv4a.SignRequestInput{Request: out, PayloadHash: sum[:], Service: s.Service, RegionSet: []string{"*"}, Time: s.Time,
			Credentials: credentials.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal()}}); err != nil {
			rt.Fatal(err)
		}
		out.RequestURI, out.Host = "/a%20b?x=1", out.URL.Host
		if _, err := verifier(c, s.Time).Verify(out, []byte("body")); err != nil {
			rt.Fatal(err)
		}
		r := sigv4.Request{Method: "POST", URL: address, Payload: hex.EncodeToString(sum[:])}
		if !check(t, c, r, s, "body") {
			rt.Fatal("cannot be signed")
		}
		other := c
		other.SecretAccessKey = fob.NewSecret("x")
		set, err := sigv4.Sign(other, r, s)
		if err != nil {
			rt.Fatal(err)
		}
		if _, err := verifier(c, s.Time).Verify(received(r, r.URL, set), []byte("body")); err == nil {
			rt.Fatal("another's signature is accepted")
		}
	})
}

// Signature signs canonical requests made by the caller, such as CodeCommit's, whose time has no Z.
// The expected HMAC is computed with the standard library.
func TestSignature(t *testing.T) {
	t.Parallel()
	suite := vectors(t)
	rapid.Check(t, func(rt *rapid.T) {
		c := suite.credentials("")
		c.SecretAccessKey = fob.NewSecret(rapid.StringN(1, 100, 200).Draw(rt, "secret"))
		canonical := rapid.SliceOf(rapid.Byte()).Draw(rt, "canonical")
		s := suite.scope(t, rapid.StringMatching(`[a-z]{1,90}`).Draw(rt, "service"))
		got, err := sigv4.Signature(c, s, "20150830T123600", canonical)
		if err != nil {
			rt.Fatal(err)
		}
		sum := sha256.Sum256(canonical)
		key := []byte("AWS4" + c.SecretAccessKey.Reveal())
		for _, part := range []string{"20150830", s.Region, s.Service, "aws4_request",
			"AWS4-HMAC-SHA256\n20150830T123600\n20150830/" + s.Region + "/" + s.Service + "/aws4_request\n" + hex.EncodeToString(sum[:])} {
			h := hmac.New(sha256.New, key)
			h.Write([]byte(part))
			key = h.Sum(nil)
		}
		if want := hex.EncodeToString(key); got != want {
			rt.Fatalf("got %s, want %s", got, want)
		}
	})
}

func TestHashHex(t *testing.T) {
	t.Parallel()
	got, err := sigv4.HashHex(bytes.NewReader(make([]byte, 1<<20)))
	if err != nil || got != "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58" {
		t.Error(got, err)
	}
}
