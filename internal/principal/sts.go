package principal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"fob/internal/fob"
	"fob/internal/partition"
)

// STS returns a client that signs with creds and calls the endpoint configured in the profile, else
// AWS's regional one. It does not load the SDK's configuration, so it reads neither the environment
// nor files.
func STS(p fob.Profile, env Env, creds fob.Credentials) *sts.Client {
	opts := sts.Options{
		Region:     Region(p),
		HTTPClient: env.HTTP,
		Retryer:    Retryer(3),
		APIOptions: Limited(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID:     creds.AccessKeyID,
				SecretAccessKey: creds.SecretAccessKey.Reveal(),
				SessionToken:    creds.SessionToken.Reveal(),
				Source:          "fob",
			}, nil
		}),
	}
	opts.EndpointOptions.UseFIPSEndpoint, opts.EndpointOptions.UseDualStackEndpoint = Variants(p)
	if url := p.Endpoint("sts"); url != "" {
		opts.BaseEndpoint = aws.String(url)
	} else if p.Get("sts_regional_endpoints") == "legacy" {
		opts.EndpointResolverV2 = legacy{sts.NewDefaultEndpointResolverV2()}
	}
	return sts.New(opts)
}

// Variants are which of AWS's endpoints a definition wants.
func Variants(p fob.Profile) (aws.FIPSEndpointState, aws.DualStackEndpointState) {
	fips, dual := aws.FIPSEndpointStateDisabled, aws.DualStackEndpointStateDisabled
	if strings.EqualFold(p.Get("use_fips_endpoint"), "true") {
		fips = aws.FIPSEndpointStateEnabled
	}
	if strings.EqualFold(p.Get("use_dualstack_endpoint"), "true") {
		dual = aws.DualStackEndpointStateEnabled
	}
	return fips, dual
}

// legacy takes the one global endpoint of STS for the regions that had it before others,
// as the SDKs do with sts_regional_endpoints = legacy.
type legacy struct{ sts.EndpointResolverV2 }

func (l legacy) ResolveEndpoint(ctx context.Context, p sts.EndpointParameters) (smithyendpoints.Endpoint, error) {
	p.UseGlobalEndpoint = aws.Bool(true)
	return l.EndpointResolverV2.ResolveEndpoint(ctx, p)
}

// PacedSTS makes a call to STS as [Paced] does. STS limits the calls of an account in a region.
func PacedSTS(ctx context.Context, p fob.Profile, env Env, creds fob.Credentials, do func(*sts.Client) error) error {
	limiter := env.Limits.For("sts "+Region(p)+" "+p.Endpoint("sts")+" "+partition.AccountOfKey(creds.AccessKeyID), 0)
	return Paced(ctx, limiter, func() error { return do(STS(p, env, creds)) })
}

// Region returns the region whose STS is called for a profile: its own, else one of the partition
// in its ARNs.
func Region(p fob.Profile) string {
	if r := p.Get("region"); r != "" {
		return r
	}
	return Partition(p).Region
}

// Partition returns the partition in a definition's ARNs or regions; aws if there are none.
func Partition(p fob.Profile) partition.Partition {
	if of, ok := ofARNs(p); ok {
		return of
	}
	// The provider's region (sso_region) decides before the region of the profile's tools.
	for _, key := range slices.Sorted(maps.Keys(p.Keys)) {
		if strings.HasSuffix(key, "_region") {
			return partition.OfRegion(p.Get(key))
		}
	}
	return partition.OfRegion(p.Get("region"))
}

// ofARNs is the partition that a definition's ARNs name.
func ofARNs(p fob.Profile) (partition.Partition, bool) {
	for _, key := range []string{"role_arn", "mfa_serial"} {
		if a, err := partition.ParseARN(p.Get(key)); err == nil {
			if of, ok := partition.Named(a.Partition); ok {
				return of, true
			}
		}
	}
	return partition.Partition{}, false
}

