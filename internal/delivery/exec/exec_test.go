package exec_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"fob/internal/delivery"
	"fob/internal/delivery/exec"
	"fob/internal/delivery/waytest"
	"fob/internal/fob"
)

func session() fob.Credentials {
	return fob.Credentials{AccessKeyID: "ASIAXXXXXXXXXXXXXXXX", SecretAccessKey: fob.NewSecret("FOBSECRETMARKERkey"),
		SessionToken: fob.NewSecret("FOBSECRETMARKERtoken"), Expiration: time.Now().Add(time.Hour), AccountID: "111122223333"}
}

func own() fob.Credentials {
	return fob.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: fob.NewSecret("FOBSECRETMARKERown")}
}

// desk is a user's AWS files and a grant of the profile prod. retrieved counts the retrievals.
type desk struct {
	t         *testing.T
	g         delivery.Grant
	agent     *waytest.Agent
	retrieved int
}

func newDesk(t *testing.T, c fob.Credentials, err error) *desk {
	t.Helper()
	d := &desk{t: t, agent: waytest.In(t.TempDir())}
	d.g = delivery.Grant{
		Profile: fob.Profile{Name: "prod", Keys: map[string]string{"region": "eu-west-1", "role_arn": "arn:aws:iam::444455556666:role/R", "output": "json"}},
		Credentials: func(context.Context) (fob.Credentials, error) {
			d.retrieved++
			return c, err
		},
		Agent: d.agent, Now: time.Now(),
	}
	d.agent.Sort = func(fob.Narrow) (fob.Lineage, error) { return fob.LineageRole, err }
	return d
}

func (d *desk) write(path, text string) {
	d.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) hand(mode string) fob.Delivery {
	d.t.Helper()
	d.g.Options = map[string]string{"mode": mode}
	got, err := exec.Way().Hand(d.t.Context(), d.g)
	if err != nil {
		d.t.Fatalf("mode %q: %v", mode, err)
	}
	return got
}

// file returns the content of the private file that a variable names, and checks its mode and that
// it contains no secret.
func (d *desk) file(got fob.Delivery, variable string) string {
	d.t.Helper()
	path := got.Set[variable]
	if filepath.Dir(path) != d.agent.Folders.Exec() {
		d.t.Fatalf("%s is %q", variable, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		d.t.Fatal(err)
	}
	if strings.Contains(string(text), "FOBSECRETMARKER") {
		d.t.Fatalf("a secret is in the file of %s", variable)
	}
	for _, private := range []string{path, filepath.Dir(path)} {
		if info, err := os.Stat(private); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			d.t.Errorf("%s: %v, %v", private, info.Mode(), err)
		}
	}
	return string(text)
}

// The program gets a profile whose credential_process is fob, in a copy of the user's file that
// keeps everything except what authenticates.
func TestThroughACopy(t *testing.T) {
	t.Parallel()
	d := newDesk(t, session(), nil)
	d.write(d.agent.AWSFiles.Config, "[profile prod]\nrole_arn = arn:aws:iam::444455556666:role/R\nsource_profile = dev\n\n"+
		"[profile dev]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = FOBSECRETMARKERdev\n\n# mine\n[profile other]\nretry_mode = adaptive\n")
	got := d.hand("profile")
	config := d.file(got, "AWS_CONFIG_FILE")
	for _, want := range []string{"[profile prod]\n", "credential_process = /opt/fob/fob credentials prod\n", "region = eu-west-1\n", "output = json\n", "# mine\n[profile other]\nretry_mode = adaptive\n"} {
		if !strings.Contains(config, want) {
			t.Errorf("%q is not in\n%s", want, config)
		}
	}
	if strings.Contains(config, "role_arn") || strings.Contains(config, "source_profile") {
		t.Errorf("the profile still authenticates by itself:\n%s", config)
	}
	for name, want := range map[string]string{"AWS_PROFILE": "prod", "AWS_DEFAULT_PROFILE": "prod", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "FOB_AWS_CONFIG_FILE": d.agent.AWSFiles.Config} {
		if got.Set[name] != want {
			t.Errorf("%s is %q, want %q", name, got.Set[name], want)
		}
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		if _, set := got.Set[name]; set || !slices.Contains(got.Unset, name) {
			t.Errorf("%s is left to the program", name)
		}
	}
	if got.Warning != "" || d.retrieved != 1 {
		t.Errorf("warning %q, credentials retrieved %d times", got.Warning, d.retrieved)
	}
	// Equal content is one file; other content is another file, so that the copy which a running
	// program uses does not change.
	first := got.Set["AWS_CONFIG_FILE"]
	if again := d.hand("").Set["AWS_CONFIG_FILE"]; again != first {
		t.Errorf("the same copy is %s and %s", first, again)
	}
	d.g.Profile.Keys["region"] = "eu-north-1"
	if other := d.hand("").Set["AWS_CONFIG_FILE"]; other == first || !strings.Contains(d.file(got, "AWS_CONFIG_FILE"), "eu-west-1") {
		t.Error("another copy has taken the first one's place")
	}
}

