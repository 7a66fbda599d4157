package environ

import (
	"slices"
	"strings"
	"testing"

	"fob/internal/fob"
)

// A sign-in named fob has roles fob/…, which are not what fob exec makes of a name.
func TestActing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		environ Environ
		want    string
	}{
		{[]string{"AWS_PROFILE=bot"}, "bot"},
		{[]string{"AWS_PROFILE=fob/bot", `FOB_WITHIN={"profile":"bot"}`, "FOB_AWS_CONFIG_FILE=/own"}, "bot"},
		{[]string{"AWS_PROFILE=fob/bot", "FOB_AWS_CONFIG_FILE=/own"}, "bot"},
		{[]string{"AWS_PROFILE=fob/dev/Admin"}, "fob/dev/Admin"},
		{[]string{"AWS_PROFILE=fob/dev/Admin", `FOB_WITHIN={"profile":"fob/dev/Admin"}`, "FOB_AWS_CONFIG_FILE=/own"}, "fob/dev/Admin"},
		{[]string{"AWS_PROFILE=fob/fob/dev/Admin", `FOB_WITHIN={"profile":"fob/dev/Admin"}`, "FOB_AWS_CONFIG_FILE=/own"}, "fob/dev/Admin"},
		{[]string{"AWS_DEFAULT_PROFILE=fob/dev/Admin", `FOB_WITHIN={"profile":"bot"}`}, "fob/dev/Admin"},
		{[]string{`FOB_WITHIN={"profile":"fob/dev/Admin"}`}, "fob/dev/Admin"},
		{nil, ""},
	} {
		if got, _ := c.environ.Acting(); got != c.want {
			t.Errorf("%q: %q", c.environ, got)
		}
	}
}

// A fob use is inside a fob exec if that was there before the first one of the shell.
func TestInside(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		environ Environ
		want    bool
	}{
		{nil, false},
		{[]string{`FOB_WITHIN={"profile":"x"}`}, true},
		{[]string{`FOB_WITHIN={"profile":"x"}`, "__FOB_VARS=AWS_PROFILE"}, false},
		{[]string{`FOB_WITHIN={"profile":"x","inside":true}`, "__FOB_VARS=AWS_PROFILE"}, true},
		{[]string{"__FOB_VARS=AWS_PROFILE", "FOB_WITHIN={"}, false},
	} {
		if got := c.environ.Inside(); got != c.want {
			t.Errorf("%q: %v", c.environ, got)
		}
	}
}

// Only names of variables are taken from the list in the environment: they are
// printed for a shell to evaluate.
func TestVariables(t *testing.T) {
	t.Parallel()
	got := strings.Join(Variables("AWS_REGION -AWS_SECRET_ACCESS_KEY $(x) ; - a AWS_X=y `z` FOB_1"), " ")
	if got != "AWS_REGION -AWS_SECRET_ACCESS_KEY FOB_1" {
		t.Error(got)
	}
}

func TestTheChildsEnvironment(t *testing.T) {
	t.Parallel()
	got := Environ{"A=1", "AWS_PROFILE=old", "AWS_SESSION_TOKEN=stale", "AWS_SESSION_TOKEN_X=kept"}.Changed(
		fob.Delivery{Set: map[string]string{"AWS_PROFILE": "new", "B": "2"}, Unset: []string{"AWS_SESSION_TOKEN"}})
	if want := []string{"A=1", "AWS_SESSION_TOKEN_X=kept", "AWS_PROFILE=new", "B=2"}; !slices.Equal(got, want) {
		t.Error(got)
	}
}

func TestOwnFiles(t *testing.T) {
	t.Parallel()
	a := Environ{"A=b", "AWS_CONFIG_FILE=/private", "FOB_AWS_CONFIG_FILE=/own", "AWS_SHARED_CREDENTIALS_FILE=/mine"}
	got := a.Unnested()
	slices.Sort(got)
	if want := []string{"A=b", "AWS_CONFIG_FILE=/own", "AWS_SHARED_CREDENTIALS_FILE=/mine"}; !slices.Equal(got, want) {
		t.Error(got)
	}
}
