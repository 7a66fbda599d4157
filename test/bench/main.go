//go:build linux

// Command bench measures fob against its budgets, in throw-away homes against
// the built-in fake of AWS, and prints one table. Times are ratios or medians of
// samples taken in turn (A B A B …), so that a busy machine slows both sides alike, and
// a slow machine misses no budget for being slow: what has a budget is a ratio to another
// program of the same run, a count, or a size. It exits with 1 when a budget is missed
// beyond the noise.
//
// Without arguments it measures what takes three minutes together; all adds what takes
// longer. Other arguments choose figures by name: go run ./test/bench heartbeat list
package main

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// row is one line of the table; one without a budget is for information.
type row struct {
	what, measured, budget string
	over                   bool
}

// figure is what is measured together. It is asked once more, for three times
// as many samples, when a budget seems to be missed.
type figure struct {
	name    string
	measure func(b *bench, samples int) []row
	samples int
	long    bool // minutes
}

// chosen reports whether the arguments ask for a figure.
func (f figure) chosen(names []string) bool {
	return len(names) == 0 && !f.long || slices.Contains(names, f.name) || slices.Contains(names, "all")
}

func main() {
	defer func() {
		if failed, ok := recover().(failure); ok {
			fmt.Fprintln(os.Stderr, "bench:", failed.error)
			os.Exit(2)
		}
	}()
	if run(os.Args[1:]) {
		os.Exit(1)
	}
}

func run(names []string) (over bool) {
	b := newBench()
	defer b.close()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "FIGURE\tMEASURED\tBUDGET\t")
	begin := time.Now()
	for _, f := range []figure{
		{"heartbeat", heartbeat, 400, false}, {"scale", scale, 400, false}, {"crowd", crowd, 1000, false},
		{"list", list, 40, false}, {"adopt", adopt, 5, false}, {"start", start, 15, false}, {"idle", idle, 1, true},
		{"roles", roles, 400, false}, {"discovery", discovery, 1, true},
		{"sign", sign, 200, false}, {"proxy", proxy, 1000, false}, {"prompt", prompt, 400, false}, {"endpoint", endpoint, 10, false},
	} {
		if !f.chosen(names) {
			continue
		}
		missed := func(r row) bool { return r.over }
		rows := f.measure(b, f.samples)
		if slices.ContainsFunc(rows, missed) {
			rows = f.measure(b, 3*f.samples)
		}
		over = over || slices.ContainsFunc(rows, missed)
		for _, r := range rows {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.what, r.measured, r.budget, r.verdict())
		}
	}
	fmt.Fprintf(table, "the whole run\t%.0f s\t\t\n", time.Since(begin).Seconds())
	return over
}

func (r row) verdict() string {
	switch {
	case r.over:
		return "OVER"
	case r.budget == "":
		return ""
	}
	return "ok"
}

// failure ends the program: a benchmark that cannot measure has nothing to say.
type failure struct{ error }

func check(err error) {
	if err != nil {
		panic(failure{err})
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}
