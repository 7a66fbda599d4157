package awsfile_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"pgregory.net/rapid"

	"fob/internal/awsfile"
	"fob/test/skip"
)

// The AWS SDK for Go is read as the reference: for any text, its own loader and
// this package must find the same profiles and values.
func TestReadsAsTheGoSDK(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		kind := genKind(t)
		// What is left out is where this package differs on purpose.
		text := strings.ReplaceAll(strings.ReplaceAll(genWild.Draw(t, "text"), "\ufeff", ""), `[profile "`, `[profile `)
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f := awsfile.Parse(kind, []byte(text))
		for _, name := range []string{"a", "b", "default", "corp/pay/Read", "a b", "DEFAULT"} {
			theirs, err := loadGo(kind, path, name)
			var missing config.SharedConfigProfileNotExistError
			if err != nil && !errors.As(err, &missing) {
				skip.Because(t, skip.Discarded) // it refuses values: a region in quotes, say
			}
			ours, ok := f.Section("profile", name)
			if kind == awsfile.Config && name == "DEFAULT" {
				continue // nobody but Go takes it for a profile
			}
			if ok == (err != nil) {
				t.Fatalf("%q: found %v, by Go: %v\n%q", name, ok, err, text)
			}
			for key, want := range map[string]string{
				"region": theirs.Region, "external_id": theirs.ExternalID,
				"ca_bundle": theirs.CustomCABundle, "role_arn": theirs.RoleARN,
			} {
				// Of a CRLF file, Go leaves CRs in a value of several lines.
				if got := ours.Keys[key]; noCR(got) != noCR(want) {
					t.Fatalf("%s of %q: %q, by Go %q\n%q", key, name, got, want, text)
				}
			}
		}
	})
}

func noCR(text string) string { return strings.ReplaceAll(text, "\r", "") }

func loadGo(kind awsfile.Kind, path, name string) (config.SharedConfig, error) {
	return config.LoadSharedConfigProfile(context.Background(), name, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{path}, []string{}
		if kind == awsfile.Credentials {
			o.ConfigFiles, o.CredentialsFiles = []string{}, []string{path}
		}
	})
}

// botocore reads files line by line from its standard input, paths there,
// readings back.
const botocoreProgram = `
import base64, json, sys, tempfile
from botocore import configloader, exceptions
for line in sys.stdin:
    job = json.loads(line)
    with open(sys.argv[1], 'wb') as f:
        f.write(base64.b64decode(job['text']))
    try:
        if job['config']:
            out = {'profiles': configloader.load_config(sys.argv[1])['profiles']}
        else:
            out = {'profiles': configloader.raw_config_parse(sys.argv[1])}
    except exceptions.ConfigParseError:
        out = {'refused': True}
    print(json.dumps(out), flush=True)
`

type botocore struct {
	in  *json.Encoder
	out *bufio.Scanner
}

type reading struct {
	Refused  bool
	Profiles map[string]map[string]any
}

func startBotocore(t *testing.T) botocore {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "import botocore.configloader").CombinedOutput(); err != nil {
		skip.Missing(t, "botocore: %v\n%s", err, out)
	}
	cmd := exec.Command("python3", "-c", botocoreProgram, filepath.Join(t.TempDir(), "file"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	b := botocore{json.NewEncoder(in), bufio.NewScanner(out)}
	b.out.Buffer(nil, 1<<20)
	return b
}

func (b botocore) read(t *rapid.T, kind awsfile.Kind, text string) reading {
	err := b.in.Encode(map[string]any{"config": kind == awsfile.Config, "text": base64.StdEncoding.EncodeToString([]byte(text))})
	if err != nil || !b.out.Scan() {
		t.Fatal(err, b.out.Err())
	}
	var r reading
	if err := json.Unmarshal(b.out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// A file without warnings is read by botocore as it is here, and a file that
// botocore refuses has one.
func TestWarnsWhereBotocoreDiffers(t *testing.T) {
	t.Parallel()
	b := startBotocore(t)
	rapid.Check(t, func(t *rapid.T) {
		kind := genKind(t)
		text := rapid.OneOf(genWild, genTidy(kind == awsfile.Credentials)).Draw(t, "text")
		f := awsfile.Parse(kind, []byte(text))
		if len(f.Warnings()) > 0 {
			return
		}
		compareBotocore(t, b, kind, f, text)
	})
}

// What is written to a file that all read alike is read alike.
func TestBotocoreReadsWhatIsSet(t *testing.T) {
	t.Parallel()
	b := startBotocore(t)
	rapid.Check(t, func(t *rapid.T) {
		kind := genKind(t)
		f := awsfile.Parse(kind, []byte(genTidy(kind == awsfile.Credentials).Draw(t, "text")))
		value := rapid.OneOf(genValue, rapid.String(), rapid.StringMatching(`[ -~]{1,12}`)).Draw(t, "value")
		name := rapid.OneOf(genName, rapid.String()).Draw(t, "name")
		key := genKey.Draw(t, "key")
		var err error
		if rapid.Bool().Draw(t, "nested") {
			err = f.SetNested("profile", name, key, genSub.Draw(t, "sub"), value)
		} else {
			err = f.Set("profile", name, key, value)
		}
		if err != nil {
			skip.Because(t, skip.Discarded)
		}
		if w := f.Warnings(); len(w) > 0 {
			t.Fatalf("%v in %q", w, f.Bytes())
		}
		compareBotocore(t, b, kind, f, string(f.Bytes()))
	})
}

func compareBotocore(t *rapid.T, b botocore, kind awsfile.Kind, f *awsfile.File, text string) {
	r := b.read(t, kind, text)
	if r.Refused {
		t.Fatalf("botocore refuses %q", text)
	}
	ours := map[string]map[string]any{}
	for _, s := range f.Sections() {
		if s.Type != "profile" {
			continue
		}
		keys := map[string]any{}
		for k, v := range s.Keys {
			keys[k] = v
		}
		for k, block := range s.Nested {
			nested := map[string]any{}
			for sub, v := range block {
				nested[sub] = v
			}
			keys[k] = nested
		}
		ours[s.Name] = keys
	}
	want, _ := json.Marshal(r.Profiles)
	got, _ := json.Marshal(ours)
	if string(want) != string(got) {
		t.Fatalf("%s\nby botocore %s\n%q", got, want, text)
	}
}
