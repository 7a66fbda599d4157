package sigv4

import "strings"

// rules are the differences between services.
type rules struct {
	s3        bool // paths are encoded once and not normalised; a URL's body is not signed
	hash      bool // X-Amz-Content-Sha256 must be sent
	unsigned  bool // bodies cannot be signed
	noLength  bool // Content-Length must not be signed
	lateToken bool // the session token is added to a presigned URL after signing
}

func rulesOf(service string) rules {
	switch service {
	case "s3", "s3-outposts", "s3-object-lambda", "s3express":
		return rules{s3: true, hash: true}
	case "aoss":
		return rules{hash: true, noLength: true}
	case "vpc-lattice-svcs":
		return rules{hash: true, unsigned: true}
	case "iotdevicegateway":
		return rules{lateToken: true}
	}
	return rules{}
}

// payload returns the last line of the canonical request, and whether X-Amz-Content-Sha256 must be
// sent.
func (r rules) payload(of string) (payload string, tell bool) {
	switch {
	case r.unsigned:
		return Unsigned, true
	case of == "":
		return empty, r.hash
	}
	return of, r.hash || of == Unsigned || strings.HasPrefix(of, "STREAMING-")
}

// payloadOfURL is the same for a presigned URL. S3 assumes an unsigned body unless the URL has
// X-Amz-Content-Sha256.
func (r rules) payloadOfURL(of string) (payload string, tell bool) {
	switch {
	case r.unsigned, r.s3 && of == "", r.s3 && of == Unsigned:
		return Unsigned, false
	case of == "":
		return empty, false
	}
	return of, r.s3 || of == Unsigned
}
