package command

import (
	"bytes"
	"testing"

	"fob/internal/api"
	"fob/internal/frontend"
)

func TestJSONOfEmptyListsIsAnArray(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &App{App: &frontend.App{Streams: frontend.Streams{Out: &out}}}
	if err := a.PrintJSON([]api.Row{}); err != nil || out.String() != "[]\n" {
		t.Error(out.String(), err)
	}
}
