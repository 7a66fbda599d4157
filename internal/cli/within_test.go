package cli

import "testing"

// A sign-in named fob has roles fob/…, which are not what fob exec makes of a name.
func TestActing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		environ []string
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
		if got, _ := (&app{environ: c.environ}).acting(); got != c.want {
			t.Errorf("%q: %q", c.environ, got)
		}
	}
}

// A fob use is inside a fob exec if that was there before the first one of the shell.
func TestInside(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		environ []string
		want    bool
	}{
		{nil, false},
		{[]string{`FOB_WITHIN={"profile":"x"}`}, true},
		{[]string{`FOB_WITHIN={"profile":"x"}`, "__FOB_VARS=AWS_PROFILE"}, false},
		{[]string{`FOB_WITHIN={"profile":"x","inside":true}`, "__FOB_VARS=AWS_PROFILE"}, true},
		{[]string{"__FOB_VARS=AWS_PROFILE", "FOB_WITHIN={"}, false},
	} {
		if got := (&app{environ: c.environ}).inside(); got != c.want {
			t.Errorf("%q: %v", c.environ, got)
		}
	}
}
