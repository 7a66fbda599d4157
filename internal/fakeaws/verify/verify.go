// Package verify checks signatures of AWS, in the versions 4 and 4A, as strictly as
// AWS does. It is written from AWS's documentation and shares no code with fob's own
// signer, so that a mistake in one cannot hide one in the other.
package verify

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"fob/internal/fakeaws/wire"
	"fob/internal/fob"
)

// Key is what a [Verifier] must know of an access key.
type Key struct {
	Secret  fob.Secret
	Token   fob.Secret // empty for a user's own key
	Expires time.Time  // zero for a user's own key
}

// Verifier checks Signature Version 4 and 4A of requests to any service, in the header
// and in the presigned form, as strictly as AWS does. It shares no code with any
// signer.
type Verifier struct {
	Now func() time.Time
	// Key finds an active key.
	Key func(accessKeyID string) (Key, bool)
	// Service and Region that the credential scope must name; empty accepts any
	// service, and any name that looks like a region.
	Service, Region string
}

const unsignedPayload = "UNSIGNED-PAYLOAD"

// Verify returns who signed the request, or a [*wire.Refusal] with the code, text and
// status of the service's family. AWS looks at the key before the signature, so
// that an unknown key is told as such whatever it signed.
func (v Verifier) Verify(r *http.Request, body []byte) (Signature, error) {
	sig, err := v.verify(r, body)
	var rej *rejection
	if !errors.As(err, &rej) {
		return sig, err
	}
	service := v.Service
	if service == "" {
		service = sig.Service
	}
	code, status := rulesFor(service).codes(rej.reason)
	return sig, wire.Refuse(status, code, rej.message)
}

func (v Verifier) verify(r *http.Request, body []byte) (Signature, error) {
	sig, err := Parse(r)
	if err != nil {
		return sig, err
	}
	if err := v.checkScope(sig); err != nil {
		return sig, err
	}
	key, ok := v.Key(sig.AccessKeyID)
	if !ok {
		return sig, refuse(unknownKey, "The security token included in the request is invalid.")
	}
	if !sig.token.Equal(key.Token) {
		return sig, refuse(badToken, "The security token included in the request is invalid.")
	}
	now := v.Now()
	if !key.Expires.IsZero() && !now.Before(key.Expires) {
		return sig, refuse(expired, "The security token included in the request is expired")
	}
	if err := checkTime(sig, now); err != nil {
		return sig, err
	}
	if err := checkSigned(r, sig); err != nil {
		return sig, err
	}
	payload, err := payloadHash(r, sig, body)
	if err != nil {
		return sig, err
	}
	canonical, err := canonicalRequest(r, sig, payload)
	if err != nil {
		return sig, refuse(mismatch, "The request cannot be put in canonical form: "+err.Error()+".")
	}
	if !valid(key.Secret.Reveal(), sig, canonical) {
		return sig, refuse(mismatch, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return sig, nil
}

// valid reports whether the signature is that of the canonical request.
func valid(secret string, sig Signature, canonical string) bool {
	if sig.Algorithm == algorithm4 {
		return validAsymmetric(secret, sig, canonical)
	}
	return subtle.ConstantTimeCompare([]byte(Compute(secret, sig, canonical)), []byte(sig.value)) == 1
}

func (v Verifier) checkScope(sig Signature) error {
	if v.Service != "" && sig.Service != v.Service {
		return refuse(mismatch, "Credential should be scoped to correct service: '"+v.Service+"'. ")
	}
	if sig.Algorithm == algorithm4 {
		return v.checkRegionSet(sig)
	}
	wrong := v.Region != "" && sig.Region != v.Region
	if wrong || !regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d+$`).MatchString(sig.Region) {
		return refuse(mismatch, "Credential should be scoped to a valid region, not '"+sig.Region+"'. ")
	}
	return nil
}

// checkTime allows a clock 5 minutes off (15 for S3), and a presigned request
// for as long as it says.
func checkTime(sig Signature, now time.Time) error {
	tolerance := 5 * time.Minute
	s3 := S3(sig.Service)
	if s3 {
		tolerance = 15 * time.Minute
	}
	now = now.UTC().Truncate(time.Second)
	stamp := func(t time.Time) string { return t.Format(amzTime) }
	if early := now.Add(tolerance); sig.Time.After(early) {
		if s3 {
			return refuse(skewed, "The difference between the request time and the current time is too large.")
		}
		return refuse(skewed, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %d min.)", sig.Stamp, stamp(early), stamp(now), int(tolerance.Minutes())))
	}
	why := skewed
	if sig.Presigned {
		why, tolerance = lapsed, sig.Expires
	}
	if late := now.Add(-tolerance); sig.Time.Before(late) {
		switch {
		case s3 && sig.Presigned:
			return refuse(lapsed, "Request has expired")
		case s3:
			return refuse(skewed, "The difference between the request time and the current time is too large.")
		}
		return refuse(why, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %d min.)", sig.Stamp, stamp(late), stamp(now), int(tolerance.Minutes())))
	}
	return nil
}

// checkSigned insists that Host and all x-amz-* headers are signed.
func checkSigned(r *http.Request, sig Signature) error {
	if sig.Service == "aoss" && slices.Contains(sig.SignedHeaders, "content-length") {
		return refuse(mismatch, "The request signature we calculated does not match: OpenSearch Serverless does not see content-length.")
	}
	if !slices.Contains(sig.SignedHeaders, "host") {
		return refuse(mismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for name := range r.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") && !slices.Contains(sig.SignedHeaders, lower) {
			return refuse(mismatch, "There were headers present in the request which were not signed: "+lower)
		}
	}
	return nil
}

// payloadHash is the last line of the canonical request: the SHA-256 of the
// body, or what x-amz-content-sha256 says where that is allowed instead. The
// chunks of a STREAMING- body are not verified.
func payloadHash(r *http.Request, sig Signature, body []byte) (string, error) {
	rules := rulesFor(sig.Service)
	actual := Hash(body)
	said := r.Header.Get("X-Amz-Content-Sha256")
	if sig.Presigned && said == "" {
		said = r.URL.Query().Get("X-Amz-Content-Sha256")
	}
	switch {
	case rules.unhashedOnly && !sig.Presigned && said != unsignedPayload:
		return "", refuse(badPayload, "The service does not support payload signing: x-amz-content-sha256 must be "+unsignedPayload)
	case said == "" && sig.Presigned && rules.unhashed:
		return unsignedPayload, nil
	case said == "" && rules.hashed && !sig.Presigned:
		return "", refuse(badPayload, "Missing required header for this request: x-amz-content-sha256")
	case said == "", said == actual:
		return actual, nil
	case said == unsignedPayload && rules.unhashed:
		return said, nil
	case strings.HasPrefix(said, "STREAMING-") && rules.s3:
		return said, nil
	}
	return "", refuse(badPayload, "The provided 'x-amz-content-sha256' header does not match what was computed.")
}
