package test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// workflow is what is looked at of a file in .github/workflows.
type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		RunsOn   string `yaml:"runs-on"`
		Strategy struct {
			Matrix struct{ OS []string }
		}
		Steps []struct{ Uses, Run string }
	}
}

// systems are what the jobs run on, and targets the Makefile's targets that those on
// one system call. What is wrong with a step is reported.
func (w workflow) read(known []string) (targets map[string][]string, wrong []string) {
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@(v\d+|[0-9a-f]{40})$`)
	targets = map[string][]string{}
	for name, job := range w.Jobs {
		systems := job.Strategy.Matrix.OS
		if job.RunsOn != "${{ matrix.os }}" {
			systems = []string{job.RunsOn}
		}
		for _, step := range job.Steps {
			if step.Uses != "" && !pinned.MatchString(step.Uses) {
				wrong = append(wrong, name+": "+step.Uses+" is pinned to no major version or commit")
			}
			for line := range strings.Lines(step.Run) {
				called, ok := makeTargets(line)
				if !ok {
					wrong = append(wrong, name+": "+strings.TrimSpace(line)+" is no call of make")
				}
				for _, target := range called {
					if !slices.Contains(known, target) {
						wrong = append(wrong, name+": the Makefile has no target "+target)
					}
					for _, system := range systems {
						targets[system] = append(targets[system], target)
					}
				}
			}
		}
	}
	return targets, wrong
}

// makeTargets are the targets of a command line that calls make and does nothing else.
func makeTargets(line string) (targets []string, ok bool) {
	words := strings.Fields(line)
	if len(words) < 2 || words[0] != "make" {
		return nil, false
	}
	for _, word := range words[1:] {
		if !regexp.MustCompile(`^([a-z-]+|[A-Z]+=\w+)$`).MatchString(word) {
			return nil, false
		}
		if !strings.Contains(word, "=") {
			targets = append(targets, word)
		}
	}
	return targets, true
}

// makefileTargets are the targets that people type.
func makefileTargets(t *testing.T) (targets []string) {
	text := readFile(t, "../Makefile")
	for _, match := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(text, -1) {
		targets = append(targets, match[1])
	}
	return targets
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What runs elsewhere on a change is what .ci/run and a person at a terminal run.
func TestWorkflowsCallTheMakefile(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no workflows", err)
	}
	known, called := makefileTargets(t), map[string][]string{}
	for _, file := range files {
		var w workflow
		if err := yaml.Unmarshal([]byte(readFile(t, file)), &w); err != nil {
			t.Fatal(err)
		}
		if len(w.Permissions) == 0 {
			t.Errorf("%s does not say what its token may do", file)
		}
		targets, wrong := w.read(known)
		for _, message := range wrong {
			t.Errorf("%s: %s", file, message)
		}
		for system, more := range targets {
			called[system] = append(called[system], more...)
		}
	}
	var own []string
	for line := range strings.Lines(readFile(t, "../.ci/run")) {
		if targets, ok := makeTargets(line); ok {
			own = append(own, targets...)
		}
	}
	if len(own) == 0 {
		t.Fatal(".ci/run calls no target")
	}
	for _, target := range own {
		if !slices.Contains(called["ubuntu-latest"], target) {
			t.Errorf(".ci/run calls make %s, and no workflow on Linux does", target)
		}
	}
	for _, system := range []string{"ubuntu-latest", "macos-latest", "windows-latest"} {
		for _, target := range []string{"build", "lint", "test", "race", "fuzz", "vuln"} {
			if !slices.Contains(called[system], target) {
				t.Errorf("no workflow calls make %s on %s, only on %v", target, system, slices.Sorted(maps.Keys(called)))
			}
		}
	}
}

// The test above sees what it is meant to see.
func TestWorkflowsThatDiffer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{jobs: {a: {runs-on: x, steps: [{run: make build}]}}}":                    "",
		"{jobs: {a: {runs-on: x, steps: [{run: make fuzz FUZZTIME=9s}]}}}":         "",
		"{jobs: {a: {runs-on: x, steps: [{run: make nothing}]}}}":                  "a: the Makefile has no target nothing",
		"{jobs: {a: {runs-on: x, steps: [{run: go test ./...}]}}}":                 "a: go test ./... is no call of make",
		"{jobs: {a: {runs-on: x, steps: [{run: make build && curl x}]}}}":          "a: make build && curl x is no call of make",
		"{jobs: {a: {runs-on: x, steps: [{run: \"make build\\ngo vet ./...\"}]}}}": "a: go vet ./... is no call of make",
		"{jobs: {a: {runs-on: x, steps: [{uses: actions/checkout@main}]}}}":        "a: actions/checkout@main is pinned to no major version or commit",
		"{jobs: {a: {runs-on: x, steps: [{uses: actions/checkout@v5}]}}}":          "",
	} {
		var w workflow
		if err := yaml.Unmarshal([]byte(text), &w); err != nil {
			t.Fatal(err)
		}
		if _, wrong := w.read(makefileTargets(t)); strings.Join(wrong, "\n") != want {
			t.Errorf("%s: %q, want %q", text, wrong, want)
		}
	}
}

// Every target that a page tells people to type is there.
func TestPagesNameTargets(t *testing.T) {
	t.Parallel()
	known := makefileTargets(t)
	for _, page := range []string{"../README.md", "../CONTRIBUTING.md", "../.github/pull_request_template.md"} {
		named := regexp.MustCompile("(?m)(?:`|^    )make ([a-z -]+)").FindAllStringSubmatch(readFile(t, page), -1)
		if len(named) == 0 {
			t.Errorf("%s names no target", page)
		}
		for _, match := range named {
			for _, target := range strings.Fields(match[1]) {
				if !slices.Contains(known, target) {
					t.Errorf("%s says make %s", page, target)
				}
			}
		}
	}
}
