package agent

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"fob/internal/api"
	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// Main is the program fob-agent. Without arguments it serves this user's front ends until it is
// told to stop; with --stdio it serves one front end, over its standard streams. Credentials are
// kept and renewed by the clock now.
func Main(ctx context.Context, version string, args []string, stdin io.ReadCloser, stdout io.WriteCloser, stderr io.Writer, getenv func(string) string, now func() time.Time) int {
	flags := flag.NewFlagSet("fob-agent", flag.ContinueOnError)
	flags.SetOutput(stderr)
	stdio := flags.Bool("stdio", false, "serve one front end over standard input and output")
	showVersion := flags.Bool("version", false, "print the version and exit")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil || flags.NArg() > 0 {
		return 2
	}
	if *showVersion {
		fmt.Fprintln(stdout, "fob-agent", version)
		return 0
	}
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	ctx, unsignal := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer unsignal()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, quit, version, *stdio, stdin, stdout, getenv, now) }()
	var err error
	select {
	case err = <-ended:
	case <-overdue(ctx, endLimit): // whatever blocks ends with the process
		return fob.OutcomeOf(fob.ErrInternal).Code
	}
	if err != nil && *stdio {
		answerWith(err, stdin, stdout)
		return fob.OutcomeOf(err).Code
	}
	if err != nil {
		// One line: fob reads it from a new agent's output, users from stderr.
		message := err.Error()
		if hint := fob.HintOf(err); hint != "" {
			message += " (" + hint + ")"
		}
		fmt.Fprintln(stdout, message)
		return fob.OutcomeOf(err).Code
	}
	return 0
}

// answerWith answers the front end's first request with the reason why the agent cannot run. The
// front end expects JSON-RPC and nothing else.
func answerWith(err error, stdin io.Reader, stdout io.Writer) {
	if m, e := api.ReadMessage(bufio.NewReader(stdin), api.MaxRequest); e == nil {
		_ = api.WriteMessage(stdout, &api.Message{ID: m.ID, Error: api.ToWire(err)})
	}
}

// endLimit is how long an agent takes to end, whatever blocks: a call to a file system that does
// not answer cannot be cancelled.
const endLimit = 2 * time.Second

// overdue returns a channel that is closed when ctx ended and limit has passed since.
func overdue(ctx context.Context, limit time.Duration) <-chan struct{} {
	late := make(chan struct{})
	context.AfterFunc(ctx, func() { time.AfterFunc(limit, func() { close(late) }) })
	return late
}

func run(ctx context.Context, quit context.CancelFunc, version string, stdio bool, stdin io.ReadCloser, stdout io.WriteCloser, getenv func(string) string, now func() time.Time) error {
	closeInherited() // first: harden makes /proc/self unreadable
	setUmask()
	// Whoever happened to start the agent does not decide whom it trusts: crypto/x509 reads
	// these at the first call with TLS. Callers send their own with each request.
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if err := os.Unsetenv(name); err != nil {
			return err
		}
	}
	if err := harden(); err != nil {
		return err
	}
	home, err := fob.HomeFrom(getenv)
	if err != nil {
		return err
	}
	if err := home.MakeDirs(); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot make fob's directories: %w", err).WithHint("check the owner and free space, or set FOB_HOME")
	}
	if err := checkAllOwn(home); err != nil {
		return err
	}
	log, err := openLog(home.Log(), getenv("FOB_LOG"))
	if err != nil {
		return err
	}
	a := New(home, version, log, quit, now)
	defer a.broker.Flush()
	if stdio {
		c := newConn(stream{stdin, stdout}, 1, fob.Caller{UID: os.Getuid(), PID: os.Getppid()})
		stop := context.AfterFunc(ctx, c.finish)
		defer stop()
		go func() { <-c.gone; quit() }() // the front end may have been killed
		a.serve(ctx, c)
		return nil
	}
	return a.listenAndServe(ctx, stdout)
}

// stream joins the two standard streams.
type stream struct {
	io.ReadCloser
	w io.WriteCloser
}

func (s stream) Write(p []byte) (int, error) { return s.w.Write(p) }

// Close closes both streams, so that a front end which waits for an answer gets an error.
func (s stream) Close() error { return errors.Join(s.ReadCloser.Close(), s.w.Close()) }

func openLog(path, level string) (*slog.Logger, error) {
	f, err := atomicfile.Append(path)
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cannot open the log: %w", err).WithHint("check the owner and free space, or set FOB_HOME")
	}
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: l})), nil
}
