package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"fob/internal/fob"
)

// text generates mostly plain texts, and sometimes any.
func text() *rapid.Generator[string] {
	return rapid.OneOf(rapid.StringMatching(`[ -~]{0,8}`), rapid.StringMatching(`[a-z0-9/.{}:,-]{0,20}`), rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
}

func TestPlainRequestIsTheGeneralOne(t *testing.T) {
	t.Parallel()
	// By reflection, so that new members are covered.
	members := rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{
		reflect.TypeFor[string]():            text().AsAny(),
		reflect.TypeFor[map[string]string](): rapid.MapOfN(text(), text(), 0, 1).AsAny(),
	}}
	rapid.Check(t, func(t *rapid.T) {
		caller := rapid.MakeCustom[Caller](members).Draw(t, "caller")
		var p any
		if rapid.Bool().Draw(t, "name alone") {
			params := rapid.MakeCustom[NameParams](members).Draw(t, "params")
			p = &params
		} else {
			params := rapid.MakeCustom[DeliverParams](members).Draw(t, "params")
			p = &params
		}
		id := rapid.Int64Min(1).Draw(t, "id")
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var general bytes.Buffer
		if err := WriteMessage(&general, &Message{ID: &id, Method: string(Deliver), Caller: &caller, Params: raw}); err != nil {
			t.Fatal(err)
		}
		if line, ok := plainRequest(id, string(Deliver), &caller, p); ok && string(line) != general.String() {
			t.Fatalf("%s is not %s", line, general.String())
		}
	})
}

func TestPlainAnswerIsTheGeneralOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := fob.Delivery{Stdout: text().Draw(t, "stdout"), Warning: rapid.StringMatching(`[a-z"}]{0,3}`).Draw(t, "warning")}
		id := rapid.Int64Min(1).Draw(t, "id")
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var general bytes.Buffer
		if err := WriteMessage(&general, &Message{ID: &id, Result: raw}); err != nil {
			t.Fatal(err)
		}
		var got fob.Delivery
		if ok := plainAnswer(general.Bytes(), id, &got); ok && (got.Stdout != d.Stdout || d.Warning != "") {
			t.Fatalf("%+v, and it was %+v", got, d)
		}
		if plainAnswer(general.Bytes(), id+1, &got) || plainAnswer(general.Bytes(), id, &State{}) {
			t.Fatal("took the answer to another question")
		}
	})
}

// The usual messages of fob credentials are plain; otherwise the fast path would be useless.
func TestCredentialsArePlain(t *testing.T) {
	t.Parallel()
	caller := &Caller{Protocol: Protocol, Version: "0.1.0+dev-5-gabcdef", Paths: fob.Paths{Config: "/home/jane/.aws/config", Credentials: "/home/jane/.aws/credentials"}}
	if _, ok := plainRequest(1, string(Deliver), caller, &DeliverParams{Name: "team/prod eu", Way: "process"}); !ok {
		t.Error("the request is not plain")
	}
	want := `{"Version":1,"AccessKeyId":"ASIA","SecretAccessKey":"a/b+c=","Expiration":"2026-01-02T03:04:05Z"}` + "\n"
	raw, err := json.Marshal(fob.Delivery{Stdout: want})
	if err != nil {
		t.Fatal(err)
	}
	id := int64(1)
	var line bytes.Buffer
	if err := WriteMessage(&line, &Message{ID: &id, Result: raw}); err != nil {
		t.Fatal(err)
	}
	var got fob.Delivery
	if ok := plainAnswer(line.Bytes(), id, &got); !ok || got.Stdout != want {
		t.Errorf("%q is read as %q, %v", line.String(), got.Stdout, ok)
	}
}

func TestPlainStateIsTheGeneralOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := State{State: text().Draw(t, "state"), Left: rapid.Int().Draw(t, "left")}
		raw, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		id := int64(3)
		var line bytes.Buffer
		if err := WriteMessage(&line, &Message{ID: &id, Result: raw}); err != nil {
			t.Fatal(err)
		}
		var got State
		ok := plainAnswer(line.Bytes(), id, &got)
		if ok && got != want {
			t.Fatalf("%+v became %+v", want, got)
		}
		if usual := plain(want.State) && want.Left >= 0 && want.Left < 1e9; ok != usual {
			t.Fatalf("%s: read: %v", line.String(), ok)
		}
	})
}

// FuzzPlainAnswer: a line is parsed as encoding/json parses it, or declined.
func FuzzPlainAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"result":{"stdout":"{\"a\":\"b\\\\c\"}\n"}}` + "\n",
		`{"jsonrpc":"2.0","id":1,"result":{"stdout":"x\""}}` + "\n", `{"jsonrpc":"2.0","id":1,"result":{"stdout":"x\"}}` + "\n",
		`{"jsonrpc":"2.0","id":1,"result":{"stdout":"x","warning":"y"}}` + "\n", `{"jsonrpc":"2.0","id":12,"result":{"stdout":""}}` + "\n",
		`{"jsonrpc":"2.0","id":1,"result":{"state":"cached","left":3599}}` + "\n", `{"jsonrpc":"2.0","id":1,"result":{"state":"x","left":00}}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var got fob.Delivery
		var state State
		isState := plainAnswer(line, 1, &state)
		if !plainAnswer(line, 1, &got) && !isState {
			return
		}
		m, err := ReadMessage(bufio.NewReader(bytes.NewReader(line)), len(line)+1)
		if err != nil {
			t.Fatalf("%q was read: %v", line, err)
		}
		var d fob.Delivery
		var s State
		if err := errors.Join(json.Unmarshal(m.Result, &d), json.Unmarshal(m.Result, &s)); err != nil || *m.ID != 1 ||
			d.Stdout != got.Stdout || s != state || d.Warning != "" || d.Set != nil || d.Unset != nil {
			t.Fatalf("%q was read as %+v, %+v", line, got, state)
		}
	})
}
