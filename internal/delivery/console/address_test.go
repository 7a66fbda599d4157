package console

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fob/internal/fob"
	"fob/internal/partition"
)

func siteIn(t interface{ Fatal(...any) }, name string, endpoints ...string) site {
	p := fob.Profile{Name: "p", Endpoints: map[string]string{}}
	for i := 0; i+1 < len(endpoints); i += 2 {
		p.Endpoints[endpoints[i]] = endpoints[i+1]
	}
	in, ok := partition.Named(name)
	s, err := siteOf(in, p)
	if err != nil || !ok {
		t.Fatal(name, err)
	}
	return s
}

func TestDestinations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		partition, service, path, region, want string
	}{
		{"aws", "", "", "", "https://console.aws.amazon.com/console/home"},
		{"aws", "", "", "eu-west-1", "https://eu-west-1.console.aws.amazon.com/console/home?region=eu-west-1"},
		{"aws", "s3", "", "eu-west-1", "https://eu-west-1.console.aws.amazon.com/s3/home?region=eu-west-1"},
		{"aws", "LOGS", "", "eu-west-1", "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups"},
		{"aws", "r53", "", "eu-west-1", "https://console.aws.amazon.com/route53/v2/home"},
		{"aws", "newthing", "", "us-east-1", "https://us-east-1.console.aws.amazon.com/newthing/home?region=us-east-1"},
		{"aws", "a thing/ü", "", "", "https://console.aws.amazon.com/a%20thing/%C3%BC/home"},
		{"aws", "", "/s3/buckets/b?prefix=a%2Fb&tab=x", "eu-west-1", "https://eu-west-1.console.aws.amazon.com/s3/buckets/b?prefix=a%2Fb&tab=x&region=eu-west-1"},
		{"aws", "", "/x?region=eu-north-1&a=1#f:$252Fx", "us-east-1", "https://eu-north-1.console.aws.amazon.com/x?a=1&region=eu-north-1#f:$252Fx"},
		{"aws", "", "/a b", "", "https://console.aws.amazon.com/a%20b"},
		{"aws", "", `/\evil.com`, "", "https://console.aws.amazon.com/%5Cevil.com"},
		{"aws", "", "/@evil.com", "eu-west-1", "https://eu-west-1.console.aws.amazon.com/@evil.com?region=eu-west-1"},
		{"aws", "", "https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#Instances:", "us-east-1", "https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#Instances:"},
		{"aws", "", "https://111122223333-ab12cd34.eu-west-1.console.aws.amazon.com/ec2/home", "", "https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1"},
		{"aws", "", "https://console.aws.amazon.com/iam/home", "", "https://console.aws.amazon.com/iam/home"},
		{"aws-cn", "ec2", "", "cn-north-1", "https://cn-north-1.console.amazonaws.cn/ec2/home?region=cn-north-1"},
		{"aws-us-gov", "ec2", "", "us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/ec2/home?region=us-gov-west-1"},
		{"aws-eusc", "ec2", "", "eusc-de-east-1", "https://eusc-de-east-1.console.amazonaws-eusc.eu/ec2/home?region=eusc-de-east-1"},
		{"aws-cn", "iam", "", "cn-north-1", "https://console.amazonaws.cn/iam/home"},
		// Refused.
		{"aws", "", "", "cn-north-1", ""},
		{"aws", "", "", "us-iso-east-1", ""},
		{"aws-cn", "", "", "eu-west-1", ""},
		{"aws", "", "", "evil.com/", ""},
		{"aws", "", "", "evil.com?x-1", ""},
		{"aws", "", "//evil.com/x", "", ""},
		{"aws", "", "https://evil.com/x", "", ""},
		{"aws", "", "https://console.aws.amazon.com.evil.com/x", "", ""},
		{"aws", "", "https://evilconsole.aws.amazon.com/x", "", ""},
		{"aws", "", "https://console.amazonaws.cn/x", "", ""},
		{"aws", "", "http://console.aws.amazon.com/x", "", ""},
		{"aws", "", "https://u@console.aws.amazon.com/x", "", ""},
		{"aws", "", "javascript:alert(1)", "", ""},
		{"aws", "", "s3/home", "", ""},
		{"aws", "", "/%zz", "", ""},
		{"aws", "", "/x?region=evil.com%2F", "", ""},
		{"aws", "s3?x", "", "", ""},
		{"aws", "s3", "/x", "", ""},
	} {
		got, _, err := siteIn(t, tt.partition).destination(target{service: tt.service, path: tt.path, region: tt.region})
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%v:\n got %s (%v)", tt, got, err)
		}
	}
	// A requested region replaces the one in a pasted URL.
	got, region, err := siteIn(t, "aws").destination(target{path: "https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1", region: "us-west-2", asked: true})
	if err != nil || region != "us-west-2" || got != "https://us-west-2.console.aws.amazon.com/ec2/home?region=us-west-2" {
		t.Error(got, region, err)
	}
	if _, err := siteOf(partition.OfRegion("us-iso-east-1"), fob.Profile{}); err == nil {
		t.Error("a partition without a known console")
	}
}

func withConsole() []partition.Partition {
	return slices.DeleteFunc(partition.All(), func(p partition.Partition) bool { return p.Console == "" })
}

