//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"fob/internal/api"
	"fob/internal/fakeaws"
	"fob/internal/fob"
)

// bench is the programs, the fake of AWS, and the homes made so far.
type bench struct {
	dir   string
	aws   *fakeaws.Server
	scene fakeaws.Scene
	url   string
	homes []*home
}

func newBench() *bench {
	b := &bench{dir: must(os.MkdirTemp("", "fob-bench-")), aws: fakeaws.New(fakeaws.Options{})}
	b.scene = b.aws.SetDefault()
	listener := must(fakeaws.Listen("127.0.0.1:0"))
	go http.Serve(listener, b.aws)
	b.url = "http://" + listener.Addr().String()
	b.build("fob", "./cmd/fob", "")
	b.build("fob-agent", "./cmd/fob-agent", "")
	return b
}

func (b *bench) close() {
	for _, h := range b.homes {
		_ = h.fob("agent", "stop").Run()
	}
	b.aws.Close()
	_ = os.RemoveAll(b.dir)
}

// build builds a static program and returns its path. It is installed by copying, as
// make install does: the system keeps what a linker has written in smaller pieces of
// memory than what was copied, and up to a fifth of a short program's time depends on it.
func (b *bench) build(name, pkg, flags string) string {
	linked, path := filepath.Join(b.dir, "linked"), filepath.Join(b.dir, name)
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w "+flags, "-o", linked, pkg)
	cmd.Env, cmd.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	check(cmd.Run())
	check(os.WriteFile(path, must(os.ReadFile(linked)), 0o755))
	return path
}

// yardstick builds a program of a folder beside this file, which is run in the home
// with arguments.
func (h *home) yardstick(b *bench, name string, args ...string) subject {
	return h.runs(b.build(name, "./test/bench/"+name, ""), args...)
}

// hello builds the least program that prints a text.
func (h *home) hello(b *bench, name string, prints []byte) subject {
	s := h.runs(b.build(name, "./test/bench/hello", "-X 'main.text="+strings.TrimSuffix(string(prints), "\n")+"'"))
	s.prints = prints
	return s
}

func (h *home) runs(path string, args ...string) subject {
	return subject{command: func() *exec.Cmd {
		cmd := exec.Command(path, args...)
		cmd.Env, cmd.Dir = h.env, h.dir
		return cmd
	}}
}

// home is one user's home, with an agent of its own.
type home struct {
	dir, bin string
	env      []string
}

// The files that definitions may be in.
const (
	awsConfig = ".aws/config"
	ownConfig = "fob/config"
)

// newHome makes a home with a vault, the user bot and n roles in one file.
func (b *bench) newHome(n int, file string) *home {
	h := &home{dir: must(os.MkdirTemp(b.dir, "home-")), bin: b.dir}
	b.homes = append(b.homes, h)
	h.env = []string{"HOME=" + h.dir, "FOB_HOME=" + filepath.Join(h.dir, "fob"), "PATH=" + os.Getenv("PATH")}
	check(os.Mkdir(filepath.Join(h.dir, ".aws"), 0o700))
	h.must("", "vault", "init", "--unlock", "file")
	bot := b.scene.Users["bot"].Credentials
	h.must(bot.SecretAccessKey.Reveal()+"\n", "add", "user", "bot", "--access-key-id", bot.AccessKeyID, "--endpoint-url", b.url, "--secret-stdin")
	path := filepath.Join(h.dir, file)
	text, _ := os.ReadFile(path)
	for i := range n {
		text = fmt.Appendf(text, "\n[profile %s]\nrole_arn = %s\nsource_profile = bot\nregion = eu-west-1\nendpoint_url = %s\n",
			profile(i), b.scene.Roles["ReadOnly"], b.url)
	}
	check(os.WriteFile(path, text, 0o600))
	old := time.Now().Add(-time.Hour) // as a file is that nobody edits just now
	check(os.Chtimes(path, old, old))
	return h
}

func profile(i int) string { return fmt.Sprintf("team%03d-role%02d", i/20, i%20) }

func (h *home) fob(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(h.bin, "fob"), args...)
	cmd.Env, cmd.Dir = h.env, h.dir
	return cmd
}

// try runs fob and returns what it prints.
func (h *home) try(stdin string, args ...string) ([]byte, error) {
	cmd := h.fob(args...)
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("fob %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return out, err
}

func (h *home) must(stdin string, args ...string) []byte { return must(h.try(stdin, args...)) }

// agent is the state of the running agent.
func (h *home) agent() (status api.AgentStatus) {
	check(json.Unmarshal(h.must("", "agent", "status", "--json"), &status))
	return status
}

// ask is one connection's request for credentials, without a process.
func (h *home) ask(agent api.AgentStatus, profile string, ready func()) error {
	conn, err := api.Dial(agent.Socket)
	ready()
	if err != nil {
		return err
	}
	paths := fob.Paths{Config: filepath.Join(h.dir, awsConfig), Credentials: filepath.Join(h.dir, ".aws/credentials")}
	client := api.NewClient(conn, api.Caller{Paths: paths}, fob.UI{})
	defer client.Close()
	_, err = api.Call(context.Background(), client, api.Deliver, api.DeliverParams{Name: profile, Way: "process"})
	return err
}
