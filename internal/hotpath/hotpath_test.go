package hotpath

import (
	"strings"
	"testing"
)

func TestCredentialsLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args      string
		name      string
		noSession bool
		ok        bool
	}{
		{"credentials prod", "prod", false, true},
		{"credentials prod --no-session", "prod", true, true},
		{"credentials --no-session prod", "", false, false},
		{"credentials --help", "", false, false},
		{"credentials", "", false, false},
		{"credentials a b", "", false, false},
		{"list prod", "", false, false},
	} {
		name, noSession, ok := credentialsLine(strings.Fields(tt.args))
		if name != tt.name || noSession != tt.noSession || ok != tt.ok {
			t.Errorf("%s: %q %v %v", tt.args, name, noSession, ok)
		}
	}
}
