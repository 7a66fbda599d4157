//go:build linux

package system

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"pgregory.net/rapid"

	"fob/test/skip"
)

// homeFiles are the two AWS files of a user.
type homeFiles struct {
	config, credentials string
	names               []string // that can be adopted
}

// expand inserts ids and secrets; not earlier, because generated values are logged.
func (h homeFiles) expand() homeFiles {
	return homeFiles{stage().expand(h.config), stage().expand(h.credentials), h.names}
}

func oneOf(items ...string) *rapid.Generator[string] { return rapid.SampledFrom(items) }

// genHome generates files as people write them: comments, blank lines, nested blocks, keys in
// either file, one key for several profiles. All SDKs read them the same, except for a byte order
// mark.
func genHome(mark bool) *rapid.Generator[homeFiles] {
	return rapid.Custom(func(t *rapid.T) homeFiles {
		var h homeFiles
		names := rapid.SliceOfNDistinct(oneOf("default", "bot", "jane", "corp/pay", "x@y.z", "reader", "p_1"), 2, 6, rapid.ID).Draw(t, "names")
		config, credentials := []string{}, []string{}
		for i, name := range names {
			c, k := genProfile(t, name, names[:i])
			config, credentials = append(config, c...), append(credentials, k...)
			h.names = append(h.names, name)
		}
		config = append(config, "[profile other]\nregion = sa-east-1\noutput = text\n")
		credentials = append(credentials, "[other]\nca_bundle = /unrelated\n")
		if rapid.Bool().Draw(t, "sso") {
			config = append(config, "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n")
		}
		h.config, h.credentials = genFile(t, config, mark), genFile(t, credentials, mark)
		return h
	})
}

// genProfile generates the sections of one profile in the two files.
func genProfile(t *rapid.T, name string, before []string) (config, credentials []string) {
	header := "profile " + name
	if name == "default" {
		header = name
	}
	var auth []string
	if kind := rapid.IntRange(0, 3).Draw(t, "kind"); kind == 0 && len(before) > 0 {
		auth = []string{"role_arn = @ReadOnly@", "source_profile = " + rapid.SampledFrom(before).Draw(t, "source")}
		if rapid.Bool().Draw(t, "external") {
			auth = append(auth, "external_id = fob-ext")
		}
	} else {
		user := oneOf("bot", "eve", "jane").Draw(t, "user")
		auth = []string{"aws_access_key_id = @" + user + ".id@", "aws_secret_access_key = @" + user + ".secret@"}
		if user == "jane" && rapid.Bool().Draw(t, "mfa") {
			auth = append(auth, "mfa_serial = @jane.mfa@")
		}
	}
	extra := rapid.SliceOfNDistinct(oneOf("region = eu-west-1", "output = json", "ca_bundle = /x", "s3 =\n  addressing_style = path\n  max_queue_size = 5",
		"endpoint_url = @URL@", "cli_pager = less"), 0, 4, rapid.ID).Draw(t, "extra")
	inConfig, inCredentials := extra, auth
	switch rapid.IntRange(0, 3).Draw(t, "where") {
	case 0: // all in the config file
		inConfig, inCredentials = append(slices.Clone(extra), auth...), nil
	case 1: // one each
		inConfig, inCredentials = append(slices.Clone(extra), auth[2:]...), auth[:2]
	case 2: // all in the credentials file
		inConfig, inCredentials = nil, append(slices.Clone(auth), extra...)
	}
	body := func(header string, lines []string) []string {
		if len(lines) == 0 {
			return nil
		}
		text := "[" + header + "]\n"
		for _, line := range rapid.Permutation(lines).Draw(t, "lines") {
			text += oneOf("", "", "", "# a note\n", "\n").Draw(t, "above")
			if rapid.IntRange(0, 3).Draw(t, "tight") == 0 {
				line = strings.Replace(line, " = ", "=", 1)
			}
			text += line + "\n"
		}
		return []string{text}
	}
	return body(header, inConfig), body(name, inCredentials)
}

func genFile(t *rapid.T, sections []string, mark bool) string {
	text := oneOf("", "# mine\n", "\n", "; mine\n\n").Draw(t, "top")
	for i, s := range rapid.Permutation(sections).Draw(t, "order") {
		if i > 0 {
			text += oneOf("\n", "\n", "\n\n", "", fmt.Sprintf("\n# about %d\n", i), fmt.Sprintf("# of %d\n\n", i)).Draw(t, "gap")
		}
		text += s
	}
	text += oneOf("", "", "\n", "# end\n").Draw(t, "end")
	if rapid.IntRange(0, 3).Draw(t, "crlf") == 0 {
		text = crlf(text)
	}
	if rapid.IntRange(0, 3).Draw(t, "eof") == 0 {
		text = strings.TrimRight(text, "\r\n")
	}
	if mark && rapid.IntRange(0, 5).Draw(t, "mark") == 0 {
		text = "\ufeff" + text
	}
	return text
}

