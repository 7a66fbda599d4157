package prompt

import (
	"context"
	"errors"
	"strings"
	"testing"

	"fob/internal/fob"
)

// front is a front end that answers every question with err, or with its name.
func front(id int64, name string, err error, asked *[]string) fob.UI {
	said := func(a fob.Asker) error {
		*asked = append(*asked, strings.TrimSpace(name+" "+a.Profile))
		return err
	}
	return fob.UI{ID: id,
		AskFunc: func(_ context.Context, q fob.Question) (fob.Secret, error) {
			return fob.NewSecret(name), said(q.For)
		},
		ConfirmFunc: func(_ context.Context, c fob.Confirmation) error { return said(c.For) },
		OpenFunc: func(_ context.Context, p fob.Page) (<-chan struct{}, error) {
			return make(chan struct{}), said(p.For)
		},
		ReachFunc: func(context.Context) fob.Reach { return fob.Reach{Browser: true} },
	}
}

func asker() fob.Asker { return fob.Asker{Profile: "prod"} }

func TestWhoIsAsked(t *testing.T) {
	t.Parallel()
	nobody := &fob.Error{Kind: fob.ErrNobody, Message: "no terminal here"}
	wrong := errors.New("broken")
	for name, c := range map[string]struct {
		own       error
		prompters []error // in the order in which they register
		asked     string
		answer    string
		err       error
	}{
		"the caller's own person":            {nil, []error{nil}, "own", "own", nil},
		"the last that registered":           {nobody, []error{nil, nil}, "own, second prod", "second", nil},
		"the next, if that one has left":     {nobody, []error{nil, fob.ErrNobody}, "own, second prod, first prod", "first", nil},
		"nobody is there":                    {nobody, nil, "own", "", nobody},
		"nobody is there any more":           {nobody, []error{fob.ErrNobody}, "own, first prod", "", nobody},
		"a prompter dismisses":               {nobody, []error{nil, fob.ErrCancelled}, "own, second prod", "", fob.ErrCancelled},
		"the caller's own person dismisses":  {fob.ErrCancelled, []error{nil}, "own", "", fob.ErrCancelled},
		"a fault is nobody's reason to wait": {nobody, []error{nil, wrong}, "own, second prod", "", wrong},
	} {
		var asked []string
		var r Registry
		for i, err := range c.prompters {
			r.Register(Prompter{Name: []string{"first", "second"}[i], UI: front(int64(i+2), []string{"first", "second"}[i], err, &asked)})
		}
		ui := r.UI(front(1, "own", c.own, &asked), asker)

		answer, err := ui.Ask(t.Context(), fob.Question{Kind: fob.AskMFACode})
		if !errors.Is(err, c.err) || err == nil && answer.Reveal() != c.answer || strings.Join(asked, ", ") != c.asked {
			t.Errorf("ask, %s: %v, asked %v", name, err, asked)
		}
		asked = nil
		if err := ui.Confirm(t.Context(), fob.Confirmation{}); !errors.Is(err, c.err) || strings.Join(asked, ", ") != c.asked {
			t.Errorf("confirm, %s: %v, asked %v", name, err, asked)
		}
		asked = nil
		gone, err := ui.Open(t.Context(), fob.Page{URL: "https://example.com"})
		if !errors.Is(err, c.err) || err == nil && gone == nil || strings.Join(asked, ", ") != c.asked {
			t.Errorf("open, %s: %v, asked %v", name, err, asked)
		}
	}
}

// A configured program (mfa_process) runs in the caller's environment only.
func TestACommandIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	var asked []string
	var r Registry
	r.Register(Prompter{Name: "p", UI: front(2, "p", nil, &asked)})
	ui := r.UI(front(1, "own", fob.ErrNobody, &asked), asker)
	if _, err := ui.Ask(t.Context(), fob.Question{Command: "ykman"}); !errors.Is(err, fob.ErrNobody) || len(asked) != 1 {
		t.Error(err, asked)
	}
}

// A prompter is not asked what it cannot do, nor for its own requests, nor after it has left.
func TestWhoIsNotAsked(t *testing.T) {
	t.Parallel()
	var asked []string
	var r Registry
	able := front(2, "p", nil, &asked)
	nobody := fob.UI{ID: 1}

	r.Register(Prompter{Name: "asks", UI: fob.UI{ID: 2, AskFunc: able.AskFunc}})
	if err := r.UI(nobody, asker).Confirm(t.Context(), fob.Confirmation{}); !errors.Is(err, fob.ErrNobody) {
		t.Error("it confirms:", err)
	}
	if r.UI(nobody, asker).Reach(t.Context()).Page(true) {
		t.Error("it opens pages")
	}
	r.Register(Prompter{Name: "opens", UI: fob.UI{ID: 2, OpenFunc: able.OpenFunc}})
	if names := r.Names(); len(names) != 1 || names[0] != "opens" {
		t.Error("registered as", names)
	}
	if !r.UI(nobody, asker).Reach(t.Context()).Page(false) {
		t.Error("no page")
	}
	if reach := r.UI(able, asker).Reach(t.Context()); reach.Page(false) || !reach.Page(true) {
		t.Errorf("a prompter's own request: %+v", reach)
	}
	r.Remove(2)
	if len(r.Names()) != 0 || r.UI(nobody, asker).Reach(t.Context()).Page(false) {
		t.Error("it is there still")
	}
	if len(asked) != 0 {
		t.Error("asked", asked)
	}
}
