package delivery_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fob/internal/delivery"
	"fob/internal/delivery/all"
	"fob/internal/fob"
	"fob/internal/partition"
)

func grant(t *testing.T, c fob.Credentials, err error) delivery.Grant {
	dir := t.TempDir()
	return delivery.Grant{
		Profile:     fob.Profile{Name: "prod", Keys: map[string]string{"region": "eu-west-1"}},
		Credentials: func(context.Context) (fob.Credentials, error) { return c, err },
		Exe:         "/opt/fob/fob",
		Paths:       fob.Paths{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")},
		Lineage:     func(fob.Narrow) (fob.Lineage, error) { return fob.LineageRole, nil },
		Narrowed:    func(context.Context, fob.Narrow, time.Duration) (fob.Credentials, error) { return c, err },
		Setting:     func(string) string { return "" },
		Partition:   partition.All()[0],
		HTTP: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{"SigninToken":"FOBSECRETMARKER"}`))}, nil
		})},
		Home: fob.Home{StateDir: filepath.Join(dir, "state")},
		Now:  time.Now(),
		Options: map[string]string{"url": "https://sts.amazonaws.com/", "to": filepath.Join(dir, "written"),
			"for": "rds", "target": "db.x.eu-west-1.rds.amazonaws.com:5432/app"},
		Write:   func(delivery.File) (string, error) { return "", nil },
		Foreign: func(string) (bool, error) { return false, nil },
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func session() fob.Credentials {
	return fob.Credentials{
		AccessKeyID: "ASIAXXXXXXXXXXXXXXXX", SecretAccessKey: fob.NewSecret("FOBSECRETMARKER/+="), SessionToken: fob.NewSecret("FOBSECRETMARKERtoken'\\$`!%\"//+=="),
		Expiration: time.Now().Add(time.Hour), AccountID: "111122223333",
	}
}

// Every way passes this: it hands over what it was granted, and no more than an
// error when there is nothing.
func TestWays(t *testing.T) {
	t.Parallel()
	for _, w := range all.Ways() {
		if w.Name == "" || w.Doc == "" {
			t.Errorf("way %q is not whole", w.Name)
		}
		if w.Hand == nil {
			if _, err := delivery.Find(all.Ways(), w.Name); w.Run == nil || !errors.Is(err, fob.ErrUsage) {
				t.Errorf("%s: the agent would hand it out: %v", w.Name, err)
			}
			continue
		}
		if found, err := delivery.Find(all.Ways(), w.Name); err != nil || found.Name != w.Name {
			t.Error(err)
		}
		d, err := w.Hand(t.Context(), grant(t, session(), nil))
		if err != nil || d.Stdout == "" && len(d.Set) == 0 && d.URL == "" && len(d.Facts) == 0 {
			t.Errorf("%s: %v", w.Name, err)
		}
		d, err = w.Hand(t.Context(), grant(t, fob.Credentials{}, fob.ErrLocked))
		if !errors.Is(err, fob.ErrLocked) || d.Stdout != "" || d.Set != nil || d.URL != "" {
			t.Errorf("%s without credentials: %v", w.Name, err)
		}
	}
	if _, err := delivery.Find(all.Ways(), "bogus"); !errors.Is(err, fob.ErrUsage) {
		t.Error(err)
	}
}
