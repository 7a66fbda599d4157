package agent

import (
	"context"
	"slices"
	"strings"

	"fob/internal/api"
	"fob/internal/fob"
)

// parts joins the parts of a move in a file that is both the config and the credentials
// file. It is written as the one and then as the other, and the second time it has
// changed by our own hand: the rest is prepared anew, which is one move to the person.
type parts struct {
	agreed string // diffs that the person has agreed to
	result api.MoveResult
}

// confirm asks the person, but for what is a part of what they have agreed to.
func (all *parts) confirm(ui fob.UI) func(context.Context, fob.Confirmation) error {
	return func(ctx context.Context, c fob.Confirmation) error {
		have := changes(all.agreed)
		if all.agreed != "" && !slices.ContainsFunc(changes(c.Detail), func(line string) bool { return !slices.Contains(have, line) }) {
			return nil
		}
		err := ui.Confirm(ctx, c)
		if err == nil {
			all.agreed += c.Detail
		}
		return err
	}
}

// changes are the lines that a diff adds and removes.
func changes(diff string) (lines []string) {
	for line := range strings.Lines(diff) {
		if (line[0] == '+' || line[0] == '-') && !strings.HasPrefix(line, "+++ ") && !strings.HasPrefix(line, "--- ") {
			lines = append(lines, line)
		}
	}
	return lines
}

// add returns the parts so far and a further one as one result: each profile is there
// once, with the last that was said of it.
func (all *parts) add(part api.MoveResult) api.MoveResult {
	sum := part
	sum.Diff = all.result.Diff + part.Diff
	sum.Moved = slices.Clone(all.result.Moved)
	for _, m := range part.Moved {
		i := slices.IndexFunc(sum.Moved, func(have api.Moved) bool { return have.Name == m.Name })
		switch {
		case i < 0:
			sum.Moved = append(sum.Moved, m)
		case m.Skipped == "":
			if m.Note == "" {
				m.Note = sum.Moved[i].Note
			}
			sum.Moved[i] = m
		}
	}
	if sum.Moved == nil {
		sum.Moved = []api.Moved{}
	}
	return sum
}
