package identity

import (
	"testing"
	"time"

	"fob/internal/fob"
)

// RFC 6238, appendix B, cut to six digits.
func TestTOTP(t *testing.T) {
	t.Parallel()
	seed := fob.NewSecret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := TOTP(seed, time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}
