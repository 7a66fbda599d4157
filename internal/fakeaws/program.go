package fakeaws

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"fob/internal/fakeaws/edge"
	"fob/internal/fob"
)

type programOptions struct {
	listen, scene, out string
	ca                 string
	ignoreStdin        bool
	partition, region  string
	verbose            bool
}

func (o *programOptions) parse(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("fakeaws", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback address and port")
	flags.StringVar(&o.scene, "scene", "default", "what is there at the start: default, or empty")
	flags.StringVar(&o.out, "out", "", "file for the line with the URL and the scene's secrets, instead of stdout")
	flags.StringVar(&o.ca, "ca", "", "file for a certificate authority: serve TLS too, and a proxy for AWS's own host names")
	flags.BoolVar(&o.ignoreStdin, "ignore-stdin", false, "do not end when stdin does")
	flags.StringVar(&o.partition, "partition", "aws", "partition of the accounts")
	flags.StringVar(&o.region, "region", "", "the only region to accept in signatures; any if empty")
	flags.BoolVar(&o.verbose, "v", false, "a line a request on stderr")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || o.scene != "default" && o.scene != "empty" {
		return errors.New("unknown argument or scene")
	}
	return nil
}

// Main is the program of cmd/fakeaws: it serves until ctx or stdin ends.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var o programOptions
	if err := o.parse(args, stderr); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		fmt.Fprintln(stderr, "fakeaws:", err)
		return 2
	}
	if err := o.run(ctx, stdin, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "fakeaws:", err)
		if hint := fob.HintOf(err); hint != "" {
			fmt.Fprintln(stderr, "hint:", hint)
		}
		return 1
	}
	return 0
}

func (o *programOptions) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	listener, err := Listen(o.listen)
	if err != nil {
		return err
	}
	opts := Options{Partition: o.partition, Region: o.region}
	if o.verbose {
		opts.Logf = func(format string, args ...any) { fmt.Fprintf(stderr, "fakeaws: "+format+"\n", args...) }
	}
	s := New(opts)
	defer s.Close()
	var scene Scene
	if o.scene == "default" {
		scene = s.SetDefault()
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	defer server.Close()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	addresses := map[string]any{"url": "http://" + listener.Addr().String()}
	if o.ca != "" {
		e, err := edge.New(s)
		if err != nil {
			return err
		}
		defer e.Close()
		if err := os.WriteFile(o.ca, e.CA, 0o600); err != nil {
			return err
		}
		addresses["tls_url"], addresses["proxy"] = e.URL, e.Proxy
	}
	if err := o.announce(scene, addresses, stdout); err != nil {
		return err
	}
	ended := make(chan struct{})
	if !o.ignoreStdin && !isNull(stdin) {
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			close(ended)
		}()
	}
	select {
	case <-ctx.Done():
	case <-ended:
	case err := <-failed:
		return err
	}
	return nil
}

// isNull reports whether stdin is /dev/null, as a shell's background jobs have
// it: its end says nothing about who started the program.
func isNull(stdin io.Reader) bool {
	f, ok := stdin.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	null, nullErr := os.Stat(os.DevNull)
	return err == nil && nullErr == nil && os.SameFile(info, null)
}

// announce writes one line of JSON, to a file that appears whole or not at all.
func (o *programOptions) announce(scene Scene, all map[string]any, stdout io.Writer) error {
	users := map[string]publicUser{}
	for name, u := range scene.Users {
		users[name] = public(u)
	}
	all["users"], all["roles"] = users, scene.Roles
	if i := scene.SSO; i != nil {
		all["sso"] = map[string]any{"start_url": i.StartURL(all["url"].(string)), "region": i.Spec().Region, "user": i.Spec().User, "accounts": i.Accounts()}
	}
	line, err := json.Marshal(all)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if o.out == "" {
		_, err = stdout.Write(line)
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(o.out), ".fakeaws-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), o.out)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
