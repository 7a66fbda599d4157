package agent

import (
	"context"

	"fob/internal/api"
)

// deleteWritten deletes files that fob wrote.
func (a *Agent) deleteWritten(ctx context.Context, r *request, p api.DeleteWrittenParams) ([]string, error) {
	removed, missing, err := a.written.Delete(p.Paths)
	for _, path := range missing {
		r.ui.Tell(ctx, "fob write has not created "+path)
	}
	for _, path := range removed {
		if err != nil { // the whole answer is the error
			r.ui.Tell(ctx, "removed "+path)
		}
	}
	return removed, err
}