// MayBeIn reports whether nothing in a definition says that it is of another partition.
func MayBeIn(p fob.Profile, in partition.Partition) bool {
	of, told := ofARNs(p)
	return !told || of.Name == in.Name
}

// FromSTS converts the credentials in STS's answer.
func FromSTS(c *types.Credentials, account string) (fob.Credentials, error) {
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" ||
		aws.ToString(c.SessionToken) == "" || c.Expiration == nil || c.Expiration.IsZero() {
		return fob.Credentials{}, fob.Errorf(fob.ErrNetwork, "STS answered without complete credentials").
			WithHint("check that no proxy or captive portal answers in AWS's place")
	}
	return fob.Credentials{
		AccessKeyID:     *c.AccessKeyId,
		SecretAccessKey: fob.NewSecret(*c.SecretAccessKey),
		SessionToken:    fob.NewSecret(*c.SessionToken),
		Expiration:      c.Expiration.UTC().Truncate(time.Second),
		AccountID:       account,
	}, nil
}

// errNoCode means that the answer is not six digits.
var errNoCode = errors.New("an MFA code is six digits")

// mfaCode asks for the code of a device. STS accepts a code once, so each retrieval asks again.
func mfaCode(ctx context.Context, env Env, p fob.Profile, serial, refused string) (string, error) {
	prompt := "MFA code for " + serial
	if refused != "" {
		prompt = refused + "; " + prompt
	}
	answer, err := env.UI.Ask(ctx, fob.Question{Kind: fob.AskMFACode, Prompt: prompt, Command: p.Get("mfa_process")})
	if err != nil {
		return "", err
	}
	code := strings.TrimSpace(answer.Reveal())
	if len(code) == 6 && strings.Trim(code, "0123456789") == "" {
		return code, nil
	}
	e := fob.Errorf(fob.ErrSignIn, "%w", errNoCode).WithHint("type the code that device %s shows", serial)
	if p.Get("mfa_process") != "" {
		e.Hint = "mfa_process of profile " + p.Name + " must print the code alone on its first line: run it in a terminal"
	}
	return "", e
}

// AsksCode reports whether the definition's next session needs a code that a person types.
func AsksCode(p fob.Profile) bool {
	return p.Get("mfa_serial") != "" && p.Get("mfa_process") == ""
}

// WithMFA makes an STS call that needs a code. It asks again up to twice if the answer is not a
// code, or STS refuses it.
func WithMFA(ctx context.Context, env Env, p fob.Profile, serial string, call func(code string) error) error {
	var refused string
	var last error
	for range 3 {
		code, err := mfaCode(ctx, env, p, serial, refused)
		switch {
		case errors.Is(err, errNoCode) && p.Get("mfa_process") == "": // a program would answer the same
			last, refused = err, errNoCode.Error()
			continue
		case err != nil && last != nil && errors.Is(err, fob.ErrNobody):
			return last // nobody to ask again: report the refusal
		case err != nil:
			return mfaNeeded(p.Name, serial, err)
		}
		if last = call(code); last == nil || !IsMFARefusal(last) {
			return last
		}
		refused = "that code was refused (a code works once: wait for the next)"
	}
	return last
}

// SessionName makes a session's name from a profile's, with STS's characters and of limited length.
func SessionName(profile string, limit int) string {
	name := []byte("fob-" + profile)
	for i, c := range name {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_+=,.@-", c) >= 0) {
			name[i] = '-'
		}
	}
	return string(name[:min(len(name), limit)])
}

// PolicyARNs returns the managed policies that restrict a profile's sessions.
func PolicyARNs(p fob.Profile) []types.PolicyDescriptorType {
	var arns []types.PolicyDescriptorType
	for _, arn := range SplitList(p.Get("role_policy_arns")) {
		arns = append(arns, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return arns
}

// Optional returns nil for an empty value.
func Optional(v string) *string {
	if v == "" {
		return nil
	}
	return aws.String(v)
}
