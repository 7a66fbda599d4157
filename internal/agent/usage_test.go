package agent

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	u := &usage{path: filepath.Join(t.TempDir(), "usage.json"), log: slog.New(slog.DiscardHandler)}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for range 3 {
		u.used("often, long ago", now.Add(-5*halfLife))
	}
	u.used("once, now", now)
	u.used("twice, now", now)
	u.used("twice, now", now)
	all, _ := u.read()
	if a, b, c := all["twice, now"].at(now), all["once, now"].at(now), all["often, long ago"].at(now); !(a > b && b > c && c > 0) {
		t.Error(a, b, c)
	}
	if info, err := os.Stat(u.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	for i := range maxUsage + 10 {
		u.used(fmt.Sprint("one of many ", i), now.Add(time.Minute))
	}
	all, _ = u.read()
	if _, old := all["often, long ago"]; len(all) != maxUsage || old {
		t.Error(len(all), old)
	}
	// A damaged file is replaced, and a clock that was set back does no harm.
	if err := os.WriteFile(u.path, []byte("not JSON"), 0o600); err != nil {
		t.Fatal(err)
	}
	u.used("after", now.Add(-time.Hour))
	if all, _ := u.read(); len(all) != 1 || all["after"].at(now) <= 0 {
		t.Error(all)
	}
}
