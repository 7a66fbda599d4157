package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fob/internal/api"
	"fob/internal/fob"
)

// Names that no profile has but that callers may send: empty ones, control characters, line
// separators, characters that change the direction of text, long ones.
func hostileNames() []string {
	return []string{"", " ", "/", "//", "a/b/c/d/e", "\x00", "a\nb", "\x1b[2J", "\u2028", "a\u202eb", "\u2066x", "-", "--", "[x]", "sso-session ", "sso-session /", strings.Repeat("x", 3000)}
}

// No method fails with an internal error, whatever the names in its parameters are.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range hostileNames() {
		a, ctx := newAgent(t)
		var input bytes.Buffer
		asked := map[int64]string{}
		for _, method := range slices.Sorted(maps.Keys(a.methods)) {
			if method == string(api.Stop) || method == string(api.BePrompter) {
				continue // they take no name, and the second does not return
			}
			params, err := json.Marshal(map[string]any{
				"name": name, "names": []string{name}, "session": name, "kind": "role", "way": "process", "prefix": name, "filter": name, "path": name,
				"keys": map[string]string{"role_arn": name, "source_profile": name}, "profiles": []string{name}, "paths": []string{name},
			})
			id := int64(len(asked) + 1)
			asked[id] = method
			none := filepath.Join(t.TempDir(), "none")
			caller := &api.Caller{Protocol: api.Protocol, Paths: fob.Paths{Config: none, Credentials: none}}
			if err := errors.Join(err, api.WriteMessage(&input, &api.Message{ID: &id, Method: method, Params: params, Caller: caller})); err != nil {
				t.Fatal(err)
			}
		}
		answered := 0
		for _, m := range play(ctx, a, input.Bytes()) {
			if m.Method != "" || m.ID == nil {
				continue // a question
			}
			answered++
			if m.Error != nil && strings.Contains(m.Error.Message, "a fault of fob's") {
				t.Errorf("%s of %q: %s", asked[*m.ID], name, m.Error.Message)
			}
		}
		if answered < len(asked)/2 { // the others asked somebody who is not there
			t.Errorf("%q: %d of %d were answered", name, answered, len(asked))
		}
	}
}