// Every service in every partition opens that partition's console, and the sign-in URL contains the
// destination unchanged.
func TestAddressesOfEveryService(t *testing.T) {
	t.Parallel()
	for _, p := range withConsole() {
		s := siteIn(t, p.Name)
		region := map[string]string{"aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-east-1", "aws-eusc": "eusc-de-east-1"}[p.Name]
		for _, one := range services() {
			for _, name := range one.names {
				to, in, err := s.destination(target{service: name, region: region})
				u, parseErr := url.Parse(to)
				if err != nil || parseErr != nil || u.Scheme != "https" || !strings.HasSuffix(u.Host, p.Console) || in != u.Query().Get("region") {
					t.Fatalf("%s in %s: %s, %v", name, p.Name, to, err)
				}
				if (in == "") != (u.Host == p.Console) {
					t.Errorf("%s: host and query disagree about the region", to)
				}
				login, err := url.Parse(s.login(fob.NewSecret("a+b/c=&d"), to))
				if err != nil || login.Host != p.Federation || login.Query().Get("Destination") != to || login.Query().Get("SigninToken") != "a+b/c=&d" {
					t.Fatalf("%s: %v", login, err)
				}
			}
		}
	}
}

// For any page: the host is the console's, and the destination and the token can be read back from
// the sign-in URL, however it is nested.
func TestAnyDestinationRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(withConsole()).Draw(t, "partition")
		s := siteIn(t, p.Name)
		path := rapid.OneOf(rapid.StringMatching(`/[a-z0-9/ ?#&=%+:;@$\\"'<>.-]{0,40}`), rapid.Map(rapid.String(), func(s string) string { return "/" + s })).Draw(t, "path")
		token := rapid.String().Draw(t, "token")
		to, _, err := s.destination(target{path: path})
		if err != nil {
			return
		}
		u, err := url.Parse(to)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Host != p.Console && !strings.HasSuffix(u.Host, "."+p.Console) {
			t.Fatalf("%q leads to %q (%v)", path, to, err)
		}
		how := rapid.SampledFrom([]string{"", signOut, multiSession}).Draw(t, "how")
		address, err := s.chain(how, s.login(fob.NewSecret(token), to))
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"'<>`\\", r) }) {
			t.Fatalf("%q is not encoded", address)
		}
		outer, err := url.Parse(address)
		if err != nil || outer.Host != p.Federation {
			t.Fatal(address, err)
		}
		if how != "" {
			if outer, err = url.Parse(outer.Query().Get("redirect_uri")); err != nil {
				t.Fatal(err)
			}
		}
		if q := outer.Query(); q.Get("Destination") != to || q.Get("SigninToken") != token || q.Get("Action") != "login" {
			t.Fatalf("%q became %q", to, q.Get("Destination"))
		}
	})
}

func TestEndpointsOfADefinition(t *testing.T) {
	t.Parallel()
	s := siteIn(t, "aws", "", "http://127.0.0.1:8000/")
	to, _, err := s.destination(target{service: "s3", region: "eu-west-1"})
	if err != nil || to != "http://127.0.0.1:8000/s3/home?region=eu-west-1" {
		t.Error(to, err)
	}
	if login := s.login(fob.NewSecret("x"), to); !strings.HasPrefix(login, "http://127.0.0.1:8000/federation?") {
		t.Error(login)
	}
	s = siteIn(t, "aws", "signin", "https://signin.example.com", "sts", "https://sts.example.com")
	if to, _, err := s.destination(target{}); err != nil || to != "https://console.aws.amazon.com/console/home" {
		t.Error(to, err)
	}
	if out, err := s.chain(signOut, "L"); err != nil || out != "https://signin.example.com/oauth?Action=logout&redirect_uri=L" {
		t.Error(out, err)
	}
	if _, err := s.chain("bogus", ""); err == nil {
		t.Error("a session of no kind")
	}
	for _, wrong := range []string{"::", "localhost", "http://x/?q", "/path"} {
		if _, err := siteOf(partition.All()[0], fob.Profile{Endpoints: map[string]string{"signin": wrong}}); err == nil {
			t.Errorf("%q is an endpoint", wrong)
		}
	}
}

// The table in docs/ref/console.md is the one in the code; the front end completes names from it.
func TestTheTableOfShortNames(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/ref/console.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Short names of services\n")
	var want strings.Builder
	want.WriteString("\n| name | page | region |\n|---|---|---|\n")
	var all []string
	for _, s := range services() {
		region := "yes"
		if s.global {
			region = "none"
		}
		fmt.Fprintf(&want, "| `%s` | /%s | %s |\n", strings.Join(s.names, "`, `"), s.page, region)
		all = append(all, s.names...)
	}
	if table != want.String() {
		t.Errorf("docs/ref/console.md should end with:\n%s", want.String())
	}
	if n := len(all); n < 60 {
		t.Errorf("%d names", n)
	}
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("a name stands twice")
	}
	if !slices.IsSortedFunc(services(), func(a, b service) int { return strings.Compare(a.names[0], b.names[0]) }) {
		t.Error("the table is not sorted")
	}
}
