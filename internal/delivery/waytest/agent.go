package waytest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"time"

	"fob/internal/delivery/console"
	"fob/internal/delivery/exec"
	"fob/internal/delivery/token"
	"fob/internal/delivery/write"
	"fob/internal/fob"
)

// Agent is a fake agent that offers everything a delivery may need.
type Agent struct {
	// Sort implements Lineage, and Retrieve implements Narrowed.
	Sort     func(n fob.Narrow) (fob.Lineage, error)
	Retrieve func(ctx context.Context, n fob.Narrow, minValid time.Duration) (fob.Credentials, error)
	Settings map[string]string
	Client   *http.Client
	Register write.Files // nil: there is no agent that would delete files
	AWSFiles fob.Paths
	Folders  fob.Home
}

var (
	_ console.Needs = (*Agent)(nil)
	_ exec.Needs    = (*Agent)(nil)
	_ token.Needs   = (*Agent)(nil)
	_ write.Needs   = (*Agent)(nil)
)

// In returns an agent whose user's and fob's directories are in dir, and a register that accepts
// every file.
func In(dir string) *Agent {
	return &Agent{
		AWSFiles: fob.Paths{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")},
		Folders:  fob.Home{ConfigDir: filepath.Join(dir, "fob"), DataDir: filepath.Join(dir, "data"), StateDir: filepath.Join(dir, "state"), RunDir: filepath.Join(dir, "run")},
		Register: &Files{},
	}
}

func (a *Agent) Lineage(n fob.Narrow) (fob.Lineage, error) { return a.Sort(n) }
func (a *Agent) Narrowed(ctx context.Context, n fob.Narrow, minValid time.Duration) (fob.Credentials, error) {
	return a.Retrieve(ctx, n, minValid)
}
func (a *Agent) Setting(key string) string  { return a.Settings[key] }
func (a *Agent) Account() string            { return "" }
func (a *Agent) HTTP() *http.Client         { return a.Client }
func (a *Agent) Exe() string                { return "/opt/fob/fob" }
func (a *Agent) Paths() fob.Paths           { return a.AWSFiles }
func (a *Agent) Home() fob.Home             { return a.Folders }
func (a *Agent) Files() (write.Files, bool) { return a.Register, a.Register != nil }

// Files is a register that writes nothing and records its calls.
type Files struct {
	Written []write.File
	// Other reports whether a path has content that fob did not write; nil: never.
	Other func(path string) (bool, error)
}

func (f *Files) Write(one write.File) (string, error) {
	f.Written = append(f.Written, one)
	return "", nil
}

func (f *Files) Occupied(path string) (bool, error) {
	if f.Other == nil {
		return false, nil
	}
	return f.Other(path)
}

// Answers returns an HTTP client whose requests go to h directly, without a network.
func Answers(h http.Handler) *http.Client {
	return &http.Client{
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if err := r.Context().Err(); err != nil {
				return nil, err
			}
			return rec.Result(), nil
		}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
