package awsfile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

func TestSections(t *testing.T) {
	t.Parallel()
	text := `lost = x
[default]
region = eu-west-1 ; home
Output : json
  promoted = "quoted" # c
[profile a]
s3 =
  addressing_style = path ; stays
  max_queue=1
region = first
  and more
[sso-session corp]
[services local] # c
sts =
  endpoint_url = http://localhost
[fob]
unlock = keyring
[profile "a b"]
[profile a]
region = last
`
	got := awsfile.Parse(awsfile.Config, []byte(text)).Sections()
	type keys = map[string]string
	type nested = map[string]map[string]string
	want := []awsfile.Section{
		{"profile", "default", keys{"region": "eu-west-1", "output": "json", "promoted": `"quoted"`}, []string{"region", "output", "promoted"}, nested{}},
		{"profile", "a", keys{"region": "last"}, []string{"s3", "region"}, nested{"s3": {"addressing_style": "path ; stays", "max_queue": "1"}}},
		{"sso-session", "corp", keys{}, nil, nested{}},
		{"services", "local", keys{}, []string{"sts"}, nested{"sts": {"endpoint_url": "http://localhost"}}},
		{"", "fob", keys{"unlock": "keyring"}, []string{"unlock"}, nested{}},
		{"profile", "a b", keys{}, nil, nested{}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
}

func TestDefaultIsHiddenByPrefixed(t *testing.T) {
	t.Parallel()
	f := awsfile.Parse(awsfile.Config, []byte("[profile default]\nregion = a\n[default]\nregion = b\noutput = json\n"))
	s, ok := f.Section("profile", "default")
	if !ok || s.Keys["region"] != "a" || len(s.Keys) != 1 || len(f.Sections()) != 1 {
		t.Fatalf("%v", f.Sections())
	}
	if err := errors.Join(f.Unset("profile", "default", "region"), f.RemoveSection("profile", "none")); err != nil {
		t.Fatal(err)
	}
	if got := string(f.Bytes()); got != "[profile default]\n[default]\noutput = json\n" {
		t.Fatalf("%q", got)
	}
	if err := f.RemoveSection("profile", "default"); err != nil || len(f.Bytes()) != 0 {
		t.Fatalf("%v %q", err, f.Bytes())
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, before string
		edit         func(f *awsfile.File) error
		after        string
	}{
		{"a value keeps its surroundings", "[a]\n\t Region=x # c\r\n", func(f *awsfile.File) error { return f.Set("profile", "a", "REGION", "y") }, "[a]\n\t Region=y # c\r\n"},
		{"the last duplicate is replaced", "[a]\nk = 1\n[a]\nk = 2\nk = 3\n[b]\n", func(f *awsfile.File) error { return f.Set("profile", "a", "k", "4") }, "[a]\nk = 1\n[a]\nk = 2\nk = 4\n[b]\n"},
		{"a new key goes above what follows", "[a]\nk=1\n\n# b's\n[b]\n", func(f *awsfile.File) error { return f.Set("profile", "a", "l", "2") }, "[a]\nk=1\nl=2\n\n# b's\n[b]\n"},
		{"a key without value", "[a]\nk =\n", func(f *awsfile.File) error { return f.Set("profile", "a", "k", "1") }, "[a]\nk = 1\n"},
		{"a value that goes on below", "[a]\nk = 1\n  more\nl = 2\n", func(f *awsfile.File) error { return f.Set("profile", "a", "k", "3") }, "[a]\nk = 3\nl = 2\n"},
		{"a new section", "# c", func(f *awsfile.File) error { return f.Set("profile", "a", "k", "1") }, "# c\n\n[a]\nk = 1"},
		{"a new nested key", "[a]\r\n", func(f *awsfile.File) error { return f.SetNested("profile", "a", "s3", "k", "1") }, "[a]\r\ns3 =\r\n  k = 1\r\n"},
		{"one more nested key", "[a]\ns3 =\n\tk = 1\n# c\nl = 2\n", func(f *awsfile.File) error { return f.SetNested("profile", "a", "s3", "m", "3") }, "[a]\ns3 =\n\tk = 1\n\tm = 3\n# c\nl = 2\n"},
		{"a block goes with the comments in it", "[a]\nk = 1\ns3 =\n  k = 1\n\n  # c\n  l = 2\n# d\nm = 3\n", func(f *awsfile.File) error { return f.Unset("profile", "a", "s3") }, "[a]\nk = 1\n# d\nm = 3\n"},
		{"a section goes with its comment", "[a]\nk = 1\n\n# alone\n\n# b's\n[b]\nl = 2\n# c's\n[c]\n", func(f *awsfile.File) error { return f.RemoveSection("profile", "b") }, "[a]\nk = 1\n\n# alone\n\n# c's\n[c]\n"},
		{"the comment of the file stays", "# mine\n[a]\nk = 1\n\n[b]\n", func(f *awsfile.File) error { return f.RemoveSection("profile", "a") }, "# mine\n\n[b]\n"},
		{"a name", "[ a ] ; [a]\nk = a\n[a]\n", func(f *awsfile.File) error { return f.Rename("profile", "a", "b") }, "[b] ; [a]\nk = a\n[b]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := awsfile.Parse(awsfile.Credentials, []byte(c.before))
			if err := c.edit(f); err != nil {
				t.Fatal(err)
			}
			if got := string(f.Bytes()); got != c.after {
				t.Fatalf("%q, want %q", got, c.after)
			}
		})
	}
}

func TestHeadersOfConfig(t *testing.T) {
	t.Parallel()
	f := awsfile.Parse(awsfile.Config, nil)
	for _, s := range [][2]string{{"profile", "default"}, {"profile", "a"}, {"sso-session", "default"}, {"services", "s"}, {"", "fob"}} {
		if err := f.Set(s[0], s[1], "k", "v"); err != nil {
			t.Fatal(err)
		}
	}
	want := "[default]\nk = v\n\n[profile a]\nk = v\n\n[sso-session default]\nk = v\n\n[services s]\nk = v\n\n[fob]\nk = v\n"
	if got := string(f.Bytes()); got != want {
		t.Fatal(got)
	}
	if err := f.Rename("profile", "default", "b"); err != nil || !strings.HasPrefix(string(f.Bytes()), "[profile b]\n") {
		t.Fatalf("%v %s", err, f.Bytes())
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	text := "[a]\nk = 1\n[b]\ns3 =\n  k = 1\n"
	for _, c := range []struct {
		kind                   error
		typ, name, key, values string
	}{
		{fob.ErrUsage, "profile", "a", "k", "\x00x|x\ny = z|x\r|x\x1b[0m|x\u0085y|x\u2028y|\ufeff|\xff"},
		{fob.ErrUsage, "profile", "a", "k", " x|x |\u00a0x| | #|x # c|x ;|x\t#|x\v;c|#x|;x"},
		{fob.ErrUsage, "profile", "a", "k", `"|'|"x"|'x'|""`},
		{fob.ErrUsage, "profile", "a", "", "x"},
		{fob.ErrUsage, "profile", "a", "a b", "x"},
		{fob.ErrUsage, "profile", "a", "[k]", "x"},
		{fob.ErrUsage, "profile", "a", "#k", "x"},
		{fob.ErrUsage, "profile", "a", "k\nl", "x"},
		{fob.ErrUsage, "profile", "x]\n[y", "k", "x"},
		{fob.ErrUsage, "profile", "", "k", "x"},
		{fob.ErrUsage, "profile", "a b", "k", "x"},
		{fob.ErrUsage, "profile", "DEFAULT", "k", "x"},
		{fob.ErrUsage, "profile", "__proto__", "k", "x"},
		{fob.ErrUsage, "sso-session", "x", "k", "x"},
		{fob.ErrConflict, "profile", "b", "s3", "x"},
	} {
		for value := range strings.SplitSeq(c.values, "|") {
			f := awsfile.Parse(awsfile.Credentials, []byte(text))
			err := f.Set(c.typ, c.name, c.key, value)
			if !errors.Is(err, c.kind) || string(f.Bytes()) != text {
				t.Errorf("Set(%q %q %q %q): %v", c.typ, c.name, c.key, value, err)
			}
			if len(value) > 1 && err != nil && strings.Contains(err.Error(), value) {
				t.Errorf("the error quotes the value: %v", err)
			}
		}
	}
	f := awsfile.Parse(awsfile.Config, []byte("[default]\n[profile default]\n[profile a]\n"))
	for _, c := range []struct {
		kind     error
		old, new string
	}{{fob.ErrNotFound, "none", "x"}, {fob.ErrConflict, "a", "default"}, {fob.ErrConflict, "default", "x"}, {fob.ErrUsage, "a", "a b"}} {
		if err := f.Rename("profile", c.old, c.new); !errors.Is(err, c.kind) {
			t.Errorf("Rename(%s %s): %v", c.old, c.new, err)
		}
	}
	if err := f.Set("profile", "a", "k", ""); !errors.Is(err, fob.ErrUsage) {
		t.Errorf("an empty value: %v", err)
	}
	// Without region, Go would nest output below s3.
	text = "[a]\ns3 =\nregion = x\n  output = y\n"
	g := awsfile.Parse(awsfile.Credentials, []byte(text))
	if err := g.Unset("profile", "a", "region"); !errors.Is(err, fob.ErrConflict) || string(g.Bytes()) != text {
		t.Errorf("%v %q", err, g.Bytes())
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[profile a]\nk = v\ns3 =\n  k = v\n":    "",
		"\ufeff[default]\n":                      "1 byte order mark",
		"k = v\n":                                "1 before the first section",
		"[profile a]\n[profile a]\n":             "2 section of line 1 again",
		"[profile a]\n[profile 'a']\n":           "2 written differently|2 in quotes",
		"[profile a]\nk = 1\nK = 2\n":            "3 key of line 2 again|3 capital",
		"[profile a]\nk = v # c\n":               "2 part of the value",
		"[profile a]\nk : v\n":                   "2 a : instead",
		"[profile a]\nk = \"v\"\n":               "2 quotes",
		"[profile a]\nk = '\n":                   "2 crashes",
		"[profile a b]\n":                        "1 characters other",
		"[profile  a]\n":                         "1 more than one blank",
		"[ profile a ]\n":                        "1 within the brackets",
		"[a]\n":                                  "1 no profile",
		"[fob]\n":                                "",
		"[DEFAULT]\n":                            "1 [DEFAULT]",
		"[default]\n[profile default]\n":         "1 beside",
		"[profile a] # [b]\n":                    "1 the comment, up to",
		"[profile a]#c\n":                        "1 right behind",
		"[profile a] b\n":                        "1 only some SDKs",
		"[profile b]\n[profile a] b\n":           "2 only some SDKs",
		"[profile a]\n  [profile b]\n":           "2 indented header",
		"[profile a]\nstray\n":                   "2 neither",
		"[profile a]\ns3 =\n  stray\n":           "3 nested line",
		"[profile a]\nk = v\n  more\n":           "3 continues",
		"[profile a]\nk = v\n  l = w\n":          "3 indented deeper",
		"[profile a]\n\tk =\n l = w\n \tm = w\n": "3 not indented deeper",
		"[profile a]\ns3 =\n  k = v # c\n":       "3 only JavaScript",
		"[profile a]\nk = \xff\n":                "2 UTF-8",
		"[profile a]\nk = a\rb\n":                "2 carriage return",
		"[profile a]\nk = a\x00b\n":              "2 control",
		"[profile a]\naws_secret_access_key = hush\nhush/hush\n": "3 neither",
	} {
		var got []string
		warnings := awsfile.Parse(awsfile.Config, []byte(text)).Warnings()
		for _, w := range warnings {
			got = append(got, fmt.Sprintf("%d %s", w.Line, w.Message))
			if strings.Contains(w.Message, "hush") {
				t.Errorf("a secret is quoted: %s", w.Message)
			}
		}
		all := strings.Join(got, "\n")
		parts := strings.Split(want, "|")
		if want == "" {
			parts = nil
		}
		for _, p := range parts {
			line, message, _ := strings.Cut(p, " ")
			found := false
			for _, w := range warnings {
				found = found || strconv.Itoa(w.Line) == line && strings.Contains(w.Message, message)
			}
			if !found {
				t.Errorf("%q: no %q in\n%s", text, p, all)
			}
		}
		if len(parts) != len(got) {
			t.Errorf("%q: %d warnings, want %d:\n%s", text, len(got), len(parts), all)
		}
	}
	credentials := awsfile.Parse(awsfile.Credentials, []byte("[a]\n[profile b]\n"))
	if w := credentials.Warnings(); len(w) != 1 || w[0].Line != 2 || len(credentials.Sections()) != 1 {
		t.Errorf("%v", w)
	}
}

// Unified is compared with a file that can be read; UPDATE=1 writes it anew.
func TestUnified(t *testing.T) {
	t.Parallel()
	before := "# export AWS_SECRET_ACCESS_KEY=hush\n[default]\naws_access_key_id = AKIA\nAWS_SECRET_ACCESS_KEY=hush # hush\n  hush = hush\n  hush\nregion = x\noutput = json\n" +
		"\n[a]\none = 1\ntwo = 2\nthree = 3\nfour = 4\nfive = 5\naws_session_token = hush\nhushhushhushhushhushhushhushhushhushhush== \nsix = \x1b[31m\n[b]\n\n[c]\r\nlast = 1"
	f := awsfile.Parse(awsfile.Credentials, []byte(before))
	if err := errors.Join(
		f.Set("profile", "default", "aws_secret_access_key", "hush2"),
		f.Set("profile", "a", "six", "6"),
		f.RemoveSection("profile", "b"),
		f.Set("profile", "c", "new", "1"),
	); err != nil {
		t.Fatal(err)
	}
	got := awsfile.Unified("~/.aws/credentials", []byte(before), f.Bytes(), fob.IsSecretKey)
	if strings.Contains(got, "hush") || strings.Contains(got, "\x1b") {
		t.Fatalf("a secret is shown:\n%s", got)
	}
	golden := filepath.Join("testdata", "unified.diff")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := content(t, golden); got != want {
		t.Fatal(cmp.Diff(want, got))
	}
	if got := awsfile.Unified("x", []byte(before), []byte(before), nil); got != "" {
		t.Fatal(got)
	}
}

func TestRevertConflicts(t *testing.T) {
	t.Parallel()
	before := "[profile a]\nrole_arn = r\nregion = x\n\n[profile b]\nregion = y\n"
	adopted := func() (*awsfile.File, []awsfile.Hunk) {
		f := awsfile.Parse(awsfile.Config, []byte(before))
		if err := errors.Join(f.Set("profile", "a", "credential_process", "/bin/fob credentials a"), f.Unset("profile", "a", "role_arn")); err != nil {
			t.Fatal(err)
		}
		return f, awsfile.Diff([]byte(before), f.Bytes())
	}
	for name, edit := range map[string]func(f *awsfile.File) error{
		"our key changed":     func(f *awsfile.File) error { return f.Set("profile", "a", "credential_process", "other") },
		"their key came back": func(f *awsfile.File) error { return f.Set("profile", "a", "role_arn", "other") },
		"section removed":     func(f *awsfile.File) error { return f.RemoveSection("profile", "a") },
		"section renamed":     func(f *awsfile.File) error { return f.Rename("profile", "a", "c") },
	} {
		f, hunks := adopted()
		if err := edit(f); err != nil {
			t.Fatal(err)
		}
		text := string(f.Bytes())
		if err := f.Revert(hunks); !errors.Is(err, fob.ErrConflict) || string(f.Bytes()) != text || fob.HintOf(err) == "" {
			t.Errorf("%s: %v\n%s", name, err, f.Bytes())
		}
	}
	// Removed whole, and there again.
	f := awsfile.Parse(awsfile.Config, []byte(before))
	if err := f.RemoveSection("profile", "a"); err != nil {
		t.Fatal(err)
	}
	hunks := awsfile.Diff([]byte(before), f.Bytes())
	if err := f.Set("profile", "a", "k", "v"); err != nil {
		t.Fatal(err)
	}
	if err := f.Revert(hunks); !errors.Is(err, fob.ErrConflict) {
		t.Errorf("%v\n%s", err, f.Bytes())
	}
	if printed := fmt.Sprintf("%v %+v %#v %s", hunks, hunks, hunks, hunks); strings.Contains(printed, "role_arn") {
		t.Errorf("a record prints: %s", printed)
	}
}

// aws configure set adds keys to a section that fob has made, or has edited:
// they stay.
func TestRevertKeepsWhatOthersAdd(t *testing.T) {
	t.Parallel()
	const process = "credential_process = /bin/fob credentials a\n"
	for _, c := range []struct{ before, adopted, edited, want string }{
		{"", "[profile a]\n" + process, "[profile a]\n" + process + "region = x\n", "[profile a]\nregion = x\n"},
		{"[profile a]\nrole_arn = r\n", "[profile a]\n" + process, "[profile a]\n" + process + "region = x\n\n[profile b]\n", "[profile a]\nrole_arn = r\nregion = x\n\n[profile b]\n"},
		{"[profile a]\nrole_arn = r\nregion = x\n", "[profile a]\n" + process + "region = x\n", "# new\n[profile a]\noutput = json\n" + process + "region = y\n", "# new\n[profile a]\noutput = json\nrole_arn = r\nregion = y\n"},
		{"[profile a]\nrole_arn = r\nregion = x\n", "[profile a]\nregion = x\n" + process, "[profile a]\nregion = x\n", "[profile a]\nrole_arn = r\nregion = x\n"},
	} {
		f := awsfile.Parse(awsfile.Config, []byte(c.edited))
		if err := f.Revert(awsfile.Diff([]byte(c.before), []byte(c.adopted))); err != nil {
			t.Fatal(err)
		}
		if got := string(f.Bytes()); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func manyProfiles(n int) []byte {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "[profile p%d]\nrole_arn = arn:aws:iam::111122223333:role/Deploy%d\nsource_profile = base\nregion = eu-west-1\ns3 =\n  addressing_style = path\n\n", i, i)
	}
	return []byte(out.String())
}

func BenchmarkParse(b *testing.B) {
	data := manyProfiles(10_000)
	for b.Loop() {
		awsfile.Parse(awsfile.Config, data)
	}
}

func BenchmarkSections(b *testing.B) {
	data := manyProfiles(10_000)
	for b.Loop() {
		awsfile.Parse(awsfile.Config, data).Sections()
	}
}

func BenchmarkSet(b *testing.B) {
	f := awsfile.Parse(awsfile.Config, manyProfiles(10_000))
	i := 0
	for b.Loop() {
		if err := f.Set("profile", "p"+strconv.Itoa(i%10_000), "region", "r"+strconv.Itoa(i)); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkDiffRevert(b *testing.B) {
	before := manyProfiles(10_000)
	f := awsfile.Parse(awsfile.Config, before)
	if err := f.RemoveSection("profile", "p5000"); err != nil {
		b.Fatal(err)
	}
	after := f.Bytes()
	for b.Loop() {
		if err := awsfile.Parse(awsfile.Config, after).Revert(awsfile.Diff(before, after)); err != nil {
			b.Fatal(err)
		}
	}
}
