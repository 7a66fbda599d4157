package frontend

import (
	"errors"
	"testing"

	"fob/internal/fob"
)

func TestJudgingOutput(t *testing.T) {
	t.Parallel()
	full, refused := errors.New("full"), fob.Errorf(fob.ErrRefused, "refused")
	own := fob.Errorf(fob.ErrInternal, "cannot write: %w", full)
	for _, c := range []struct {
		written, err error
		want         string
	}{
		{nil, refused, "refused"},
		{full, refused, "refused"},
		{full, own, "cannot write: full"},
		{full, full, "cannot write to standard output: full"},
		{full, nil, "cannot write to standard output: full"},
	} {
		if err := (&output{err: c.written}).judge(c.err); err == nil || err.Error() != c.want {
			t.Errorf("%v, %v: %v", c.written, c.err, err)
		}
	}
	if err := (&output{}).judge(nil); err != nil {
		t.Error(err)
	}
}
