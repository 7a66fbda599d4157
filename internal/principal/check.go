package principal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fob/internal/fob"
	"fob/internal/partition"
)

// The limits below are those of the STS model (AssumeRole, GetSessionToken).

// CheckDuration accepts whole seconds from 15 minutes up to a limit.
func CheckDuration(limit time.Duration) func(string) error {
	return func(v string) error {
		n, err := strconv.Atoi(v)
		d := time.Duration(n) * time.Second
		if err != nil || d < 15*time.Minute || d > limit {
			return fmt.Errorf("must be whole seconds from 900 to %d", int(limit.Seconds()))
		}
		return nil
	}
}

// Asked returns a function for the duration to request: the definition's duration_seconds, else
// unasked, which is AWS's default.
func Asked(unasked time.Duration) func(fob.Profile) time.Duration {
	return func(p fob.Profile) time.Duration {
		if n, err := strconv.Atoi(p.Get("duration_seconds")); err == nil && n > 0 {
			return time.Duration(n) * time.Second
		}
		return unasked
	}
}

// CheckPattern accepts values that a regular expression matches completely.
func CheckPattern(pattern, doc string) func(string) error {
	re := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return func(v string) error {
		if !re.MatchString(v) {
			return errors.New("must be " + doc)
		}
		return nil
	}
}

// CheckText accepts min to max letters, digits and characters of more.
func CheckText(more string, min, max int) func(string) error {
	return func(v string) error {
		wrong := strings.ContainsFunc(v, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(more, r))
		})
		if wrong || len(v) < min || len(v) > max {
			return fmt.Errorf("must be %d to %d letters, digits or any of %s", min, max, more)
		}
		return nil
	}
}

// CheckARN accepts an ARN of one service whose resource begins with a prefix.
func CheckARN(service, prefix string) func(string) error {
	return func(v string) error {
		a, err := partition.ParseARN(v)
		if err != nil {
			return err
		}
		name, ok := strings.CutPrefix(a.Resource, prefix)
		if a.Service != service || !ok || name == "" || !partition.IsAccount(a.Account) {
			return fmt.Errorf("must be an ARN like arn:aws:%s::111122223333:%sNAME", service, prefix)
		}
		return nil
	}
}

// CheckAccount accepts an account id.
func CheckAccount(v string) error {
	if !partition.IsAccount(v) {
		return errors.New("must be twelve digits")
	}
	return nil
}

// CheckRegion accepts values in the form of a region's name.
func CheckRegion(v string) error {
	if !partition.IsRegion(v) {
		return errors.New("must be a region")
	}
	return nil
}

// CheckRegionName accepts what may be part of a host's name, as the SDKs do: emulators
// have regions of their own.
func CheckRegionName(v string) error {
	if v == "" || len(v) > 63 || v[0] == '-' || v[len(v)-1] == '-' || strings.ContainsFunc(v, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-')
	}) {
		return errors.New("must be a region such as eu-west-1")
	}
	return nil
}

// CheckSwitch accepts true and false.
func CheckSwitch(v string) error {
	if !strings.EqualFold(v, "true") && !strings.EqualFold(v, "false") {
		return errors.New("must be true or false")
	}
	return nil
}

// CheckSTSEndpoints accepts regional and legacy.
func CheckSTSEndpoints(v string) error {
	if !strings.EqualFold(v, "regional") && !strings.EqualFold(v, "legacy") {
		return errors.New("must be regional or legacy")
	}
	return nil
}

// CheckURL accepts URLs that can be called by HTTP.
func CheckURL(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return errors.New("must be a URL like https://sts.example.com")
	}
	return nil
}

// ParsePairs reads "key=value,key=value", the form that aws-vault uses for
// session_tags. Blanks around keys and values are dropped.
func ParsePairs(s string) ([][2]string, error) {
	var pairs [][2]string
	for _, item := range SplitList(s) {
		k, v, ok := strings.Cut(item, "=")
		if k = strings.TrimSpace(k); !ok || k == "" {
			return nil, errors.New("must be KEY=VALUE,KEY=VALUE")
		}
		pairs = append(pairs, [2]string{k, strings.TrimSpace(v)})
	}
	return pairs, nil
}

// SplitList reads a list separated by commas.
func SplitList(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// CheckPolicy accepts a session policy: a JSON document within STS's limit.
func CheckPolicy(v string) error {
	if len(v) > 2048 || !json.Valid([]byte(v)) || !strings.HasPrefix(v, "{") {
		return errors.New("must be a JSON policy document of at most 2048 characters")
	}
	return nil
}
