package profile

import (
	"context"
	"errors"
	"os"
	"testing"
)

// One search behind a sign-in at a time; who cannot wait any longer leaves.
func TestSearchesTakeTurns(t *testing.T) {
	t.Parallel()
	f, paths := corp(t, "")
	s, err := f.Session("corp", paths)
	if err != nil {
		t.Fatal(err)
	}
	never := func() { t.Error("busy, without another search") }
	unlock, waited, err := f.Searching(t.Context(), s, never)
	if err != nil || waited {
		t.Fatal(waited, err)
	}
	other := s
	other.Name = "https://other.awsapps.com/start" // a file's name is made of it
	unlockOther, _, err := f.Searching(t.Context(), other, never)
	if err != nil {
		t.Fatal(err)
	}
	unlockOther()
	ctx, cancel := context.WithCancel(t.Context())
	if _, _, err := f.Searching(ctx, s, cancel); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	told := 0
	unlockSecond, waited, err := f.Searching(t.Context(), s, func() { told++; unlock() })
	if err != nil || !waited || told != 1 {
		t.Fatal(waited, told, err)
	}
	unlockSecond()
}

// A journal that somebody has removed is no fault of a search that is done.
func TestJournalIsGone(t *testing.T) {
	t.Parallel()
	f, paths := corp(t, "")
	s, err := f.Session("corp", paths)
	if err != nil {
		t.Fatal(err)
	}
	j, _, err := f.OpenJournal(s)
	if err == nil {
		err = os.Remove(j.file.Name())
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(true); err != nil {
		t.Error(err)
	}
}
