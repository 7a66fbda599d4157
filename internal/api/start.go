package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fob/internal/fob"
)

// agentName is the agent's program.
const agentName = "fob-agent"

// startLimit is how long a new agent may take until it answers.
const startLimit = 10 * time.Second

// Open connects to the agent of a home and starts it if none is running. With
// alone (FOB_AGENT=off) it starts one for this connection only.
func Open(home fob.Home, environ []string, alone bool, caller Caller, ui fob.UI) (*Client, error) {
	if alone {
		conn, err := startAlone(environ)
		if err != nil {
			return nil, err
		}
		return NewClient(conn, caller, ui), nil
	}
	conn, err := Dial(home.Socket())
	if errors.Is(err, ErrNoAgent) {
		if err := checkSandbox(home); err != nil {
			return nil, err
		}
		var told []string
		if told, err = start(environ); err != nil {
			return nil, err
		}
		for _, message := range told {
			ui.Tell(context.Background(), message)
		}
		conn, err = Dial(home.Socket())
	}
	if errors.Is(err, ErrNoAgent) {
		return nil, fob.Errorf(fob.ErrInternal, "the agent started but does not listen at %s", home.Socket()).
			WithHint("see %s, or use FOB_AGENT=off", home.Log())
	}
	if err != nil {
		return nil, err
	}
	return NewClient(conn, caller, ui), nil
}

// Running connects only if an agent is running; else [ErrNoAgent].
func Running(home fob.Home, caller Caller, ui fob.UI) (*Client, error) {
	conn, err := Dial(home.Socket())
	if err != nil {
		return nil, err
	}
	return NewClient(conn, caller, ui), nil
}

// Glance connects to a running agent for a question that must not block: an agent that does not
// answer within limit is an error. [ErrNoAgent] if none runs.
func Glance(home fob.Home, limit time.Duration, caller Caller) (*Client, error) {
	conn, err := Dial(home.Socket())
	if err != nil {
		return nil, err
	}
	hasten(conn, limit)
	return NewClient(conn, caller, fob.UI{}), nil
}

// start runs a new agent and waits until it listens. If several front ends do this at once, one
// agent wins and the others end. It returns the agent's messages.
func start(environ []string) ([]string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}
	defer null.Close()
	p, err := spawn(nil, environ, []*os.File{null, w, null})
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	defer p.Release()
	return awaitReady(r)
}

// awaitReady reads a new agent's output: messages, then the line that says that it listens, or else
// its error. It does not wait for the end of the output, because another program may have inherited
// the pipe.
func awaitReady(output io.ReadCloser) (told []string, err error) {
	type outcome struct {
		told   []string
		failed string
	}
	read := make(chan outcome, 1)
	go func() {
		defer output.Close() // here: on Windows, Close waits for a read in progress
		var o outcome
		o.told, o.failed = readReady(io.LimitReader(output, maxSaid))
		read <- o
	}()
	select {
	case o := <-read:
		if o.failed != "" {
			return nil, fob.Errorf(fob.ErrInternal, "the agent did not start: %s", o.failed).WithHint("fob-agent (in a terminal), to see more")
		}
		return o.told, nil
	case <-time.After(startLimit):
		return nil, fob.Errorf(fob.ErrInternal, "the agent did not start within %v", startLimit).WithHint("FOB_AGENT=off works without one")
	}
}

// readReady parses what [WriteReady] wrote. Any other last line is the error of the agent.
func readReady(r io.Reader) (told []string, failed string) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		message, tells := strings.CutPrefix(lines.Text(), tellPrefix)
		switch {
		case tells:
			told = append(told, message)
		case lines.Text() == readyLine:
			return told, ""
		default:
			return nil, lines.Text()
		}
	}
	return nil, "it ended at once"
}

// maxSaid limits how much of a new agent's output is read, in bytes.
const maxSaid = 64 << 10

// What a new agent prints: a line for each message, then that it listens.
const (
	tellPrefix = "tell "
	readyLine  = "ready"
)

// WriteReady writes what an agent prints once it, or another agent, listens: messages for the user,
// one on each line, and last the line "ready".
func WriteReady(w io.Writer, told []string) error {
	var text strings.Builder
	for _, message := range told {
		text.WriteString(tellPrefix + strings.ReplaceAll(message, "\n", " ") + "\n")
	}
	_, err := io.WriteString(w, text.String()+readyLine+"\n")
	return err
}

// pipes is a connection over a child's standard streams.
type pipes struct {
	io.Reader
	io.Writer
	close func() error
}

func (p *pipes) Close() error { return p.close() }

func startAlone(environ []string) (io.ReadWriteCloser, error) {
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p, err := spawn([]string{"--stdio"}, environ, []*os.File{inR, outW, os.Stderr})
	inR.Close()
	outW.Close()
	if err != nil {
		return nil, err
	}
	return &pipes{outR, inW, func() error {
		inW.Close() // the agent ends when its input ends
		_, err := p.Wait()
		outR.Close()
		return err
	}}, nil
}

// spawn starts the agent's program. Environment variables for AWS's tools are not passed on: the
// agent must not use them.
func spawn(args, environ []string, files []*os.File) (*os.Process, error) {
	path, err := FindAgent(environ)
	if err != nil {
		return nil, err
	}
	var env []string
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		switch {
		case strings.HasPrefix(kv, "AWS_"):
			continue
		case name == "FOB_HOME" || name == "HOME":
			// The agent starts in another directory, so relative paths are made absolute.
			if abs, err := filepath.Abs(value); err == nil && value != "" {
				kv = name + "=" + abs
			}
		}
		env = append(env, kv)
	}
	p, err := os.StartProcess(path, append([]string{agentName}, args...), &os.ProcAttr{
		Env: env, Files: files, Dir: filepath.Dir(path), Sys: detached(),
	})
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cannot start %s: %w", path, err)
	}
	return p, nil
}

// FindAgent finds the agent's program: in this program's directory, then in PATH.
func FindAgent(environ []string) (string, error) {
	name := agentName + exeSuffix
	var dirs []string
	if exe, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Dir(exe))
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	for _, kv := range environ {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok {
			dirs = append(dirs, filepath.SplitList(path)...)
		}
	}
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			continue // never a program from the current directory
		}
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fob.Errorf(fob.ErrInternal, "%s is neither beside fob nor in PATH", name).WithHint("install both programs into one directory")
}
