package verify

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"fob/internal/fob"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	algorithm4 = "AWS4-ECDSA-P256-SHA256" // Signature Version 4A
	terminator = "aws4_request"
	amzTime    = "20060102T150405Z"
	amzDay     = "20060102"
)

// Signature is what a request says about how it was signed with Signature
// Version 4 or 4A, in its Authorization header or in its query (presigned).
type Signature struct {
	Algorithm             string
	AccessKeyID           string
	Date, Region, Service string // of the credential scope; of 4A, Region is the region set
	SignedHeaders         []string
	Time                  time.Time     // X-Amz-Date, or Date
	Presigned             bool          // in the query
	Expires               time.Duration // of a presigned request

	Stamp string // Time as it was sent, which goes into the string to sign
	value string // the signature, in hex
	token fob.Secret
}

func (s Signature) scope() string {
	if s.Algorithm == algorithm4 {
		return strings.Join([]string{s.Date, s.Service, terminator}, "/")
	}
	return strings.Join([]string{s.Date, s.Region, s.Service, terminator}, "/")
}

// authorization is the Authorization header in its parts.
type authorization struct{ algorithm, credential, signedHeaders, signature string }

func (a authorization) String() string {
	return a.algorithm + " Credential=" + a.credential + ", SignedHeaders=" + a.signedHeaders + ", Signature=" + a.signature
}

// parseAuthorization reads an Authorization header. AWS never echoes the header
// in an error but its hash.
func parseAuthorization(h string) (authorization, error) {
	var a authorization
	scheme, rest, _ := strings.Cut(h, " ")
	if !strings.HasPrefix(scheme, "AWS4-") {
		return a, refuse(unsigned, "Request is missing Authentication Token")
	}
	if scheme != algorithm && scheme != algorithm4 {
		return a, refuse(incomplete, "Unsupported AWS 'algorithm'.")
	}
	a.algorithm = scheme
	fields := map[string]*string{"Credential": &a.credential, "SignedHeaders": &a.signedHeaders, "Signature": &a.signature}
	for part := range strings.SplitSeq(rest, ",") {
		if part = strings.Trim(part, " \t"); part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		field := fields[name]
		if !ok || field == nil || *field != "" || strings.ContainsAny(value, " \t") {
			return a, refuse(incomplete, fmt.Sprintf("'%s' not a valid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '%s'.", hashed(part), hashed(h)))
		}
		*field = value
	}
	var missing []string
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if *fields[name] == "" {
			missing = append(missing, "Authorization header requires '"+name+"' parameter.")
		}
	}
	if len(missing) > 0 {
		return a, refuse(incomplete, strings.Join(missing, " ")+" (Hashed with SHA-256 and encoded with Base64) Authorization="+hashed(h))
	}
	return a, nil
}

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Parse reads the signature from where the request has it.
func Parse(r *http.Request) (Signature, error) {
	query, err := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, ";", "%3B")) // no separator to AWS
	if err != nil {
		return Signature{}, refuse(incomplete, "The query string is malformed.")
	}
	headers := r.Header.Values("Authorization")
	presigned := query.Has("X-Amz-Algorithm") || query.Has("X-Amz-Signature")
	switch {
	case len(headers) > 1, len(headers) == 1 && presigned:
		return Signature{}, refuse(incomplete, "Only one way of signing is allowed: one Authorization header, or X-Amz-Signature in the query.")
	case presigned:
		return parsePresigned(query)
	case len(headers) == 0:
		return Signature{}, refuse(unsigned, "Request is missing Authentication Token")
	}
	a, err := parseAuthorization(headers[0])
	if err != nil {
		return Signature{}, err
	}
	s, err := newSignature(a, strings.Join(r.Header.Values("X-Amz-Region-Set"), ","))
	if err != nil {
		return s, err
	}
	s.token = fob.NewSecret(r.Header.Get("X-Amz-Security-Token"))
	s.Stamp = r.Header.Get("X-Amz-Date")
	if s.Stamp == "" {
		date, err := http.ParseTime(r.Header.Get("Date"))
		if err != nil {
			return s, refuse(incomplete, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization="+hashed(headers[0]))
		}
		s.Stamp = date.UTC().Format(amzTime)
	}
	return s.timed()
}

