//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
)

func cpu(s sample) float64  { return s.cpu }
func wall(s sample) float64 { return s.wall }

// ratio divides pair by pair, so that what slowed a whole pair cancels. It is
// over only when the low end is of the interval that holds the true median 19
// times of 20. A budget of zero is none.
func ratio(what string, a, b []sample, of func(sample) float64, budget float64) row {
	n := len(a)
	v := make([]float64, n)
	for i := range v {
		v[i] = of(a[i]) / of(b[i])
	}
	slices.Sort(v)
	half, spread := float64(n)/2, 0.98*math.Sqrt(float64(n))
	low, high := v[max(int(half-spread), 0)], v[min(int(half+spread), n-1)]
	r := row{what: what, measured: fmt.Sprintf("%.2f × (%.2f to %.2f)", v[n/2], low, high)}
	if budget > 0 {
		r.budget, r.over = fmt.Sprintf("≤ %.2f ×", budget), low > budget
	}
	return r
}

// duration is a time on a clock in milliseconds, the median and the tenth of the runs
// that others disturbed least. It depends on the machine, so it has no budget.
func duration(what string, samples []sample) row {
	times := make([]float64, len(samples))
	for i, s := range samples {
		times[i] = s.wall
	}
	slices.Sort(times)
	return row{what: what, measured: fmt.Sprintf("%.2f ms (a tenth: %.2f)", times[len(times)/2], times[len(times)/10])}
}

// limit is a number that was measured once, and that no machine's speed decides.
func limit(what string, value float64, unit string, budget float64) row {
	return row{what, fmt.Sprintf("%.3g %s", value, unit), fmt.Sprintf("≤ %.3g %s", budget, unit), value > budget}
}