// unrelated is an edit of sections that fob does not change; it may be made before or after
// adoption.
type unrelated struct{ name, old, new string }

func genUnrelated() *rapid.Generator[unrelated] {
	return rapid.SampledFrom([]unrelated{
		{"none", "", ""},
		{"value", "sa-east-1", "ap-southeast-2"},
		{"header", "/unrelated", "/unrelated\ncli_timestamp_format = iso8601"},
		{"comment", "sa-east-1", "sa-east-1\n# mine too"},
	})
}

func (u unrelated) in(text string) string {
	if u.name == "none" {
		return text
	}
	new := u.new
	if strings.Contains(text, "\r\n") {
		new = crlf(new)
	}
	return strings.ReplaceAll(text, u.old, new)
}

// effective is the output of fob show for a profile, without the keys that authenticate.
func (w *world) effective(t *rapid.T, name string) map[string]any {
	all := w.show(t, name)
	for _, key := range []string{"aws_secret_access_key", "credential_process"} {
		delete(all, key)
	}
	return all
}

func (w *world) show(t *rapid.T, name string) map[string]any {
	r := w.run("show", name, "--json")
	var all map[string]any
	if err := json.Unmarshal([]byte(r.out), &all); r.code != 0 || err != nil {
		t.Fatalf("show %s: %v", name, r)
	}
	return all
}

// freshWorld reuses one home for all checks until one check has damaged it.
type freshWorld struct {
	t *testing.T
	w *world
}

func (f *freshWorld) world(t *rapid.T) *world {
	if f.w == nil {
		f.w = newWorld(f.t)
		f.w.ok("vault", "init", "--unlock", "file")
	}
	return f.w
}

func TestAdoptAndReleaseAnything(t *testing.T) {
	t.Parallel()
	fresh, refused := &freshWorld{t: t}, 0
	rapid.Check(t, func(t *rapid.T) {
		h := genHome(true).Draw(t, "home").expand()
		w := fresh.world(t)
		fresh.w = nil // until all went well
		w.write(w.config(), h.config)
		w.write(w.credentials(), h.credentials)
		before := map[string]map[string]any{}
		for _, name := range h.names {
			before[name] = w.effective(t, name)
		}
		adopted := rapid.Permutation(h.names).Draw(t, "adopted")
		adopted = adopted[:rapid.IntRange(1, len(adopted)).Draw(t, "n")]
		if rapid.Bool().Draw(t, "together") {
			w.must(t, append([]string{"adopt", "--yes"}, adopted...)...)
		} else {
			for _, name := range adopted {
				w.must(t, "adopt", name, "--yes")
			}
		}
		for _, name := range h.names {
			if after := w.effective(t, name); !equal(before[name], after) {
				t.Fatalf("%s was\n%v, and is\n%v", name, before[name], after)
			}
		}
		edit := genUnrelated().Draw(t, "edit")
		w.write(w.config(), edit.in(w.read(w.config())))
		w.write(w.credentials(), edit.in(w.read(w.credentials())))
		released := rapid.Permutation(adopted).Draw(t, "released")
		if rapid.Bool().Draw(t, "released together") {
			released = []string{strings.Join(released, " ")}
		}
		for _, some := range released {
			before := w.show(t, strings.Fields(some)[0])
			r := w.run(append([]string{"release", "--yes"}, strings.Fields(some)...)...)
			if r.code == 8 && edit.name != "none" {
				// If the edit is so near that it cannot be separated, the release is refused and
				// changes nothing. This home is not used again.
				if after := w.show(t, strings.Fields(some)[0]); !equal(before, after) {
					t.Fatalf("%s was\n%v, and is\n%v", some, before, after)
				}
				refused++
				return
			}
			if r.code != 0 {
				t.Fatalf("release %s: %v", some, r)
			}
		}
		for path, want := range map[string]string{w.config(): edit.in(h.config), w.credentials(): edit.in(h.credentials)} {
			if got := w.read(path); got != want {
				t.Fatalf("%s is not as it was:\n%q\n%q", filepath.Base(path), mask(got), mask(want))
			}
		}
		fresh.w = w
	})
	if fresh.w != nil {
		fresh.w.nothingLeft()
	}
	t.Logf("%d releases were refused because of an edit", refused)
}

func (w *world) must(t *rapid.T, args ...string) {
	if r := w.run(args...); r.code != 0 {
		t.Fatalf("fob %v: %v", args, r)
	}
}

