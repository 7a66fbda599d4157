package console

import (
	"net/url"
	"strings"

	"fob/internal/fob"
	"fob/internal/partition"
)

// site holds the addresses of one profile's sign-in host and console.
type site struct {
	partition.Partition
	// own… are the endpoints configured in the definition, without a trailing slash; empty: AWS's.
	ownSignin, ownConsole string
}

func siteOf(in partition.Partition, p fob.Profile) (site, error) {
	s := site{Partition: in, ownSignin: strings.TrimRight(p.Endpoint("signin"), "/"), ownConsole: strings.TrimRight(p.Endpoint("console"), "/")}
	if in.Console == "" {
		return site{}, fob.Errorf(fob.ErrUsage, "profile %q is of partition %s, whose console fob does not know", p.Name, in.Name)
	}
	for _, own := range []string{s.ownSignin, s.ownConsole} {
		if u, err := url.Parse(own); err != nil || own != "" && (u.Host == "" || u.RawQuery != "" || u.Fragment != "") {
			return site{}, fob.Errorf(fob.ErrUsage, "profile %q has an endpoint for the console that is no URL", p.Name).WithHint("fob show %s", p.Name)
		}
	}
	return s, nil
}

// signinURL returns the URL of a path on the sign-in host.
func (s site) signinURL(path string, query url.Values) string {
	base := s.ownSignin
	if base == "" {
		base = "https://" + s.Federation
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return base + path
}

// login returns the URL that the browser opens; it contains the sign-in token.
func (s site) login(token fob.Secret, destination string) string {
	return s.signinURL("/federation", url.Values{
		"Action": {"login"}, "Issuer": {"fob"}, "Destination": {destination}, "SigninToken": {token.Reveal()},
	})
}

// The values of option "session": what to do if the browser is signed in already.
const (
	signOut      = "sign-out"
	multiSession = "multi"
)

// chain puts the step before a sign-in that a signed-in browser needs. AWS does not document the
// URL for multi-session; the console's own menu for switching accounts leads there.
func (s site) chain(how, login string) (string, error) {
	switch how {
	case "":
		return login, nil
	case signOut:
		return s.signinURL("/oauth", url.Values{"Action": {"logout"}, "redirect_uri": {login}}), nil
	case multiSession:
		return s.signinURL("/sessions/v1/opt-in", url.Values{"redirect_uri": {login}}), nil
	}
	return "", fob.Errorf(fob.ErrUsage, "the console knows no session %q", how)
}

// target is the page that a request asks for.
type target struct {
	service, path string
	region        string // the requested one, or the profile's
	asked         bool   // the region was requested
}

// destination returns the URL of the page on this partition's console.
func (s site) destination(t target) (address, region string, err error) {
	if t.service != "" && t.path != "" {
		return "", "", fob.Errorf(fob.ErrUsage, "a service and a path are two pages").WithHint("--service, or --path")
	}
	page, global := "/console/home", false
	switch {
	case t.path != "":
		page = t.path
	case t.service != "":
		if strings.ContainsAny(t.service, "?#\\") {
			return "", "", fob.Errorf(fob.ErrUsage, "%q is no name of a service", t.service).WithHint("--path for any page")
		}
		found := find(t.service)
		page, global = "/"+found.page, found.global
	}
	u, err := url.Parse(page)
	if err != nil {
		return "", "", badPath(page)
	}
	if u.IsAbs() {
		if err := s.onConsole(u); err != nil {
			return "", "", err
		}
		t.region = regionOf(u, s.Console, t)
	}
	if !strings.HasPrefix(u.EscapedPath(), "/") || !u.IsAbs() && (u.Host != "" || u.User != nil) {
		return "", "", badPath(page)
	}
	if of := u.Query().Get("region"); of != "" && !t.asked {
		t.region = of
	}
	if err := s.checkRegion(t.region); err != nil {
		return "", "", err
	}
	if global {
		t.region = ""
	}
	return s.at(u, t.region), t.region, nil
}

// at returns the URL of a page on the console's host, in a region if one is given.
func (s site) at(page *url.URL, region string) string {
	base := s.ownConsole
	switch {
	case base != "":
	case region != "":
		base = "https://" + region + "." + s.Console
	default:
		base = "https://" + s.Console
	}
	rel := url.URL{Path: page.Path, RawPath: page.RawPath, RawQuery: query(page.RawQuery, region), Fragment: page.Fragment, RawFragment: page.RawFragment}
	text := rel.EscapedPath()
	if rel.RawQuery != "" {
		text += "?" + rel.RawQuery
	}
	if rel.Fragment != "" {
		text += "#" + rel.EscapedFragment()
	}
	return base + text
}

// query sets the region in a page's query, and leaves everything else unchanged.
func query(raw, region string) string {
	var parts []string
	for part := range strings.SplitSeq(raw, "&") {
		if name, _, _ := strings.Cut(part, "="); part != "" && (name != "region" || region == "") {
			parts = append(parts, part)
		}
	}
	if region != "" {
		parts = append(parts, "region="+region)
	}
	return strings.Join(parts, "&")
}

// onConsole refuses URLs that are not on this partition's console. AWS would refuse them too, but
// only after the sign-in.
func (s site) onConsole(u *url.URL) error {
	if u.Scheme == "https" && u.User == nil && (u.Host == s.Console || strings.HasSuffix(u.Host, "."+s.Console)) {
		return nil
	}
	if s.ownConsole != "" && strings.HasPrefix(u.String(), s.ownConsole+"/") {
		return nil
	}
	return fob.Errorf(fob.ErrUsage, "the address is not on the console of partition %s", s.Name).WithHint("--path /…, or https://%s/…", s.Console)
}

// regionOf returns the region in a URL's host: REGION.console…, or, in browsers with several
// sessions, ACCOUNT.REGION.console….
func regionOf(u *url.URL, console string, t target) string {
	labels := strings.Split(strings.TrimSuffix(strings.TrimSuffix(u.Host, console), "."), ".")
	if last := labels[len(labels)-1]; last != "" && !t.asked && u.Host != last {
		return last
	}
	return t.region
}

func badPath(page string) error {
	return fob.Errorf(fob.ErrUsage, "%q is no path of a page", page).WithHint("--path '/s3/buckets/NAME', as the browser's address line has it behind the host")
}

// checkRegion refuses what is no region, because it becomes part of a host's name.
func (s site) checkRegion(region string) error {
	switch {
	case region == "":
		return nil
	case !partition.IsRegion(region):
		return fob.Errorf(fob.ErrUsage, "%q is no name of a region", region).WithHint("--region eu-west-1")
	case !s.Has(region):
		return fob.Errorf(fob.ErrUsage, "region %s is not of partition %s, in which the profile is", region, s.Name)
	}
	return nil
}
