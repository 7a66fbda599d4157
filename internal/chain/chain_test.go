package chain_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fob/internal/chain"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/principal/all"
)

const arn = "arn:aws:iam::111122223333:role/R"

// files are definitions by the name under which they are looked up, each given as
// "key=value key=value".
type files map[string]string

func (f files) Lookup(ref string) (fob.Profile, error) {
	text, ok := f[ref]
	if !ok {
		return fob.Profile{}, fob.Errorf(fob.ErrNotFound, "no profile %q", ref).WithHint("fob list")
	}
	p := fob.Profile{Name: ref, Keys: map[string]string{}}
	for _, pair := range strings.Fields(text) {
		key, value, _ := strings.Cut(pair, "=")
		p.Keys[key] = value
	}
	return p, nil
}

func (f files) definitions() chain.Definitions {
	return chain.Definitions{Kinds: all.Kinds(), Lookup: f.Lookup}
}

func role(source string) string { return "role_arn=" + arn + " source_profile=" + source }

func keys(id string) string { return "aws_access_key_id=" + id }

func names(c chain.Chain) string {
	var out []string
	for _, step := range c {
		out = append(out, step.Profile.Name+":"+step.Kind.Name)
	}
	return strings.Join(out, " ")
}

func TestResolve(t *testing.T) {
	t.Parallel()
	f := files{
		"jane": keys("AKIA1"), "dev": role("jane"), "prod": role("dev"),
		"own": role("own") + " " + keys("AKIA2"), "over": role("own"), "both": role("prod") + " " + keys("AKIA3"), "on-both": role("both"),
		"ro":               "sso_session=corp sso_account_id=111122223333 sso_role_name=ReadOnly",
		"behind":           role("ro"),
		"sso-session corp": "sso_start_url=https://corp.awsapps.com/start sso_region=eu-west-1",
	}
	for name, want := range map[string]string{
		"jane":   "jane:user",
		"prod":   "prod:role dev:role jane:user",
		"own":    "own:role own:user",
		"behind": "behind:role ro:sso sso-session corp:sso-session",
		// SDKs end a chain at the first profile after the one asked for that has keys
		// of its own, whatever role it has beside them.
		"over":    "over:role own:user",
		"on-both": "on-both:role both:user",
		// The profile that was asked for is taken by its role.
		"both": "both:role prod:role dev:role jane:user",
	} {
		c, err := f.definitions().Resolve(name)
		if err != nil || names(c) != want {
			t.Errorf("%s: %q, want %q; %v", name, names(c), want, err)
		}
	}
}

func TestWhatCannotBe(t *testing.T) {
	t.Parallel()
	f := files{
		"a": role("b"), "b": role("c"), "c": role("a"), "self": role("self"), "gone": role("nobody"),
		"corp": "sso_start_url=https://corp.awsapps.com/start sso_region=eu-west-1", "of-corp": role("corp"),
		"odd": "region=eu-west-1", "of-odd": role("odd"), "long0": keys("AKIA1"),
	}
	for i := range 100 {
		f[fmt.Sprint("long", i+1)] = role(fmt.Sprint("long", i))
	}
	for _, tt := range []struct {
		name, message string
		impossible    bool
		kind          error
	}{
		{"a", "profiles start from each other in a loop: a → b → c → a", true, fob.ErrUsage},
		{"self", "profiles start from each other in a loop: self → self", true, fob.ErrUsage},
		{"of-corp", `profile "of-corp" starts from corp, which is a sign-in and not a role`, true, fob.ErrUsage},
		{"long100", `the chain from profile "long100" is longer than 64`, true, fob.ErrUsage},
		{"gone", `profile "gone" starts from "nobody": no profile "nobody"`, false, fob.ErrNotFound},
		{"nobody", `no profile "nobody"`, false, fob.ErrNotFound},
		{"of-odd", `profile "of-odd" starts from "odd": profile "odd" () has no keys that say how to authenticate`, false, fob.ErrUsage},
	} {
		_, err := f.definitions().Resolve(tt.name)
		if err == nil || err.Error() != tt.message || !errors.Is(err, tt.kind) || errors.Is(err, chain.ErrImpossible) != tt.impossible {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil && fob.HintOf(err) == "" && tt.name != "long100" {
			t.Errorf("%s: no hint", tt.name)
		}
	}
}

// A definition that is in no file yet is followed with itself in its place, so that
// a loop through its name is found before it is written.
func TestFollow(t *testing.T) {
	t.Parallel()
	f := files{"dev": role("new"), "jane": keys("AKIA1")}
	p := fob.Profile{Name: "new", Keys: map[string]string{"role_arn": arn, "source_profile": "dev"}}
	if _, err := f.definitions().Follow(p); !errors.Is(err, chain.ErrImpossible) {
		t.Error(err)
	}
	if c, err := f.definitions().Follow(p.With("source_profile", "jane")); err != nil || names(c) != "new:role jane:user" {
		t.Error(names(c), err)
	}
	c, err := f.definitions().Follow(p.With("source_profile", "later"))
	if !errors.Is(err, fob.ErrNotFound) || errors.Is(err, chain.ErrImpossible) || len(c) != 1 {
		t.Error(names(c), err)
	}
}

// Whatever definitions say of each other, a chain ends, or its error does, and no
// profile after the first that has keys goes on.
func TestEveryChainEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "profiles")
		f := files{}
		for i := range n {
			text := ""
			if rapid.Bool().Draw(t, "role") {
				text = role(fmt.Sprint("p", rapid.IntRange(0, n).Draw(t, "source")))
			}
			if rapid.Bool().Draw(t, "keys") {
				text += " " + keys("AKIA1")
			}
			f[fmt.Sprint("p", i)] = text
		}
		c, err := f.definitions().Resolve("p0")
		if err != nil {
			return
		}
		for i, step := range c {
			if yields := step.Kind.Yields(step.Profile); (yields == principal.StaticKeys) != (i == len(c)-1) {
				t.Fatalf("step %d of %d yields %v: %s", i, len(c), yields, names(c))
			}
			if i > 0 && i < len(c)-1 && step.Profile.Get("aws_access_key_id") != "" {
				t.Fatalf("%s goes on behind keys", names(c))
			}
		}
	})
}
