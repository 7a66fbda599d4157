//go:build unix

package clients

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"

	"fob/internal/chain"
	"fob/internal/directory"
	"fob/internal/fob"
	kinds "fob/internal/principal/all"
	"fob/internal/profile"
	"fob/test/skip"
)

// traced is what a program makes of a chain: the access key at its root, then the roles in
// the order in which they are assumed; or nothing, where it refuses the chain.
type traced struct {
	Steps   []string
	Refused string
}

// chainText is a config file with a few profiles, each with a role, keys, both or neither.
// The first, which is asked for, has a role.
func chainText(r *rand.Rand) string {
	n := 2 + r.IntN(5)
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "[profile p%d]\nregion = us-east-1\n", i)
		if i == 0 || r.IntN(3) > 0 {
			fmt.Fprintf(&b, "role_arn = arn:aws:iam::111122223333:role/R%d\nsource_profile = p%d\n", i, r.IntN(n))
		}
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, "aws_access_key_id = AKIAIOSFODNN7EXAMPL%d\naws_secret_access_key = secret%d\n", i, i)
		}
	}
	return b.String()
}

// batch has a program trace the files, all in one run.
func batch(t *testing.T, files []string, argv ...string) []traced {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n") + "\n")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "AWS_EC2_METADATA_DISABLED=true")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", argv, err, &errs)
	}
	all := make([]traced, 0, len(files))
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var one traced
		if err := dec.Decode(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if len(all) != len(files) {
		t.Fatalf("%v: %d answers for %d files", argv, len(all), len(files))
	}
	return all
}

func traceGo(t *testing.T, path string) traced {
	c, err := config.LoadSharedConfigProfile(t.Context(), "p0", func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{path}, []string{}
	})
	if err != nil {
		return traced{Refused: err.Error()}
	}
	at, roles := &c, []string(nil)
	for ; at.Source != nil; at = at.Source {
		roles = append([]string{at.RoleARN}, roles...)
	}
	if at.Credentials.AccessKeyID == "" {
		return traced{Refused: "no keys at the root"}
	}
	return traced{Steps: append([]string{at.Credentials.AccessKeyID}, roles...)}
}

func traceFob(t *testing.T, path string) traced {
	home, err := fob.HomeFrom(func(string) string { return filepath.Dir(path) + "/fob" })
	if err != nil {
		t.Fatal(err)
	}
	files := profile.New(home, kinds.Kinds(), directory.NewStore(home))
	view, err := files.At(fob.Paths{Config: path, Credentials: path + ".none"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := chain.Definitions{Kinds: kinds.Kinds(), Lookup: view.Lookup}.Resolve("p0")
	if err != nil {
		return traced{Refused: err.Error()}
	}
	steps := []string{c.Root().Profile.Get("aws_access_key_id")}
	for i := len(c) - 2; i >= 0; i-- {
		steps = append(steps, c[i].Profile.Get("role_arn"))
	}
	return traced{Steps: steps}
}

// TestChains: where the SDKs agree about whose credentials a chain of profiles yields, fob
// is of the same opinion: they come from the same key, through the same roles.
func TestChains(t *testing.T) {
	t.Parallel()
	python, err := findPython()
	if err != nil {
		skip.Missing(t, "%v", err)
	}
	node, err := findNode()
	if err != nil {
		skip.Missing(t, "%v", err)
	}
	const cases = 400
	r := rand.New(rand.NewPCG(224, 13)) // the same files each time
	dir := t.TempDir()
	files, texts := make([]string, cases), make([]string, cases)
	for i := range files {
		files[i], texts[i] = filepath.Join(dir, fmt.Sprint(i), "config"), chainText(r)
		if err := os.Mkdir(filepath.Dir(files[i]), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(files[i], []byte(texts[i]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	py := batch(t, files, python[0], "chains.py")
	js := batch(t, files, node[0], filepath.Join("js", "chains.mjs"))
	agreed, refused, beside := 0, 0, 0
	for i, path := range files {
		goes := traceGo(t, path)
		if !reflect.DeepEqual(py[i].Steps, js[i].Steps) || !reflect.DeepEqual(py[i].Steps, goes.Steps) {
			continue // they differ among themselves
		}
		agreed++
		got := traceFob(t, path)
		if !reflect.DeepEqual(got.Steps, goes.Steps) {
			t.Errorf("the SDKs make %q of it (%s), fob makes %q (%s)\n%s", goes.Steps, goes.Refused, got.Steps, got.Refused, texts[i])
		}
		if goes.Steps == nil {
			refused++
		} else if root := "[profile p" + goes.Steps[0][len(goes.Steps[0])-1:]; strings.Contains(section(texts[i], root), "role_arn") {
			beside++ // the root has a role beside its keys
		}
	}
	t.Logf("of %d chains the SDKs agree about %d; they refuse %d, and %d end at keys beside a role", cases, agreed, refused, beside)
	if agreed < cases/2 || beside < 10 || agreed-refused < 50 {
		t.Error("too few chains tell anything")
	}
}

// section returns the text from a header to the next.
func section(text, header string) string {
	_, rest, _ := strings.Cut(text, header)
	body, _, _ := strings.Cut(rest, "\n[")
	return body
}
