package verify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	glob "path"
	"slices"
	"strings"
)

// Signature Version 4A: ECDSA on P-256 with a key that both sides derive from
// the secret access key. AWS keeps the public half only.

// publicKey finds the public key of an access key: candidates come from HMAC in
// counter mode (NIST SP 800-108) until one is no larger than n-2; one more than
// that is the private key.
func publicKey(id, secret string) *ecdsa.PublicKey {
	curve := elliptic.P256()
	limit := new(big.Int).Sub(curve.Params().N, big.NewInt(2))
	for attempt := byte(1); ; attempt++ {
		mac := hmac.New(sha256.New, []byte("AWS4A"+secret))
		mac.Write([]byte("\x00\x00\x00\x01" + algorithm4 + "\x00" + id + string([]byte{attempt}) + "\x00\x00\x01\x00"))
		candidate := new(big.Int).SetBytes(mac.Sum(nil))
		if candidate.Cmp(limit) > 0 {
			continue
		}
		candidate.Add(candidate, big.NewInt(1))
		private, err := ecdsa.ParseRawPrivateKey(curve, candidate.FillBytes(make([]byte, 32)))
		if err != nil {
			panic(err) // between 1 and n-1
		}
		return &private.PublicKey
	}
}

func validAsymmetric(secret string, sig Signature, canonical string) bool {
	value, err := hex.DecodeString(sig.value)
	if err != nil || sig.value != strings.ToLower(sig.value) {
		return false
	}
	sum := sha256.Sum256([]byte(stringToSign(sig, canonical)))
	return ecdsa.VerifyASN1(publicKey(sig.AccessKeyID, secret), sum[:], value)
}

// checkRegionSet insists on X-Amz-Region-Set, signed, with regions or patterns
// one of which is the verifier's own region.
func (v Verifier) checkRegionSet(sig Signature) error {
	if !sig.Presigned && !slices.Contains(sig.SignedHeaders, "x-amz-region-set") {
		return refuse(incomplete, "X-Amz-Region-Set must be there and signed.")
	}
	for pattern := range strings.SplitSeq(sig.Region, ",") {
		ok, err := glob.Match(strings.TrimSpace(pattern), v.Region)
		if err == nil && (ok || v.Region == "") {
			return nil
		}
	}
	return refuse(mismatch, "Credential should be scoped to a valid region, not '"+sig.Region+"'. ")
}