// A section that calls fob already needs no copy.
func TestThroughTheUsersOwnFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, session(), nil)
	d.write(d.agent.AWSFiles.Config, "[profile prod]\ncredential_process = /opt/fob/fob credentials prod\n")
	got := d.hand("")
	if _, set := got.Set["AWS_CONFIG_FILE"]; set || got.Set["AWS_PROFILE"] != "prod" {
		t.Errorf("set %v", got.Set)
	}
	if _, err := os.Stat(d.agent.Folders.Exec()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a private file was made: %v", err)
	}
	// Keys in the credentials file take precedence over credential_process, so another name is
	// used.
	d.write(d.agent.AWSFiles.Credentials, "[prod]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = FOBSECRETMARKERprod\n")
	got = d.hand("")
	if got.Set["AWS_PROFILE"] != "fob/prod" || !strings.Contains(d.file(got, "AWS_CONFIG_FILE"), "[profile fob/prod]\n") {
		t.Errorf("shadowed: %s", got.Set["AWS_PROFILE"])
	}
}

// Flags of the command line are repeated in credential_process, so that each refresh has them.
func TestFlagsAreRepeated(t *testing.T) {
	t.Parallel()
	d := newDesk(t, own(), nil)
	d.g.Narrow = fob.Narrow{Duration: 900, Policy: `{"Version":"2012-10-17"}`, PolicyARNs: []string{fob.ReadOnlyAccess, "arn:aws:iam::aws:policy/Other"}}
	got := d.hand("")
	config := d.file(got, "AWS_CONFIG_FILE")
	_, line, _ := strings.Cut(config, "credential_process = /opt/fob/fob credentials prod")
	line, _, _ = strings.Cut(line, "\n")
	flags := strings.Fields(line)
	for _, want := range []string{"--no-session", "--duration=900", "--read-only", "--policy=arn:aws:iam::aws:policy/Other"} {
		if !slices.Contains(flags, want) {
			t.Errorf("%s is not among %v", want, flags)
		}
	}
	policy, _ := strings.CutPrefix(flags[len(flags)-1], "--policy=")
	if text, err := os.ReadFile(policy); err != nil || string(text) != d.g.Narrow.Policy {
		t.Errorf("the policy's file has %q, %v", text, err)
	}
	if got.Warning == "" {
		t.Error("a user's own keys come without a warning")
	}
}

// For a shell nothing is retrieved, but a profile that could never be retrieved is refused.
func TestShell(t *testing.T) {
	t.Parallel()
	d := newDesk(t, session(), nil)
	got := d.hand("shell")
	if d.retrieved != 0 || got.Set["AWS_PROFILE"] != "prod" {
		t.Errorf("retrieved %d times, profile %q", d.retrieved, got.Set["AWS_PROFILE"])
	}
	d = newDesk(t, session(), fob.ErrNotFound)
	d.g.Options = map[string]string{"mode": "shell"}
	if _, err := exec.Way().Hand(t.Context(), d.g); !errors.Is(err, fob.ErrNotFound) {
		t.Errorf("a profile that nothing yields: %v", err)
	}
}