// mask hides secrets in messages of failures.
func mask(text string) string {
	for _, u := range stage().scene.Users {
		text = strings.ReplaceAll(text, u.Credentials.SecretAccessKey.Reveal(), "SECRET-OF-"+u.Name)
	}
	return text
}

func equal(a, b map[string]any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// A section that is there twice is read by SDKs in different ways: it is refused and left
// alone, and the other profiles of the file come and go beside it.
func TestSectionsTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := stage().expand("[bot]\naws_access_key_id = @bot.id@\n\n[eve]\naws_access_key_id = @eve.id@\naws_secret_access_key = @eve.secret@\n\n[bot]\naws_secret_access_key = @bot.secret@\n")
	refused := func() {
		t.Helper()
		if r := w.run("credentials", "bot"); r.code != 2 || !strings.Contains(r.err, "the section of line 1 again") {
			t.Fatal(r)
		}
	}
	w.write(w.credentials(), text)
	w.ok("vault", "init", "--unlock", "file")
	refused()
	w.ok("adopt", "eve", "--yes")
	w.keys("eve", "eve")
	refused()
	w.ok("release", "eve", "--yes")
	w.files("", text)
	w.nothingLeft()
}

// sdkProgram reads the two files as botocore does, repeatedly.
const sdkProgram = `
import json, sys
import botocore.session
for line in sys.stdin:
    s = botocore.session.Session()
    s.set_config_variable('config_file', sys.argv[1])
    s.set_config_variable('credentials_file', sys.argv[2])
    print(json.dumps(s.full_config['profiles']), flush=True)
`

// Before adoption, fob show prints what botocore and the Go SDK read.
func TestShowsWhatSDKsRead(t *testing.T) {
	t.Parallel()
	skip.Need(t, "python3")
	if out, err := exec.Command("python3", "-c", "import botocore.session").CombinedOutput(); err != nil {
		skip.Missing(t, "botocore cannot be imported: %s", out)
	}
	w := newWorld(t)
	python := exec.Command("python3", "-c", sdkProgram, w.config(), w.credentials())
	python.Env = append(os.Environ(), "AWS_PROFILE=")
	in, err := python.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := python.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	python.Stderr = os.Stderr
	if err := python.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = python.Wait() })
	answers := bufio.NewScanner(out)
	answers.Buffer(nil, 1<<20)
	rapid.Check(t, func(t *rapid.T) {
		h := genHome(false).Draw(t, "home").expand()
		w.write(w.config(), h.config)
		w.write(w.credentials(), h.credentials)
		_, _ = fmt.Fprintln(in)
		var theirs map[string]map[string]any
		if !answers.Scan() || json.Unmarshal(answers.Bytes(), &theirs) != nil {
			t.Fatal("botocore says nothing")
		}
		for _, name := range append(slices.Clone(h.names), "other") {
			ours := w.show(t, name)
			boto := maps.Clone(theirs[name])
			if boto["aws_secret_access_key"] != nil {
				boto["aws_secret_access_key"] = "[secret]"
			}
			if !equal(ours, boto) {
				t.Fatalf("%s: fob %v, botocore %v", name, ours, boto)
			}
			compareGo(t, w, name, ours)
		}
	})
}

func compareGo(t *rapid.T, w *world, name string, ours map[string]any) {
	g, err := config.LoadSharedConfigProfile(context.Background(), name, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{w.config()}, []string{w.credentials()}
	})
	// Go resolves the source profile at once, and refuses a chain with a missing profile.
	var gap config.SharedConfigAssumeRoleError
	if errors.As(err, &gap) {
		return
	}
	if err != nil {
		t.Fatalf("%s: the Go SDK: %v", name, err)
	}
	for key, theirs := range map[string]string{
		"region": g.Region, "role_arn": g.RoleARN, "source_profile": g.SourceProfileName, "mfa_serial": g.MFASerial,
		"external_id": g.ExternalID, "ca_bundle": g.CustomCABundle, "endpoint_url": g.BaseEndpoint,
		"aws_access_key_id": g.Credentials.AccessKeyID, "credential_process": g.CredentialProcess,
	} {
		have, _ := ours[key].(string)
		if have != theirs {
			t.Fatalf("%s of %s: fob %q, the Go SDK %q", key, name, have, theirs)
		}
	}
	if d := g.RoleDurationSeconds; d != nil && ours["duration_seconds"] != strconv.Itoa(int(d.Seconds())) {
		t.Fatalf("duration of %s: fob %v, the Go SDK %v", name, ours["duration_seconds"], d)
	}
}
