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
// times of 20.
func ratio(what string, a, b []sample, of func(sample) float64, budget float64) row {
	n := len(a)
	v := make([]float64, n)
	for i := range v {
		v[i] = of(a[i]) / of(b[i])
	}
	slices.Sort(v)
	half, spread := float64(n)/2, 0.98*math.Sqrt(float64(n))
	low, high := v[max(int(half-spread), 0)], v[min(int(half+spread), n-1)]
	return row{what, fmt.Sprintf("%.2f × (%.2f to %.2f)", v[n/2], low, high), fmt.Sprintf("≤ %.2f ×", budget), low > budget}
}

// duration is a median in milliseconds; a budget of zero is none. Time on a clock
// has no pair, so it is judged by the run in ten that others disturbed least.
func duration(what string, samples []sample, of func(sample) float64, budget float64) row {
	times := make([]float64, len(samples))
	for i, s := range samples {
		times[i] = of(s)
	}
	slices.Sort(times)
	best, median := times[len(times)/10], times[len(times)/2]
	r := row{what: what, measured: fmt.Sprintf("%.1f ms (a tenth: %.1f)", median, best)}
	if budget > 0 {
		r.budget, r.over = fmt.Sprintf("≤ %.0f ms", budget), best > budget
	}
	return r
}

// limit is a number that was measured once.
func limit(what string, value float64, unit string, budget float64) row {
	return row{what, fmt.Sprintf("%.3g %s", value, unit), fmt.Sprintf("≤ %.3g %s", budget, unit), value > budget}
}