// parsePresigned reads X-Amz-Algorithm, -Credential, -Date, -Expires (1 second
// to 7 days), -SignedHeaders, -Signature and -Security-Token.
func parsePresigned(query url.Values) (Signature, error) {
	var missing []string
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"} {
		if len(query[name]) != 1 || query.Get(name) == "" {
			missing = append(missing, "AWS query-string parameters must include '"+name+"'.")
		}
	}
	if len(missing) > 0 {
		return Signature{}, refuse(incomplete, strings.Join(missing, " ")+" Re-examine the query-string parameters.")
	}
	a := authorization{query.Get("X-Amz-Algorithm"), query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"), query.Get("X-Amz-Signature")}
	if a.algorithm != algorithm && a.algorithm != algorithm4 {
		return Signature{}, refuse(incomplete, "Unsupported AWS 'algorithm'.")
	}
	s, err := newSignature(a, strings.Join(query["X-Amz-Region-Set"], ","))
	if err != nil {
		return s, err
	}
	n, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	if err != nil || n < 1 || n > 604800 {
		return s, refuse(incomplete, "X-Amz-Expires must be between 1 and 604800 seconds.")
	}
	s.Presigned, s.Expires = true, time.Duration(n)*time.Second
	s.token = fob.NewSecret(query.Get("X-Amz-Security-Token"))
	s.Stamp = query.Get("X-Amz-Date")
	return s.timed()
}

// newSignature reads the scope, which names a region or, for 4A, does not: there
// X-Amz-Region-Set has them.
func newSignature(a authorization, regions string) (Signature, error) {
	parts := strings.Split(a.credential, "/")
	if a.algorithm == algorithm4 && len(parts) == 4 {
		parts = slices.Insert(parts, 2, regions)
	} else if a.algorithm == algorithm4 {
		return Signature{}, refuse(incomplete, "Credential must have exactly 4 slash-delimited elements, e.g. keyid/date/service/term, got '"+a.credential+"'")
	}
	if len(parts) != 5 || slices.Contains(parts, "") {
		return Signature{}, refuse(incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '"+a.credential+"'")
	}
	if parts[4] != terminator {
		return Signature{}, refuse(mismatch, "Credential should be scoped with a valid terminator: '"+terminator+"', not '"+parts[4]+"'.")
	}
	s := Signature{Algorithm: a.algorithm, AccessKeyID: parts[0], Date: parts[1], Region: parts[2], Service: parts[3],
		SignedHeaders: strings.Split(a.signedHeaders, ";"), value: a.signature}
	if !slices.IsSorted(s.SignedHeaders) || a.signedHeaders != strings.ToLower(a.signedHeaders) || slices.Contains(s.SignedHeaders, "") {
		return s, refuse(mismatch, "SignedHeaders must be lower case and sorted.")
	}
	if len(slices.Compact(slices.Clone(s.SignedHeaders))) != len(s.SignedHeaders) {
		return s, refuse(mismatch, "SignedHeaders must name each header once.")
	}
	return s, nil
}

// timed reads the time of signing, which must be on the day of the scope.
func (s Signature) timed() (Signature, error) {
	at, err := time.Parse(amzTime, s.Stamp)
	if err != nil {
		return s, refuse(incomplete, "Date must be in ISO-8601 'basic format'. Got '"+s.Stamp+"'. See http://en.wikipedia.org/wiki/ISO_8601")
	}
	s.Time = at
	if day := at.Format(amzDay); day != s.Date {
		return s, refuse(mismatch, fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", s.Date, day, s.Stamp))
	}
	return s, nil
}
