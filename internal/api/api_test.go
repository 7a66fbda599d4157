package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"fob/internal/fob"
)

func TestErrorsCrossTheWire(t *testing.T) {
	t.Parallel()
	for _, o := range fob.Outcomes() {
		err := fob.Errorf(o.Kind, "what went wrong: %w", errors.New("cause with FOBSECRETMARKERcause")).WithHint("fob list")
		err.Message = "what went wrong"
		back := ToWire(fmt.Errorf("outer: %w", err)).Err()
		if !errors.Is(back, o.Kind) || fob.HintOf(back) != "fob list" || fob.OutcomeOf(back).Code != o.Code {
			t.Errorf("%s: %v", o.Wire, back)
		}
	}
	if e := ToWire(errors.New("boom")); !strings.HasPrefix(e.Message, "internal error") || e.Code != 1 {
		t.Errorf("%+v", e)
	}
	if err := (&Error{Data: ErrorData{Kind: "of the future"}}).Err(); !errors.Is(err, fob.ErrInternal) {
		t.Error(err)
	}
}

func TestCallServesTheAgentMeanwhile(t *testing.T) {
	t.Parallel()
	front, agent := net.Pipe()
	told := ""
	c := NewClient(front, Caller{}, fob.UI{
		AskFunc: func(_ context.Context, q fob.Question) (fob.Secret, error) {
			return fob.NewSecret("answer to " + q.Prompt), nil
		},
		TellFunc: func(_ context.Context, m string) { told = m },
	})
	defer c.Close()
	go func() {
		r := bufio.NewReader(agent)
		call, _ := ReadMessage(r, MaxRequest)
		agent.Write([]byte(`{"jsonrpc":"2.0","method":"ui.tell","params":"hello"}` + "\n"))
		agent.Write([]byte(`{"jsonrpc":"2.0","id":7,"method":"ui.ask","params":{"kind":"mfa-code","prompt":"code"}}` + "\n"))
		answer, _ := ReadMessage(r, MaxRequest)
		agent.Write([]byte(`{"jsonrpc":"2.0","id":8,"method":"ui.confirm","params":{"title":"sure"}}` + "\n"))
		refused, _ := ReadMessage(r, MaxRequest)
		WriteMessage(agent, &Message{ID: call.ID, Result: fmt.Appendf(nil, `[%s,%q]`, answer.Result, refused.Error.Data.Kind)})
	}()
	got, err := Call(t.Context(), c, Complete, CompleteParams{})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != "[answer to code nobody-there]" || told != "hello" {
		t.Errorf("%v, told %q", got, told)
	}
}

func TestALostAgentIsKnownAsSuch(t *testing.T) {
	t.Parallel()
	front, agent := net.Pipe()
	c := NewClient(front, Caller{}, fob.UI{})
	go func() {
		_, _ = ReadMessage(bufio.NewReader(agent), MaxRequest)
		agent.Close()
	}()
	if _, err := Call(t.Context(), c, Kinds, Empty{}); !IsLost(err) {
		t.Error(err)
	}
}

func TestMessagesHaveALimit(t *testing.T) {
	t.Parallel()
	long := `{"jsonrpc":"2.0","method":"` + strings.Repeat("x", 5000) + `"}` + "\n"
	if m, err := ReadMessage(bufio.NewReader(strings.NewReader(long)), 10000); err != nil || len(m.Method) != 5000 {
		t.Error(err)
	}
	if _, err := ReadMessage(bufio.NewReader(strings.NewReader(long)), 4500); !errors.Is(err, fob.ErrInternal) {
		t.Error(err)
	}
	endless := bytes.Repeat([]byte("x"), 1<<20)
	if _, err := ReadMessage(bufio.NewReader(bytes.NewReader(endless)), MaxRequest); !errors.Is(err, fob.ErrInternal) {
		t.Error(err)
	}
	for _, junk := range []string{"", "\n", "{}\n", "null\n", `{"jsonrpc":"1.0"}` + "\n", "[[[[\n"} {
		if _, err := ReadMessage(bufio.NewReader(strings.NewReader(junk)), 100); err == nil {
			t.Errorf("%q was read", junk)
		}
	}
}
