package broker

import (
	"cmp"
	"strings"

	"fob/internal/fob"
	"fob/internal/partition"
	"fob/internal/principal"
)

// network is how AWS is reached where neither a caller nor a definition says.
func (b *Broker) network() fob.Network {
	if b.Network == nil {
		return fob.Network{}
	}
	return b.Network()
}

// checkEnvironment refuses what AWS's SDKs would refuse, or take for something else.
func checkEnvironment(e fob.Environment) error {
	for _, v := range []struct {
		name, value string
		check       func(string) error
	}{
		{"AWS_USE_FIPS_ENDPOINT", e.UseFIPS, principal.CheckSwitch},
		{"AWS_USE_DUALSTACK_ENDPOINT", e.UseDualStack, principal.CheckSwitch},
		{"AWS_STS_REGIONAL_ENDPOINTS", e.STSEndpoints, principal.CheckSTSEndpoints},
		{"AWS_REGION", e.Region, principal.CheckRegionName},
	} {
		if v.value == "" {
			continue
		}
		if err := v.check(v.value); err != nil {
			return fob.Errorf(fob.ErrUsage, "the variable %s %w", v.name, err).WithHint("correct it where it is set, or unset it")
		}
	}
	return nil
}

// surround writes what a caller's environment says into the step, with the precedence
// of AWS's SDKs: variables of AWS's come before the definition, and that before
// whatever holds for everybody.
func (s *Step) surround(e fob.Environment, common fob.Network) {
	for _, v := range [...][2]string{
		{"use_fips_endpoint", e.UseFIPS}, {"use_dualstack_endpoint", e.UseDualStack}, {"sts_regional_endpoints", e.STSEndpoints},
	} {
		if v[1] != "" {
			s.set(v[0], strings.ToLower(v[1]))
		}
	}
	if of := partition.OfRegion(e.Region); s.homeless(e.Region) && of.Name != principal.Partition(s.Profile).Name {
		s.partition = of.Name
	}
	ofAll := cmp.Or(s.Profile.Get("ca_bundle"), common.CABundle)
	s.Network = common
	s.Network.CABundle = cmp.Or(e.CABundle, ofAll, e.CertFile)
	proxied := e.HTTPSProxy != "" || e.HTTPProxy != ""
	if proxied {
		s.Network.HTTPSProxy, s.Network.HTTPProxy, s.Network.NoProxy = e.HTTPSProxy, e.HTTPProxy, e.NoProxy
	}
	if s.Network.CABundle != ofAll {
		s.own = "ca_bundle " + s.Network.CABundle
	}
	// Nothing but TLS tells who answers through a proxy.
	if proxied && s.Network.HTTPProxy != common.HTTPProxy && s.unprotected() {
		s.own += " proxy " + s.Network.HTTPProxy
	}
}

// unprotected reports whether a step's calls go without TLS.
func (s *Step) unprotected() bool {
	for _, address := range s.Profile.Endpoints {
		if strings.HasPrefix(strings.ToLower(address), "http:") {
			return true
		}
	}
	return false
}

// locate takes the caller's region for a definition that tells none, unless it is of
// another partition than the definition's ARNs. A session is the same in every region
// of a partition, so the region is no part of the key.
func (s *Step) locate(region string) {
	if s.homeless(region) {
		s.set("region", region)
	}
}

func (s *Step) homeless(region string) bool {
	return region != "" && s.Profile.Get("region") == "" && principal.MayBeIn(s.Profile, partition.OfRegion(region))
}
