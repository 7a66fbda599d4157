package user

import (
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"fob/internal/fob"
	"fob/internal/principal"
)

// The hint about keys names where they are.
func TestHintsAboutKeys(t *testing.T) {
	t.Parallel()
	for origin, want := range map[fob.Origin]string{
		fob.OriginFob:    "fob add user bot --access-key-id AKIA1 --force",
		fob.OriginConfig: "profile bot in your AWS files",
	} {
		p := fob.Profile{Name: "bot", Origin: origin, Keys: map[string]string{"aws_access_key_id": "AKIA1"}}
		for _, code := range []string{"InvalidClientTokenId", "SignatureDoesNotMatch"} {
			err := principal.ExplainKeys(p.Name, correctKeys(p), "call", &smithy.GenericAPIError{Code: code})
			if hint := fob.HintOf(err); !strings.Contains(hint, want) || strings.Contains(hint, "KEYS") {
				t.Errorf("%s %s: %s", origin, code, hint)
			}
		}
	}
}
