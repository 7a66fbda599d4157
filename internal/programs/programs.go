// Package programs runs programs that definitions name (credential_process and the like)
// for their output, with the person's consent and within limits.
//
// A program is run without a shell. It gets a small environment of the agent's own and no
// input; it has a minute and may print 1 MiB. What it prints is a secret, but for the last
// line of its standard error, which is shown if it fails.
package programs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/processline"
	"fob/internal/quote"
)

// Limits of a program.
const (
	timeLimit   = time.Minute // SDKs give a credential_process as long
	outputLimit = 1 << 20     // bytes of standard output
	// drainTime is how long output is read after the program has ended: what it has
	// started and left behind may hold the pipe open.
	drainTime = time.Second
)

// Runner runs programs. Set the fields before use; methods may be called concurrently.
type Runner struct {
	// Allowed is the private file that remembers what the person has consented to, and
	// Lock its lock file.
	Allowed, Lock string
	// Environ is the environment of this process, of which programs get a part.
	Environ []string
}

// For is for whom a program is run.
type For struct {
	Profile fob.Profile // whose definition names it
	// Callers are the profiles whose programs have called fob for this one, outermost
	// first.
	Callers []string
	UI      fob.UI
}

// Run runs a program and returns what it has printed. The error is [fob.ErrUsage] for a
// program or a definition that is not to be trusted, [fob.ErrNobody] where nobody could be
// asked for consent, [fob.ErrCancelled] where it was refused, [fob.ErrNetwork] for one that
// did not end in time, and [fob.ErrRefused] for one that failed.
func (r *Runner) Run(ctx context.Context, whom For, c principal.Command) (fob.Secret, error) {
	name := fmt.Sprintf("%s of profile %q", c.Key, whom.Profile.Name)
	words, closed := processline.Split(c.Line)
	if !closed || len(words) == 0 {
		return fob.Secret{}, fob.Errorf(fob.ErrUsage, "%s is no command line: it is empty, or a quote has no end", name).
			WithHint("correct it in %s", whom.Profile.Path)
	}
	env := r.environ(whom)
	path, err := find(words[0], env)
	if err != nil {
		return fob.Secret{}, fob.Errorf(fob.ErrUsage, "%s cannot be run: %w", name, err).WithHint("name a program by its absolute path in %s", whom.Profile.Path)
	}
	for _, file := range []string{whom.Profile.Path, path} {
		if err := trusted(file); err != nil {
			return fob.Secret{}, fob.Errorf(fob.ErrUsage, "%s is not run: %w", name, err).WithHint("%s", fob.HintOf(err))
		}
	}
	if err := r.consent(ctx, whom, c, words, path); err != nil {
		return fob.Secret{}, err
	}
	return execute(ctx, name, path, words[1:], env)
}

// find is the file of a program. A name without a directory is looked up in PATH.
func find(name string, env []string) (string, error) {
	if filepath.IsAbs(name) {
		if _, err := os.Stat(name); err != nil {
			return "", err
		}
		return name, nil
	}
	if filepath.Base(name) != name {
		return "", errors.New(quote.Word(name) + " is no absolute path")
	}
	for _, dir := range filepath.SplitList(value(env, "PATH")) {
		if !filepath.IsAbs(dir) { // of the agent's directory, which is nobody's
			continue
		}
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no program " + quote.Word(name) + " in PATH")
}

func value(env []string, name string) string {
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

var errOutput = fmt.Errorf("it printed more than %d MiB", outputLimit>>20)

// execute runs a program to its end, or ends it with all it has started.
func execute(ctx context.Context, name, path string, args, env []string) (fob.Secret, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeLimit, fmt.Errorf("it did not end within %v", timeLimit))
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	cmd := exec.CommandContext(ctx, path, args...)
	out, errs := &output{full: func() { stop(errOutput) }}, &tail{}
	defer out.wipe()
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = env, directory(env), out, errs, drainTime
	end, err := isolated(cmd)
	if err != nil {
		return fob.Secret{}, fob.Errorf(fob.ErrUsage, "%s cannot be run: %w", name, err).WithHint("%s must be a program", quote.Word(path))
	}
	defer end()
	err = cmd.Wait()
	switch why := context.Cause(ctx); {
	case errors.Is(why, context.Canceled):
		return fob.Secret{}, why
	case why != nil:
		return fob.Secret{}, fob.Errorf(fob.ErrNetwork, "%s was ended: %w%s", name, why, errs.line()).WithHint("run it in a terminal to see why")
	case errors.Is(err, exec.ErrWaitDelay): // it has ended, and something that it started has not
	case err != nil:
		return fob.Secret{}, fob.Errorf(fob.ErrRefused, "%s failed: %w%s", name, err, errs.line()).WithHint("run it in a terminal to see why")
	}
	return fob.NewSecret(string(out.text())), nil
}

// directory is where programs run: at home, for the agent's own directory says nothing.
func directory(env []string) string {
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if dir := value(env, name); filepath.IsAbs(dir) {
			if info, err := os.Stat(dir); err == nil && info.IsDir() {
				return dir
			}
		}
	}
	return filepath.VolumeName(os.TempDir()) + string(filepath.Separator)
}

// output keeps what a program prints, up to a limit.
type output struct {
	buffer bytes.Buffer
	full   func() // called when there is more
}

func (o *output) Write(p []byte) (int, error) {
	if o.buffer.Len()+len(p) > outputLimit {
		o.full()
		return 0, errOutput
	}
	return o.buffer.Write(p)
}

func (o *output) text() []byte { return o.buffer.Bytes() }

// wipe overwrites what was printed, as far as it is still in the buffer.
func (o *output) wipe() { clear(o.buffer.Bytes()) }

// tailLimit is how much of standard error is kept, in bytes.
const tailLimit = 4 << 10

// tail keeps the end of what a program says on standard error.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[max(0, len(p)-tailLimit):]...)
	t.kept = append(t.kept[:0], t.kept[max(0, len(t.kept)-tailLimit):]...)
	return len(p), nil
}

// line is the last line that says something, for the end of an error.
func (t *tail) line() string {
	last := ""
	for line := range strings.Lines(string(t.kept)) {
		if line = strings.TrimSpace(printable(line)); line != "" {
			last = line
		}
	}
	if last == "" {
		return ""
	}
	if runes := []rune(last); len(runes) > 300 {
		last = "…" + string(runes[len(runes)-300:])
	}
	return ": " + last
}

// printable leaves out what a terminal would obey.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, text)
}

// trusted refuses a file that other users could have written. The error has a hint.
func trusted(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if err := private(real); err != nil {
		return err
	}
	// Whoever may write beside a link on the way may replace it. There is an end to the
	// links, since the real path was found.
	for file := path; ; {
		if err := private(file); err != nil {
			return err
		}
		to, err := os.Readlink(file)
		if err != nil {
			return nil // no link
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(file), to)
		}
		file = to
	}
}
