package verify

// The reasons to refuse a signature; each family of services has codes of its
// own for them.
type reason int

const (
	unsigned   reason = iota // nothing to verify
	incomplete               // cannot be read
	mismatch                 // wrong secret, scope, or signed parts
	skewed                   // signed too long ago, or in the future
	lapsed                   // a presigned request after its time
	unknownKey               // no such key, or inactive
	badToken                 // session token missing, wrong, or not expected
	expired                  // session over
	badPayload               // x-amz-content-sha256 missing or not the body's
)

// rejection is a reason and its text before it is known which service's
// codes apply.
type rejection struct {
	reason  reason
	message string
}

func (r *rejection) Error() string { return r.message }

func refuse(why reason, message string) error { return &rejection{why, message} }

// rules are what differs between services.
type rules struct {
	s3       bool // single encoding, no normalisation, clock within 15 minutes
	hashed   bool // x-amz-content-sha256 must be sent
	unhashed bool // UNSIGNED-PAYLOAD is accepted
	// unhashedOnly: no other is; lateToken: the token of a presigned URL is not signed.
	unhashedOnly, lateToken bool

	codes func(reason) (code string, status int)
}

// S3 reports whether a service keeps to the rules of S3: its own errors in XML,
// paths that are encoded once.
func S3(service string) bool { return rulesFor(service).s3 }

func rulesFor(service string) rules {
	switch service {
	case "s3", "s3-outposts", "s3-object-lambda", "s3express":
		return rules{s3: true, hashed: true, unhashed: true, codes: s3Codes}
	case "sts", "iam":
		return rules{codes: queryCodes}
	case "aoss":
		return rules{hashed: true, codes: jsonCodes}
	case "vpc-lattice-svcs":
		return rules{unhashed: true, unhashedOnly: true, codes: jsonCodes}
	case "iotdevicegateway":
		return rules{lateToken: true, codes: jsonCodes}
	}
	return rules{codes: jsonCodes}
}

// queryCodes are those of STS and IAM.
func queryCodes(why reason) (string, int) {
	switch why {
	case unsigned:
		return "MissingAuthenticationToken", 403
	case incomplete:
		return "IncompleteSignature", 400
	case unknownKey, badToken:
		return "InvalidClientTokenId", 403
	case expired:
		return "ExpiredToken", 403
	}
	return "SignatureDoesNotMatch", 403
}

func s3Codes(why reason) (string, int) {
	switch why {
	case unsigned, lapsed:
		return "AccessDenied", 403
	case incomplete:
		return "AuthorizationHeaderMalformed", 400
	case skewed:
		return "RequestTimeTooSkewed", 403
	case unknownKey:
		return "InvalidAccessKeyId", 403
	case badToken:
		return "InvalidToken", 400
	case expired:
		return "ExpiredToken", 400
	case badPayload:
		return "XAmzContentSHA256Mismatch", 400
	}
	return "SignatureDoesNotMatch", 403
}

// jsonCodes are those of services that speak JSON.
func jsonCodes(why reason) (string, int) {
	switch why {
	case unsigned:
		return "MissingAuthenticationTokenException", 403
	case incomplete:
		return "IncompleteSignatureException", 400
	case unknownKey, badToken:
		return "UnrecognizedClientException", 400
	case expired:
		return "ExpiredTokenException", 403
	}
	return "InvalidSignatureException", 403
}
