//go:build unix

package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/fob"
	"fob/internal/frontend"
)

// errRefused is what the agent of these tests answers: it ends each command at the
// first thing that the command is about.
var errRefused = fob.Errorf(fob.ErrRefused, "refused by the test")

// agentStub listens as an agent does. It keeps what it is asked, a line a request, and
// answers what commands ask before they begin: the kinds, and the list of sign-ins.
type agentStub struct {
	home  string
	asked chan string
}

func newAgentStub(t *testing.T) *agentStub {
	t.Helper()
	dir, err := os.MkdirTemp("", "fob") // short: it is part of a socket's name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	home, err := fob.HomeFrom(func(name string) string { return map[string]string{"FOB_HOME": dir, "HOME": dir}[name] })
	if err == nil {
		err = home.MakeDirs()
	}
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", home.Socket())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	s := &agentStub{home: dir, asked: make(chan string, 16)}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *agentStub) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		m, err := api.ReadMessage(r, api.MaxRequest)
		if err != nil {
			return
		}
		reply := &api.Message{ID: m.ID}
		switch m.Method {
		case "kinds":
			reply.Result = json.RawMessage(`[{"name":"thing","doc":"a thing","fields":[{"key":"thing_id","flag":"id","doc":"its id","required":true},{"key":"thing_secret","flag":"secret","doc":"its secret","secret":true}]}]`)
		case "list":
			if string(m.Params) == "{}" {
				reply.Result = json.RawMessage(`[{"name":"prod","origin":"fob"},{"name":"corp","section":"thing-session","origin":"fob"}]`)
				break
			}
			fallthrough
		default:
			s.asked <- m.Method + " " + string(m.Params)
			reply.Error = api.ToWire(errRefused)
		}
		if api.WriteMessage(conn, reply) != nil {
			return
		}
	}
}

// programs stand for the parts of deliveries that work in the front end's process: what
// they are to do is kept as the agent's requests are.
func (s *agentStub) programs() command.Programs {
	all := command.Programs{}
	for _, way := range []string{"curl", "proxy", "endpoint", "imds"} {
		all[way] = func(_ context.Context, t fob.Task) error {
			task := struct {
				Profiles  []string            `json:"profiles"`
				NoSession bool                `json:"no_session,omitempty"`
				Narrow    fob.Narrow          `json:"narrow,omitzero"`
				Args      []string            `json:"args,omitempty"`
				Options   map[string][]string `json:"options"`
			}{NoSession: t.Requests[0].NoSession, Narrow: t.Requests[0].Narrow, Args: t.Args, Options: t.Options}
			for _, r := range t.Requests {
				task.Profiles = append(task.Profiles, r.Profile)
			}
			text, err := json.Marshal(task)
			s.asked <- "task " + way + " " + string(text)
			return errors.Join(err, errRefused)
		}
	}
	return all
}

// run runs a command line and returns what it asked, a line each, and which command it
// was. Standard input has one line.
func (s *agentStub) run(t *testing.T, line []string) (asked string, ran *cobra.Command) {
	t.Helper()
	in, w, err := os.Pipe()
	if err == nil {
		_, err = w.WriteString("host=x\n")
		w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out, errs strings.Builder
	env := []string{"FOB_HOME=" + s.home, "HOME=" + s.home, "AWS_PROFILE=prod"}
	a := &command.App{App: frontend.New("1", append([]string{"fob"}, line...), frontend.Streams{In: in, Out: &out, Err: &errs}, env), Programs: s.programs()}
	root := newRoot(a)
	root.SetArgs(line)
	ran, err = root.ExecuteContextC(t.Context())
	a.Leave()
	if err = a.Misused(ran, err); errors.Is(err, fob.ErrUsage) {
		t.Errorf("fob %q: %v\n%s%s", line, err, out.String(), errs.String())
	}
	for len(s.asked) > 0 {
		asked += "\n  " + <-s.asked
	}
	return asked, ran
}

// What each command line asks of the agent, apart from what becomes of the answer: a
// line that begins with fob, and below it the requests, as in testdata/asks.txt. Every
// command and every flag that help shows has a line there.
func TestWhatCommandsAsk(t *testing.T) {
	t.Parallel()
	s := newAgentStub(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"policy": `{ "Version": "2012-10-17" }`, "body": "hello"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile("testdata/asks.txt")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{} // commands, and their flags
	places := strings.NewReplacer("@dir@", dir, "@home@", s.home)
	for block := range strings.SplitSeq(places.Replace("\n"+strings.TrimSpace(string(text))), "\nfob ") {
		if block == "" {
			continue
		}
		line, want, _ := strings.Cut(block, "\n  ")
		got, ran := s.run(t, strings.Fields(line))
		if got = strings.TrimPrefix(got, "\n  "); got != want {
			t.Errorf("fob %s\ngot  %s\nwant %s", line, got, want)
		}
		used[ran.CommandPath()] = true
		ran.Flags().Visit(func(f *pflag.Flag) { used[ran.CommandPath()+" --"+f.Name] = true })
	}
	for _, missing := range unused(newRoot(&command.App{App: &frontend.App{}}), used) {
		t.Errorf("no line has %s", missing)
	}
}

// unused are the commands and flags that no line has.
func unused(c *cobra.Command, used map[string]bool) []string {
	var missing []string
	note := func(name string) {
		if !used[name] {
			missing = append(missing, name)
		}
	}
	if !c.HasSubCommands() {
		note(c.CommandPath())
	}
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && f.Name != "version" && !f.Hidden {
			note(c.CommandPath() + " --" + f.Name)
		}
	})
	for _, sub := range c.Commands() {
		if sub.Name() != "help" {
			missing = append(missing, unused(sub, used)...)
		}
	}
	return missing
}
