package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/fob"
)

// What was given up is not tried again before it has returned, by nobody and with no
// further thread; other paths are not held up.
func TestHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, answer, calls := &Reader{}, make(chan struct{}), 0
		hanging := func() (int, error) { calls++; <-answer; return 1, nil }
		began := time.Now()
		_, err := within(r, "home", hanging)
		if !errors.Is(err, ErrHangs) || time.Since(began) != Patience || fob.HintOf(err) == "" {
			t.Fatal(time.Since(began), err)
		}
		began = time.Now()
		for range 100 {
			if _, err := within(r, "home", hanging); !errors.Is(err, ErrHangs) {
				t.Fatal(err)
			}
		}
		if got, err := within(r, "elsewhere", func() (int, error) { return 2, nil }); got != 2 || err != nil {
			t.Fatal(got, err)
		}
		if calls != 1 || time.Since(began) != 0 {
			t.Fatalf("%d calls, %v", calls, time.Since(began))
		}
		close(answer)
		synctest.Wait()
		if got, err := within(r, "home", hanging); got != 1 || err != nil {
			t.Fatal(got, err)
		}
		if len(r.stuck) != 0 {
			t.Error(r.stuck)
		}
	})
}

// Callers that came before anybody knew are given up each at their own time.
func TestHangsForMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, answer := &Reader{}, make(chan struct{})
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := within(r, "home", func() (int, error) { <-answer; return 0, nil }); !errors.Is(err, ErrHangs) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if r.stuck["home"] != 20 {
			t.Error(r.stuck)
		}
		close(answer)
		synctest.Wait()
		if len(r.stuck) != 0 {
			t.Error(r.stuck)
		}
	})
}

func TestHead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "0123456789")
	for n, want := range map[int64]string{0: "", 4: "0123", 10: "0123456789", 99: "0123456789"} {
		got, info, err := new(Reader).Head(path, n)
		if err != nil || string(got) != want || info.Size() != 10 {
			t.Errorf("%d: %q, %v", n, got, err)
		}
	}
	got, _, err := new(Reader).Read(path, 9)
	if err == nil || len(got) > 0 || !strings.Contains(err.Error(), path) || fob.HintOf(err) == "" {
		t.Errorf("longer than the limit: %q, %v", got, err)
	}
	if got, _, err := new(Reader).Read(path, 10); err != nil || string(got) != "0123456789" {
		t.Errorf("%q, %v", got, err)
	}
	if _, _, err := new(Reader).Read(path+"x", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// The null device is an empty file: people name it to have none.
func TestNull(t *testing.T) {
	t.Parallel()
	if got, err := Read(os.DevNull); err != nil || len(got) > 0 {
		t.Errorf("%q, %v", got, err)
	}
}
