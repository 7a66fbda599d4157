package principal_test

import (
	"testing"

	"fob/internal/fob"
	"fob/internal/partition"
	"fob/internal/principal"
)

// Without a region in the definition, the main region of its partition is called, in every
// partition.
func TestRegionOfEveryPartition(t *testing.T) {
	t.Parallel()
	for _, in := range partition.All() {
		for key, value := range map[string]string{
			"role_arn":   "arn:" + in.Name + ":iam::111122223333:role/r",
			"mfa_serial": "arn:" + in.Name + ":iam::111122223333:mfa/m",
			"sso_region": in.Region,
		} {
			p := fob.Profile{Keys: map[string]string{key: value}}
			if got := principal.Partition(p); got != in || principal.Region(p) != in.Region {
				t.Errorf("%s = %s: partition %s, region %s", key, value, got.Name, principal.Region(p))
			}
		}
	}
	for want, keys := range map[string]map[string]string{
		"us-east-1":  nil,
		"cn-north-1": {"role_arn": "arn:aws-cn:iam::111122223333:role/r", "region": "cn-north-1"},
		"eu-west-1":  {"role_arn": "arn:aws-of-tomorrow:iam::111122223333:role/r", "region": "eu-west-1"},
	} {
		if got := principal.Region(fob.Profile{Keys: keys}); got != want {
			t.Errorf("%v: %s, want %s", keys, got, want)
		}
	}
}
