package processline

import (
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ exe, name, want string }{
		{"/usr/bin/fob", "prod", "/usr/bin/fob credentials prod"},
		{"/opt/a b/fob", "corp/x/Admin", `"/opt/a b/fob" credentials corp/x/Admin`},
		{"/usr/bin/fob", "a b", ""},
		{"/usr/bin/fob", "; touch x", ""},
		{"/usr/bin/fob", "$(x)", ""},
		{"/usr/bin/fob", "-rf", ""},
		{"/usr/bin/fob", "", ""},
		{"/usr/bin/fo'b", "x", ""},
		{"/usr/bin/$HOME", "x", ""},
	} {
		got, err := Write(tt.exe, tt.name)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s %s: %q, %v", tt.exe, tt.name, got, err)
		}
		if strings.HasPrefix(got, `"`) && strings.HasSuffix(got, `"`) {
			t.Errorf("%q has quotes at both ends, which Go's SDK strips", got)
		}
	}
}
