//go:build linux

package system

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"fob/internal/api"
	"fob/internal/fob"
)

// prompter registers a front end that answers the questions of callers without a person; leave
// disconnects it.
func (w *world) prompter(name string, answer func(ctx context.Context, q fob.Question) (string, error)) (leave func()) {
	w.t.Helper()
	conn, err := api.Dial(w.fobFile("run/agent.sock"))
	if err != nil {
		w.t.Fatal(err)
	}
	c := api.NewClient(conn, api.Caller{}, fob.UI{AskFunc: func(ctx context.Context, q fob.Question) (fob.Secret, error) {
		text, err := answer(ctx, q)
		return fob.NewSecret(text), err
	}})
	if _, err := api.Call(w.t.Context(), c, api.BePrompter, api.PrompterParams{Name: name, Can: []string{api.CanAsk}}); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = c.Serve(ctx)
		_ = c.Close()
	}()
	leave = func() {
		cancel()
		<-served
	}
	w.t.Cleanup(leave)
	return leave
}

// If the caller has no terminal a prompter is asked, and is told which program asks for what.
func TestPrompterAnswersForAProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(w.config(), stage().expand("[profile pat]\naws_access_key_id = @pat.id@\naws_secret_access_key = @pat.secret@\nmfa_serial = @pat.mfa@\nregion = eu-west-1\nendpoint_url = @URL@\n"))
	w.ok("list") // starts the agent
	code, err := stage().server.Code(stage().scene.Users["pat"].MFASerial)
	if err != nil {
		t.Fatal(err)
	}
	var asked fob.Question
	w.prompter("desktop", func(_ context.Context, q fob.Question) (string, error) {
		asked = q
		return code, nil
	})
	if r := w.finish(detached(w.cmd("credentials", "pat"))); r.code != 0 {
		t.Fatal(r)
	}
	test, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	who := asked.For
	if asked.Kind != fob.AskMFACode || who.Profile != "pat" || who.Request != string(api.Deliver) ||
		who.Program.Exe != filepath.Join(w.bin, "fob") || who.Program.PID == 0 || who.Parent.Exe != test || who.Parent.PID != os.Getpid() {
		t.Errorf("it was shown %+v", asked)
	}
}

// A caller with a terminal is asked there, even if there are prompters.
func TestTerminalComesBeforePrompter(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	w.ok("list")
	w.prompter("desktop", func(context.Context, fob.Question) (string, error) {
		t.Error("the prompter was asked")
		return "", fob.ErrCancelled
	})
	term := onTerminal(t, w.cmd("credentials", "jane"))
	term.expect("MFA code")
	term.typing("\x03")
	if code := term.wait(); code != 130 {
		t.Fatalf("exit %d: %s", code, redact(term.text()))
	}
}

// A dismissal is an answer: nobody else is asked.
func TestPrompterDismisses(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	w.ok("list")
	w.prompter("another", func(context.Context, fob.Question) (string, error) {
		t.Error("another was asked")
		return "", fob.ErrCancelled
	})
	w.prompter("desktop", func(context.Context, fob.Question) (string, error) {
		return "", fob.Errorf(fob.ErrCancelled, "dismissed")
	})
	if r := w.finish(detached(w.cmd("credentials", "jane"))); r.code != 130 {
		t.Error(r)
	}
}

// If a prompter disconnects while it is asked, the next one is asked; after the last the error is
// "nobody there to ask".
func TestPrompterEndsWhileAsked(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	w.ok("list")
	if r := w.finish(detached(w.cmd("credentials", "jane"))); r.code != 4 {
		t.Fatal(r) // there is none
	}
	var asked []string
	waits := func(name string) (leave func(), isAsked chan struct{}) {
		isAsked = make(chan struct{})
		return w.prompter(name, func(ctx context.Context, _ fob.Question) (string, error) {
			asked = append(asked, name)
			close(isAsked)
			<-ctx.Done()
			return "", errors.New("too late")
		}), isAsked
	}
	leaveFirst, firstAsked := waits("first")
	leaveSecond, secondAsked := waits("second")
	done := make(chan result, 1)
	go func() { done <- w.finish(detached(w.cmd("credentials", "jane"))) }()
	<-secondAsked
	leaveSecond()
	<-firstAsked
	leaveFirst()
	if r := <-done; r.code != 4 {
		t.Fatal(r)
	}
	if len(asked) != 2 || asked[0] != "second" || asked[1] != "first" {
		t.Errorf("asked %v", asked)
	}
}
