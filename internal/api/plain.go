package api

import (
	"bytes"
	"strconv"

	"fob/internal/fob"
)

// The requests and answers of fob credentials, which every AWS command starts, and of fob prompt,
// which every shell prompt starts, are written and parsed here without encoding/json. Its first use
// in a process costs a fifth of the time that the whole process may take (docs/adr/0008). Messages
// that are not plain are handled by encoding/json. So this file affects the speed of messages,
// never their content.

// plainRequest returns the line that [WriteMessage] would write.
func plainRequest(id int64, method string, c *Caller, params any) (line []byte, ok bool) {
	var name string
	var deliver *DeliverParams
	switch p := params.(type) {
	case *NameParams:
		if !p.Narrow.IsZero() {
			return nil, false
		}
		name = p.Name
	case *DeliverParams:
		if len(p.Options) > 0 || p.MinValid != 0 || p.Patience != 0 || !p.Narrow.IsZero() || !plain(p.Way) {
			return nil, false
		}
		name, deliver = p.Name, p
	default:
		return nil, false
	}
	if c.Exe != "" || c.Bus != "" || c.CalledFor != "" {
		return nil, false
	}
	b := make([]byte, 0, 1024)
	b = strconv.AppendInt(append(b, `{"jsonrpc":"2.0","id":`...), id, 10)
	b = append(b, `,"method":"`...)
	for _, member := range [][2]string{
		{method, `","caller":{"protocol":` + strconv.Itoa(c.Protocol) + `,"version":"`},
		{c.Version, `","paths":{"config":"`}, {c.Paths.Config, `","credentials":"`},
		{c.Paths.Credentials, `"}`},
	} {
		if !plain(member[0]) {
			return nil, false
		}
		b = append(append(b, member[0]...), member[1]...)
	}
	if c.Environment != (fob.Environment{}) {
		begin := `,"environment":{"`
		for _, member := range c.Environment.Members() {
			if member[1] == "" {
				continue
			}
			if !plain(member[1]) {
				return nil, false
			}
			b = append(append(append(append(b, begin...), member[0]...), `":"`...), member[1]...)
			begin = `","`
		}
		b = append(b, `"}`...)
	}
	if !plain(name) {
		return nil, false
	}
	b = append(append(append(b, `},"params":{"name":"`...), name...), '"')
	if deliver != nil {
		b = append(append(append(b, `,"way":"`...), deliver.Way...), '"')
		if deliver.NoSession {
			b = append(b, `,"no_session":true`...)
		}
	}
	return append(b, "}}\n"...), true
}

// plain reports whether JSON contains a text unchanged.
func plain(text string) bool {
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// plainAnswer parses an answer into a result of one of two types: a delivery with only a text to
// print, or a state.
func plainAnswer(line []byte, id int64, result any) (ok bool) {
	rest, isReply := bytes.CutPrefix(line, []byte(`{"jsonrpc":"2.0","id":`))
	rest, isOurs := bytes.CutPrefix(rest, strconv.AppendInt(nil, id, 10))
	rest, isResult := bytes.CutPrefix(rest, []byte(`,"result":{"`))
	rest, isAll := bytes.CutSuffix(rest, []byte("}}\n"))
	if !isReply || !isOurs || !isResult || !isAll {
		return false
	}
	switch result := result.(type) {
	case *fob.Delivery:
		text, ok := plainText(rest)
		if ok {
			*result = fob.Delivery{Stdout: text}
		}
		return ok
	case *State:
		state, ok := plainState(rest)
		if ok {
			*result = state
		}
		return ok
	}
	return false
}

// plainState parses the members of a [State].
func plainState(members []byte) (s State, ok bool) {
	rest, isState := bytes.CutPrefix(members, []byte(`state":"`))
	state, left, isLeft := bytes.Cut(rest, []byte(`","left":`))
	if !isState || !isLeft || !plain(string(state)) || len(left) == 0 || len(left) > 9 || left[0] == '0' && len(left) > 1 {
		return State{}, false
	}
	for _, c := range left {
		if c < '0' || c > '9' {
			return State{}, false
		}
		s.Left = 10*s.Left + int(c-'0')
	}
	s.State = string(state)
	return s, true
}

// plainText parses a [fob.Delivery] whose only member is the text to print.
func plainText(members []byte) (stdout string, ok bool) {
	rest, isText := bytes.CutPrefix(members, []byte(`stdout":"`))
	rest, isAll := bytes.CutSuffix(rest, []byte(`"`))
	if !isText || !isAll {
		return "", false
	}
	text := make([]byte, 0, len(rest))
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if c == '\\' && i+1 < len(rest) {
			i++
			switch c = rest[i]; c {
			case '"', '\\':
			case 'n':
				c = '\n'
			default:
				return "", false
			}
		} else if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return "", false
		}
		text = append(text, c)
	}
	return string(text), true
}
