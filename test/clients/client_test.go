//go:build unix

package clients

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"fob/test/skip"
)

// answer is what a client says to one call.
type answer struct {
	Profile string `json:"profile"`
	Arn     string `json:"arn,omitempty"`
	Error   string `json:"error,omitempty"`
	Why     string `json:"why,omitempty"` // from the provider, where the error lacks it
	stderr  string // of the whole process
}

// client is a program that uses AWS.
type client struct {
	name string
	// find returns what the client needs, or the name of what is missing.
	find func() (argv []string, err error)
	// ask makes it call GetCallerIdentity once for each profile; "-" is what the
	// environment says. wrap is fob exec, or nothing.
	ask func(w *world, argv, wrap, profiles []string) ([]answer, error)
}

func clients() []client {
	return []client{
		{"cli", sync.OnceValues(findCLI), askCLI},
		{"py", sync.OnceValues(findPython), askProgram},
		{"js", sync.OnceValues(findNode), askProgram},
		{"go", findGo, askProgram},
	}
}

// all is clients, made once so that each is looked for once.
var all = sync.OnceValue(clients)

func named(name string) client {
	for _, c := range all() {
		if c.name == name {
			return c
		}
	}
	panic("no client " + name)
}

// each runs a test for every client that is here.
func each(t *testing.T, test func(t *testing.T, c client, argv []string)) {
	for _, c := range all() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			argv, err := c.find()
			if err != nil {
				skip.Missing(t, "%v", err)
			}
			test(t, c, argv)
		})
	}
}

func findGo() ([]string, error) {
	self, err := os.Executable()
	return []string{self, goClientArg}, err
}

// findPython gets by what stands in PATH only to choose a version.
func findPython() ([]string, error) {
	if _, err := exec.LookPath("python3"); err != nil {
		return nil, errors.New("python3 is not installed")
	}
	out, err := exec.Command("python3", "-c", "import sys, boto3; print(sys.executable)").Output()
	if err != nil {
		return nil, errors.New("boto3 is not installed for python3")
	}
	script, err := filepath.Abs("client.py")
	return []string{strings.TrimSpace(string(out)), script}, err
}

func findNode() ([]string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("node is not installed")
	}
	if _, err := os.Stat(filepath.Join("js", "node_modules", "@aws-sdk", "client-sts")); err != nil {
		return nil, errors.New("the AWS SDK for JavaScript is not installed: make js")
	}
	script, err := filepath.Abs(filepath.Join("js", "client.mjs"))
	return []string{node, script}, err
}

// findCLI returns the CLI, with the endpoint's option for versions that do not
// read endpoint_url from files: v1 before 1.29, v2 before 2.13.
func findCLI() ([]string, error) {
	path, err := exec.LookPath("aws")
	if err != nil {
		return nil, errors.New("the AWS CLI is not installed")
	}
	out, err := exec.Command(path, "--version").CombinedOutput() // early v1 said it on stderr
	if err != nil {
		return nil, fmt.Errorf("aws --version: %w", err)
	}
	version := regexp.MustCompile(`^aws-cli/(\d+)\.(\d+)\.`).FindSubmatch(out)
	if version == nil {
		return nil, fmt.Errorf("aws --version says %q", out)
	}
	minor, _ := strconv.Atoi(string(version[2]))
	if least, known := map[string]int{"1": 29, "2": 13}[string(version[1])]; known && minor < least {
		return []string{path, "--endpoint-url"}, nil
	}
	return []string{path}, nil
}

// cli is a command line of the AWS CLI.
func (w *world) cli(argv []string, profile string, args ...string) []string {
	line := argv[:1:1]
	if len(argv) > 1 {
		line = append(line, argv[1], w.url)
	}
	line = append(line, args...)
	if profile != "-" {
		line = append(line, "--profile", profile)
	}
	return append(line, "--output", "json")
}

func askCLI(w *world, argv, wrap, profiles []string) ([]answer, error) {
	var list []answer
	for _, name := range profiles {
		line := append(append([]string(nil), wrap...), w.cli(argv, name, "sts", "get-caller-identity")...)
		r, err := w.finish(w.cmd(nil, line...))
		if err != nil {
			return nil, err
		}
		a := answer{Profile: name, stderr: r.err}
		if r.code != 0 {
			a.Error = strings.TrimSpace(r.err)
		} else if err := json.Unmarshal([]byte(r.out), &a); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

func askProgram(w *world, argv, wrap, profiles []string) ([]answer, error) {
	line := append(append([]string(nil), wrap...), argv...)
	return w.answers(append(append(line, "identities"), profiles...))
}

// answers runs one of our client programs and reads its lines.
func (w *world) answers(line []string) ([]answer, error) {
	r, err := w.finish(w.cmd(nil, line...))
	if err != nil {
		return nil, err
	}
	var list []answer
	for text := range strings.Lines(r.out) {
		a := answer{stderr: r.err}
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		list = append(list, a)
	}
	if r.code != 0 {
		return nil, fmt.Errorf("exit %d: %s", r.code, r.err)
	}
	return list, nil
}