// For static variables the user is told when they expire, or that long-lived keys do not.
func TestVariables(t *testing.T) {
	t.Parallel()
	c := session()
	got := newDesk(t, c, nil).hand("env")
	if got.Set["AWS_ACCESS_KEY_ID"] != c.AccessKeyID || got.Set["AWS_SECRET_ACCESS_KEY"] != c.SecretAccessKey.Reveal() || got.Set["AWS_SESSION_TOKEN"] != c.SessionToken.Reveal() {
		t.Error("the variables are not what was granted")
	}
	if _, set := got.Set["AWS_PROFILE"]; set || !slices.Contains(got.Unset, "AWS_PROFILE") || !strings.Contains(got.Warning, c.Expiration.Local().Format("15:04")) {
		t.Errorf("profile left: %v, warning %q", set, got.Warning)
	}
	if got = newDesk(t, own(), nil).hand("env"); !strings.Contains(got.Warning, "long-lived") {
		t.Errorf("own keys: warning %q", got.Warning)
	}
	c.Expiration = time.Time{}
	if got = newDesk(t, c, nil).hand("env"); got.Warning != "" {
		t.Errorf("nobody knows when it ends: warning %q", got.Warning)
	}
}

// With an endpoint the child has the profile's settings and no other source of credentials: SDKs
// ask an endpoint last.
func TestEndpoint(t *testing.T) {
	t.Parallel()
	d := newDesk(t, session(), nil)
	d.write(d.agent.AWSFiles.Credentials, "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = FOBSECRETMARKERdefault\n")
	d.g.Profile.Keys["services"] = "here"
	d.g.Profile.Endpoints = map[string]string{"s3": "http://127.0.0.1:9000"}
	d.g.Profile.Nested = map[string]map[string]string{"s3": {"addressing_style": "path"}}
	got := d.hand("endpoint")
	config, none := d.file(got, "AWS_CONFIG_FILE"), d.file(got, "AWS_SHARED_CREDENTIALS_FILE")
	for _, want := range []string{"[default]\n", "[profile prod]\n", "region = eu-west-1\n", "services = here\n", "[services here]\n", "endpoint_url = http://127.0.0.1:9000\n", "addressing_style = path\n"} {
		if !strings.Contains(config, want) {
			t.Errorf("%q is not in\n%s", want, config)
		}
	}
	if strings.Contains(config, "role_arn") || strings.Contains(config, "credential_process") || strings.Contains(none, "=") {
		t.Errorf("the program authenticates by its files:\n%s\n%s", config, none)
	}
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		if !slices.Contains(got.Unset, name) {
			t.Errorf("%s stays", name)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err, want error
		change    func(d *desk)
	}{
		"no credentials":    {fob.ErrLocked, fob.ErrLocked, func(*desk) {}},
		"no such mode":      {nil, fob.ErrUsage, func(d *desk) { d.g.Options["mode"] = "bogus" }},
		"a name for shells": {nil, fob.ErrUsage, func(d *desk) { d.g.Profile.Name = "a;b" }},
		"no place for files": {nil, fob.ErrInternal, func(d *desk) {
			d.write(d.agent.Folders.StateDir, "a file where a folder should be")
		}},
	} {
		d := newDesk(t, session(), tt.err)
		d.g.Options = map[string]string{}
		tt.change(d)
		got, err := exec.Way().Hand(t.Context(), d.g)
		if !errors.Is(err, tt.want) || got.Set != nil {
			t.Errorf("%s: %v, %d variables", name, err, len(got.Set))
		}
	}
}
