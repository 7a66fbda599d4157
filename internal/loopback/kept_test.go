package loopback

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fob"
)

// counting is an Ask that takes a while and counts its calls; failing makes it return an error.
type counting struct {
	Kept[int]
	calls   atomic.Int32
	took    atomic.Int64
	failing atomic.Bool
}

func newCounting() *counting {
	c := &counting{}
	c.Limit = 800 * time.Millisecond
	c.Ask = func() (int, error) {
		n := c.calls.Add(1)
		time.Sleep(time.Duration(c.took.Load()))
		if c.failing.Load() {
			return 0, fob.ErrLocked
		}
		return int(n), nil
	}
	return c
}

func TestKeptAsksOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounting()
		c.took.Store(int64(100 * time.Millisecond))
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if n, err := c.Get(t.Context()); n != 1 || err != nil {
					t.Error(n, err)
				}
			})
		}
		all.Wait()
		if n := c.calls.Load(); n != 1 {
			t.Error(n)
		}
	})
}

// An endpoint in constant use notices fob lock within a second.
func TestKeptForgetsWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounting()
		_, _ = c.Get(t.Context())
		for range 100 { // keep the answer in use
			time.Sleep(50 * time.Millisecond)
			_, _ = c.Get(t.Context())
		}
		if n := c.calls.Load(); n < 5 || n > 11 {
			t.Errorf("asked %d times in 5 seconds", n)
		}
		c.failing.Store(true)
		time.Sleep(time.Second)
		if _, err := c.Get(t.Context()); !errors.Is(err, fob.ErrLocked) {
			t.Error("still served:", err)
		}
		c.failing.Store(false)
		time.Sleep(time.Second)
		if _, err := c.Get(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

// Get waits no longer than Limit; the late answer is there for the next call.
func TestKeptIsLateOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounting()
		c.took.Store(int64(3 * time.Second))
		began := time.Now()
		for i := range 3 {
			if _, err := c.Get(t.Context()); !errors.Is(err, ErrLate) || time.Since(began) > time.Duration(i+1)*c.Limit {
				t.Error(err, time.Since(began))
			}
		}
		time.Sleep(3*time.Second - time.Since(began) + 100*time.Millisecond)
		if n, err := c.Get(t.Context()); n != 1 || err != nil || c.calls.Load() != 1 {
			t.Error(n, err)
		}
		synctest.Wait()
	})
}

func TestKeptPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounting()
		c.Put(42)
		if n, err := c.Get(t.Context()); n != 42 || err != nil || c.calls.Load() != 0 {
			t.Error(n, err)
		}
		time.Sleep(2 * time.Second)
		if n, _ := c.Get(t.Context()); n != 1 {
			t.Error(n)
		}
		synctest.Wait()
	})
}

// After the machine slept no old answer is used, although its monotonic clock did not advance.
func TestKeptAfterSleep(t *testing.T) {
	t.Parallel()
	now := time.Now()
	a := &answer[int]{at: now}
	if a.age(now.Add(time.Minute).Round(0)) < time.Minute || a.age(now) != 0 {
		t.Error(a.age(now))
	}
}
