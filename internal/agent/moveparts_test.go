package agent

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"fob/internal/api"
	"fob/internal/fob"
)

// What a person has agreed to is asked once, in however many parts it is carried out;
// whatever is more than that is asked.
func TestPartsOfAMove(t *testing.T) {
	t.Parallel()
	var asked []string
	answer := error(nil)
	var all parts
	confirm := all.confirm(fob.UI{ConfirmFunc: func(_ context.Context, c fob.Confirmation) error {
		asked = append(asked, c.Detail)
		return answer
	}})
	const whole = "--- f\n+++ f\n@@ -1,3 +1,2 @@\n-a\n b\n+c\n-d\n"
	for _, step := range []struct {
		diff   string
		asks   bool
		answer error
	}{
		{whole, true, fob.ErrCancelled},
		{whole, true, nil},
		{"--- f\n+++ f\n@@ -9 +9 @@\n other\n-d\n", false, fob.ErrCancelled},
		{"-d\n-e\n", true, fob.ErrCancelled},
		{"-c\n", true, fob.ErrCancelled},
	} {
		asked, answer = nil, step.answer
		err := confirm(t.Context(), fob.Confirmation{Detail: step.diff})
		if step.asks != (len(asked) == 1) || step.asks && !errors.Is(err, step.answer) || !step.asks && err != nil {
			t.Errorf("%q: asked %q, %v", step.diff, asked, err)
		}
	}
	all.result = all.add(api.MoveResult{Diff: "1", Moved: []api.Moved{{Name: "a"}, {Name: "b", Note: "n"}, {Name: "c"}}})
	sum := all.add(api.MoveResult{Diff: "2", Done: true, Moved: []api.Moved{{Name: "b", Kind: "user"}, {Name: "c", Skipped: "why"}, {Name: "d"}}})
	want := api.MoveResult{Diff: "12", Done: true, Moved: []api.Moved{{Name: "a"}, {Name: "b", Kind: "user", Note: "n"}, {Name: "c"}, {Name: "d"}}}
	if !reflect.DeepEqual(sum, want) {
		t.Errorf("%+v", sum)
	}
}
