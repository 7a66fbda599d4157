package agent

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fob/internal/api"
	"fob/internal/fob"
	"fob/internal/vault"
)

// offline fails every request: no test here may call AWS.
type offline struct{}

func (offline) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("offline") }

// newAgent makes an agent in a home of its own, with an empty vault that an identity file unlocks.
func newAgent(t testing.TB) (*Agent, context.Context) {
	t.Helper()
	home, err := fob.HomeFrom(func(name string) string {
		if name == "FOB_HOME" {
			return t.TempDir()
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := home.MakeDirs(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	a := New(home, "1", slog.New(slog.DiscardHandler), cancel, time.Now)
	a.broker.HTTP = func(fob.Network) *http.Client { return &http.Client{Transport: offline{}} }
	if _, err := a.vault.Init(ctx, "file", vault.Options{}, fob.UI{}); err != nil {
		t.Fatal(err)
	}
	return a, ctx
}

func aConn(rw io.ReadWriteCloser) *conn {
	return newConn(rw, 1, fob.Caller{})
}

// script is a front end whose whole input is given in advance.
type script struct {
	io.Reader
	mu  sync.Mutex
	out bytes.Buffer
}

func (s *script) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (*script) Close() error { return nil }

func play(ctx context.Context, a *Agent, input []byte) []*api.Message {
	s := &script{Reader: bytes.NewReader(input)}
	a.serve(ctx, aConn(s))
	var replies []*api.Message
	for r := bufio.NewReader(&s.out); ; {
		m, err := api.ReadMessage(r, api.MaxReply)
		if err != nil {
			return replies
		}
		replies = append(replies, m)
	}
}

func TestSocketGoneEndsTheAgent(t *testing.T) {
	t.Parallel()
	for name, disturb := range map[string]func(path string) error{
		"removed": os.Remove,
		"replaced": func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, nil, 0o600))
		},
		"left alone": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := newAgent(t)
			socket := a.home.Socket()
			if err := os.WriteFile(socket, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				a.quit = cancel
				go a.watch(ctx)
				time.Sleep(3 * watchPeriod)
				synctest.Wait()
				if ctx.Err() != nil {
					t.Fatal("it ended for no reason")
				}
				if disturb != nil {
					if err := disturb(socket); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(watchPeriod + time.Second)
				synctest.Wait()
				if ended := ctx.Err() != nil; ended != (disturb != nil) {
					t.Fatalf("ended: %v", ended)
				}
				cancel()
			})
		})
	}
}

// A front end that does not read its answers is disconnected, and nothing that waits for it
// remains.
func TestAFrontEndThatDoesNotRead(t *testing.T) {
	t.Parallel()
	a, _ := newAgent(t)
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer there.Close()
		done := make(chan struct{})
		go func() {
			a.serve(t.Context(), aConn(here))
			close(done)
		}()
		id := int64(1)
		if err := api.WriteMessage(there, &api.Message{ID: &id, Method: string(api.Kinds), Caller: &api.Caller{Protocol: api.Protocol}, Params: json.RawMessage("{}")}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("given up at once")
		default:
		}
		time.Sleep(writeLimit + time.Second)
		<-done
	})
}

// An agent that ends does not wait long for front ends.
func TestFinishDoesNotWaitForAReader(t *testing.T) {
	t.Parallel()
	a, _ := newAgent(t)
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer there.Close()
		c := aConn(here)
		done := make(chan struct{})
		go func() {
			a.serve(t.Context(), c)
			close(done)
		}()
		id := int64(1)
		if err := api.WriteMessage(there, &api.Message{ID: &id, Method: string(api.Kinds), Caller: &api.Caller{Protocol: api.Protocol}, Params: json.RawMessage("{}")}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		start := time.Now()
		c.finish()
		<-done
		if took := time.Since(start); took > lastLimit {
			t.Fatalf("it took %v", took)
		}
	})
}

func TestTooManyRequestsAtOnce(t *testing.T) {
	t.Parallel()
	a, ctx := newAgent(t)
	block := make(chan struct{})
	a.methods["block"] = func(ctx context.Context, _ *request, _ json.RawMessage) (json.RawMessage, error) {
		select {
		case <-block:
		case <-ctx.Done():
		}
		return nil, nil
	}
	defer close(block)
	line := `{"jsonrpc":"2.0","id":1,"method":"block","caller":{"protocol":1},"params":{}}` + "\n"
	s := &script{Reader: io.MultiReader(strings.NewReader(strings.Repeat(line, maxLoad+1)), endless{})}
	done := make(chan struct{})
	go func() {
		a.serve(ctx, aConn(s))
		close(done)
	}()
	<-done // the reader would never end
}

type endless struct{}

func (endless) Read([]byte) (int, error) { select {} }

// A panic in one request is answered with an error, and the next request works.
func TestAPanicIsOneRequestsOwn(t *testing.T) {
	t.Parallel()
	a, ctx := newAgent(t)
	a.methods["panic"] = func(context.Context, *request, json.RawMessage) (json.RawMessage, error) { panic("at the disco") }
	replies := play(ctx, a, []byte(`{"jsonrpc":"2.0","id":1,"method":"panic","caller":{"protocol":1},"params":{}}`+"\n"+
		`{"jsonrpc":"2.0","id":2,"method":"list","caller":{"protocol":1},"params":{}}`+"\n"))
	var failed, worked bool
	for _, r := range replies {
		failed = failed || *r.ID == 1 && r.Error != nil && r.Error.Data.Kind == "internal"
		worked = worked || *r.ID == 2 && r.Error == nil
	}
	if len(replies) != 2 || !failed || !worked {
		t.Fatalf("%d replies: %v %v", len(replies), failed, worked)
	}
}

// FuzzDispatch sends any bytes to the agent. It must not crash or hang, and must answer only with
// messages. adopt and release are left out, because they write to files that the request names.
func FuzzDispatch(f *testing.F) {
	f.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	f.Setenv("XDG_RUNTIME_DIR", "")
	f.Chdir(f.TempDir()) // for paths that the bytes happen to name
	a, ctx := newAgent(f)
	delete(a.methods, string(api.Adopt))
	delete(a.methods, string(api.Release))
	a.quit = func() {}
	for method := range a.methods {
		f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"` + method + `","caller":{"protocol":1,"paths":{"config":"c","credentials":"k"},"exe":"/bin/fob"},"params":{"name":"x","way":"process","kind":"role","keys":{"role_arn":"arn:aws:iam::444455556666:role/x","source_profile":"y"}}}` + "\n"))
	}
	f.Add([]byte("\n\n{}\nnull\n[]\n\x00\xff"))
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"result":{}}` + "\n" + `{"jsonrpc":"2.0","id":-9223372036854775808,"method":""}` + "\n"))
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"list","caller":{"protocol":1},"params":` + strings.Repeat("[", 20000) + "\n"))
	f.Add(append(bytes.Repeat([]byte("x"), api.MaxRequest+10), '\n'))
	f.Fuzz(func(t *testing.T, input []byte) {
		s := &script{Reader: bytes.NewReader(input)}
		a.serve(ctx, aConn(s))
		for line := range bytes.Lines(s.out.Bytes()) {
			var m api.Message
			if err := json.Unmarshal(line, &m); err != nil || m.Version != "2.0" {
				t.Fatalf("it said %q", line)
			}
		}
	})
}
