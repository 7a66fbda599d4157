package console

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fob/internal/fob"
)

func facts(name string) map[string]string {
	return map[string]string{"name": name, "account": "111122223333", "color": "red", "icon": "tree"}
}

// Whatever a profile is called, a container has a name that the add-on reads back,
// and a browser profile one that is a plain directory's, different from others'.
func TestNamesOfContainers(t *testing.T) {
	t.Parallel()
	directory := regexp.MustCompile(`^fob-[A-Za-z0-9_-]{1,49}$`)
	rapid.Check(t, func(t *rapid.T) {
		name, other := rapid.StringN(1, 80, -1).Draw(t, "name"), rapid.StringN(1, 80, -1).Draw(t, "other")
		address := "https://signin.aws.amazon.com/federation?a=b%2Bc&d=e"
		p := page{address, facts(name), "{name}"}
		if d := p.profileDirectory(); !directory.MatchString(d) || name != other && d == (page{address, facts(other), "{name}"}).profileDirectory() {
			t.Fatalf("%q and %q: %q", name, other, d)
		}
		rest, ok := strings.CutPrefix(p.inContainer(), "ext+container:")
		q, err := url.ParseQuery(rest)
		clean := strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, name)
		if !ok || err != nil || q.Get("url") != address || q.Get("name") != strings.ToValidUTF8(clean, "\ufffd") || q.Get("color") != "red" || strings.ContainsAny(rest, " +") {
			t.Fatalf("%q: %v", rest, err)
		}
	})
}

func TestColorsStay(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, name := range strings.Fields("prod dev test corp/a/Admin corp/b/Admin x y z 1 2 3 4 5") {
		color, err := pick("color", "", name, containerColors())
		again, _ := pick("color", "", name, containerColors())
		if err != nil || color != again {
			t.Error(name, color, again, err)
		}
		seen[color] = true
	}
	if len(seen) < 4 {
		t.Error("nearly all have one colour:", seen)
	}
	if c, err := pick("color", "red", "prod", containerColors()); err != nil || c != "red" {
		t.Error(c, err)
	}
	if _, err := pick("color", "mauve", "prod", containerColors()); err == nil {
		t.Error("mauve")
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	p := page{"https://x/?a=b&c", facts("my 'prod'"), ""}
	for template, want := range map[string][]string{
		"firefox":                           {"firefox", "https://x/?a=b&c"},
		"firefox -P {name} {url}":           {"firefox", "-P", "my 'prod'", "https://x/?a=b&c"},
		`"/opt/my browser" --x='{account}'`: {"/opt/my browser", "--x=111122223333", "https://x/?a=b&c"},
		"a  ''\t{url}#{color}":              {"a", "", "https://x/?a=b&c#red"},
		"sh -c 'x {unknown}' {url}":         {"sh", "-c", "x {unknown}", "https://x/?a=b&c"},
	} {
		if got, err := fromTemplate(template, p); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", template, got, err)
		}
	}
	for _, wrong := range []string{"", "  ", "'x"} {
		if got, err := fromTemplate(wrong, p); err == nil {
			t.Errorf("%q: %q", wrong, got)
		}
	}
	// What is filled in is not filled again.
	p.facts["name"] = "{url}"
	if got, _ := fromTemplate("x {name} {url}", p); got[1] != "{url}" {
		t.Error(got)
	}
}

// The command line wins over the settings, one way to open over all others.
func TestWhatOpens(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"console_browser": "firefox", "console_container": "true", "console_command": ""}
	for name, tt := range map[string]struct {
		given, want options
		command     string
	}{
		"settings":        {options{}, options{browser: "firefox", container: "{name}"}, ""},
		"another browser": {options{browser: "chromium"}, options{browser: "chromium", container: "{name}"}, ""},
		"no container":    {options{container: "no"}, options{browser: "firefox"}, ""},
		"a command":       {options{command: "x"}, options{browser: "firefox", command: "x"}, ""},
		"set command":     {options{}, options{browser: "firefox", command: "y"}, "y"},
		"browser instead": {options{browser: "chromium"}, options{browser: "chromium", container: "{name}"}, "y"},
		"container":       {options{container: "a"}, options{browser: "firefox", container: "a"}, "y"},
	} {
		settings["console_command"] = tt.command
		o := tt.given
		to, err := pageOf("prod", fob.Delivery{URL: "https://x", Facts: settings}, &o)
		if err != nil || o.browser != tt.want.browser || o.command != tt.want.command || to.container != tt.want.container {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

func TestShortNamesComplete(t *testing.T) {
	t.Parallel()
	names := serviceNames()
	for _, want := range []string{"s3", "ec2", "cw", "cloudwatch", "sm", "r53"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not completed; %d names are", want, len(names))
		}
	}
}
