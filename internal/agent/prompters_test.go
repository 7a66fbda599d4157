package agent

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"fob/internal/api"
	"fob/internal/fob"
)

// connect connects a front end to the agent.
func connect(t *testing.T, a *Agent, id int64, ui fob.UI) *api.Client {
	t.Helper()
	here, there := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.serve(t.Context(), newConn(here, id, fob.Caller{PID: int(id)}))
	}()
	c := api.NewClient(there, api.Caller{}, ui)
	t.Cleanup(func() {
		_ = c.Close()
		<-done
	})
	return c
}

// offers connects a prompter that answers with reply.
func offers(t *testing.T, a *Agent, id int64, name string, reply func(ctx context.Context, q fob.Question) (string, error)) *api.Client {
	t.Helper()
	c := connect(t, a, id, fob.UI{AskFunc: func(ctx context.Context, q fob.Question) (fob.Secret, error) {
		text, err := reply(ctx, q)
		return fob.NewSecret(text), err
	}})
	if _, err := api.Call(t.Context(), c, api.BePrompter, api.PrompterParams{Name: name, Can: []string{api.CanAsk, "dance"}}); err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = c.Serve(t.Context())
	}()
	t.Cleanup(func() {
		_ = c.Close()
		<-served
	})
	return c
}

// caller is the UI that the agent uses for a caller without a person.
func caller(a *Agent) fob.UI {
	here, _ := net.Pipe()
	c := newConn(here, 1, fob.Caller{PID: 7, Exe: "/usr/bin/fob"})
	c.leave()
	return a.person(c, &api.Message{Method: string(api.Deliver), Params: []byte(`{"name":"prod"}`)})
}

func TestAPrompterAnswers(t *testing.T) {
	t.Parallel()
	a, _ := newAgent(t)
	var asked fob.Asker
	offers(t, a, 2, "desktop", func(_ context.Context, q fob.Question) (string, error) {
		asked = q.For
		return "123456", nil
	})
	answer, err := caller(a).Ask(t.Context(), fob.Question{Kind: fob.AskMFACode, Prompt: "code"})
	if err != nil || answer.Reveal() != "123456" {
		t.Fatal(err)
	}
	if asked.Profile != "prod" || asked.Request != "deliver" || asked.Program.Exe != "/usr/bin/fob" {
		t.Errorf("it was shown %+v", asked)
	}
}

// If a prompter disconnects while it is asked, the next one is asked.
func TestAPrompterLeaves(t *testing.T) {
	t.Parallel()
	a, _ := newAgent(t)
	offers(t, a, 2, "stays", func(context.Context, fob.Question) (string, error) { return "from the other", nil })
	var leaving *api.Client
	asked := make(chan struct{})
	leaving = offers(t, a, 3, "leaves", func(ctx context.Context, _ fob.Question) (string, error) {
		close(asked)
		<-ctx.Done()
		return "", ctx.Err()
	})
	go func() {
		<-asked
		_ = leaving.Close()
	}()
	answer, err := caller(a).Ask(t.Context(), fob.Question{Kind: fob.AskMFACode})
	if err != nil || answer.Reveal() != "from the other" {
		t.Fatal(err)
	}
}

// A dismissal fails every caller that waits, and the question is asked once.
func TestDismissedOnceForAll(t *testing.T) {
	t.Parallel()
	a, _ := newAgent(t)
	config := filepath.Join(t.TempDir(), "config")
	err := os.WriteFile(config, []byte("[profile jane]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\nmfa_serial = arn:aws:iam::111122223333:mfa/jane\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		dismiss := make(chan struct{})
		offers(t, a, 2, "desktop", func(context.Context, fob.Question) (string, error) {
			asked++
			<-dismiss
			return "", fob.Errorf(fob.ErrCancelled, "dismissed")
		})
		failed := make(chan error)
		for id := range int64(3) {
			c := connect(t, a, id+3, fob.UI{})
			c.Caller.Paths = fob.Paths{Config: config, Credentials: config + ".none"}
			go func() {
				_, err := api.Call(t.Context(), c, api.Deliver, api.DeliverParams{Name: "jane", Way: "process"})
				failed <- err
			}()
		}
		synctest.Wait()
		close(dismiss)
		for range 3 {
			if err := <-failed; !errors.Is(err, fob.ErrCancelled) {
				t.Error(err)
			}
		}
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// A question that nobody waits for any more is withdrawn.
func TestAQuestionIsWithdrawn(t *testing.T) {
	t.Parallel()
	a, _ := newAgent(t)
	asked, withdrawn := make(chan struct{}), make(chan struct{})
	offers(t, a, 2, "desktop", func(ctx context.Context, _ fob.Question) (string, error) {
		close(asked)
		<-ctx.Done()
		close(withdrawn)
		return "too late", nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := caller(a).Ask(ctx, fob.Question{Kind: fob.AskMFACode}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	<-withdrawn
}

func TestWhoCannotBeAPrompter(t *testing.T) {
	t.Parallel()
	a, _ := newAgent(t)
	c := connect(t, a, 2, fob.UI{})
	for _, p := range []api.PrompterParams{{}, {Name: "x"}, {Name: "x", Can: []string{"dance"}}, {Can: []string{api.CanAsk}}, {Name: "a\x1bb", Can: []string{api.CanAsk}}} {
		if _, err := api.Call(t.Context(), c, api.BePrompter, p); !errors.Is(err, fob.ErrUsage) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if names := a.prompters.Names(); len(names) != 0 {
		t.Error(names)
	}
}
