package directory

import (
	"context"
	"errors"
	"os"
	"testing"
)

// One search behind a sign-in at a time; who cannot wait any longer leaves.
func TestSearchesTakeTurns(t *testing.T) {
	t.Parallel()
	store, of := corp(t)
	never := func() { t.Error("busy, without another search") }
	unlock, waited, err := store.Lock(t.Context(), of, never)
	if err != nil || waited {
		t.Fatal(waited, err)
	}
	other := of
	other.Name = "https://other.awsapps.com/start" // a file's name is made of it
	unlockOther, _, err := store.Lock(t.Context(), other, never)
	if err != nil {
		t.Fatal(err)
	}
	unlockOther()
	ctx, cancel := context.WithCancel(t.Context())
	if _, _, err := store.Lock(ctx, of, cancel); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	told := 0
	unlockSecond, waited, err := store.Lock(t.Context(), of, func() { told++; unlock() })
	if err != nil || !waited || told != 1 {
		t.Fatal(waited, told, err)
	}
	unlockSecond()
}

// A journal that somebody has removed is no fault of a search that is done.
func TestJournalIsGone(t *testing.T) {
	t.Parallel()
	store, of := corp(t)
	s, err := store.Search(of)
	if err == nil {
		err = os.Remove(s.journal.file.Name())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Finish(); err != nil {
		t.Error(err)
	}
}
