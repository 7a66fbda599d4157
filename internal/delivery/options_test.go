package delivery_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"fob/internal/delivery"
	"fob/internal/fob"
)

type options struct {
	To    string `option:"to"`
	Force bool   `option:"force"`
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		given map[string]string
		want  options
		wrong string // the option that is refused
	}{
		{nil, options{}, ""},
		{map[string]string{"to": "", "force": ""}, options{"", true}, ""},
		{map[string]string{"to": "x"}, options{"x", false}, ""},
		{map[string]string{"to": "x", "TO": "y"}, options{}, "TO"},
		{map[string]string{"force": "no"}, options{}, "force"},
		{map[string]string{"": "x"}, options{}, ""},
	} {
		var got options
		hand := delivery.Hand(func(_ context.Context, _ delivery.Grant, o options) (fob.Delivery, error) {
			got = o
			return fob.Delivery{Stdout: "done"}, nil
		})
		d, err := hand(t.Context(), delivery.Grant{Options: tt.given})
		_, nameless := tt.given[""]
		if refused := tt.wrong != "" || nameless; refused != (err != nil) || refused && (!errors.Is(err, fob.ErrUsage) || !strings.Contains(err.Error(), tt.wrong) || d.Stdout != "") || !refused && got != tt.want {
			t.Errorf("%v: %+v, %v", tt.given, got, err)
		}
	}
}

// If an agent does not offer what a delivery needs, From returns an error; it does not panic.
func TestFrom(t *testing.T) {
	t.Parallel()
	type needs interface{ Nobody() string }
	for _, agent := range []any{nil, "x"} {
		if _, err := delivery.From[needs](delivery.Grant{Agent: agent}); !errors.Is(err, fob.ErrInternal) {
			t.Error(err)
		}
	}
}
