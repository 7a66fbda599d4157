package hotpath

import (
	"context"
	"strconv"
	"strings"
	"time"

	"fob/internal/api"
	"fob/internal/environ"
	"fob/internal/fob"
	"fob/internal/frontend"
	"fob/internal/terminal"
)

// Prompt is what a shell's prompt shows of the profile in use. Every prompt runs
// it, so like fob credentials it does without the tree of commands, and it waits
// for nobody: without an agent that answers at once there is the name alone.
type Prompt struct {
	Shell  string // whose prompt it becomes a part of
	Format string
}

const (
	// DefaultFormat is the default of --format.
	DefaultFormat = "{name}{ left}"
	// limit is how long a prompt may wait for the agent.
	limit = 200 * time.Millisecond
)

// promptLine recognises fob prompt with nothing but its two flags, each with a
// value.
func promptLine(args []string) (p Prompt, ok bool) {
	if len(args) == 0 || args[0] != "prompt" {
		return p, false
	}
	p.Format = DefaultFormat
	for args = args[1:]; len(args) > 0; args = args[1:] {
		flag, value, joined := strings.Cut(args[0], "=")
		if !joined {
			if len(args) == 1 {
				return p, false
			}
			args = args[1:]
			value = args[0]
		}
		switch flag {
		case "--shell":
			p.Shell = value
		case "--format":
			p.Format = value
		default:
			return p, false
		}
	}
	return p, true
}

// Print never fails: a prompt is no place for messages.
func (p Prompt) Print(ctx context.Context, a *frontend.App) error {
	name := a.Environ.PlainName(a.Getenv("AWS_PROFILE"))
	if name == "" {
		return nil
	}
	var narrowed fob.Narrow
	if strings.Contains(a.Getenv(environ.Within), `"narrow"`) { // else nothing has to be decoded
		_, narrowed = a.Environ.Acting()
	}
	state := outlook(ctx, a, name, narrowed)
	left := ""
	switch state.State {
	case api.StateUnknown:
		return nil // not one of ours
	case api.StateCached:
		left = short(time.Duration(state.Left) * time.Second)
	case api.StateSignIn:
		left = "sign-in"
	case api.StateLocked:
		left = "locked"
	}
	return a.Write(fob.Delivery{Stdout: fill(p.Format, map[string]string{"name": inert(name, p.Shell), "left": left}) + "\n"})
}

// outlook asks the agent, if there is one that answers at once.
func outlook(ctx context.Context, a *frontend.App, name string, n fob.Narrow) (state api.State) {
	home, err := fob.HomeFrom(a.Getenv)
	if err != nil {
		return state
	}
	paths, err := fob.PathsFrom(a.Getenv)
	if err != nil {
		return state
	}
	client, err := api.Glance(home, limit, api.Caller{Version: a.Version, Paths: paths})
	if err != nil {
		return state
	}
	defer client.Close()
	p := api.NameParams{Name: name, Narrow: n}
	if client.Call(ctx, api.Outlook, &p, &state) != nil {
		return api.State{}
	}
	return state
}

// short says how long something is valid still: 43m, 1h05m.
func short(d time.Duration) string {
	minutes := int(d.Minutes())
	switch {
	case d <= 0:
		return "" // without end
	case minutes == 0:
		return "<1m"
	case minutes < 60:
		return strconv.Itoa(minutes) + "m"
	case minutes%60 < 10:
		return strconv.Itoa(minutes/60) + "h0" + strconv.Itoa(minutes%60) + "m"
	}
	return strconv.Itoa(minutes/60) + "h" + strconv.Itoa(minutes%60) + "m"
}

// fill replaces each {…word…} in a format by the word's value with what stands
// around it in the braces, or by nothing if the value is empty. Other braces are
// text.
func fill(format string, values map[string]string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(format, "{")
		inner, after, closed := strings.Cut(rest, "}")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		word := strings.TrimFunc(inner, func(r rune) bool { return r < 'a' || r > 'z' })
		value, known := values[word]
		if !closed || !known {
			b.WriteByte('{')
			format = rest
			continue
		}
		if value != "" {
			b.WriteString(strings.Replace(inner, word, value, 1))
		}
		format = after
	}
}

// inert keeps a name from acting on the terminal or on the shell that shows it:
// depending on how a prompt is made up, bash and zsh expand it once more. No name
// that AWS's tools can use has one of these characters.
func inert(name, shell string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("$`\\", r) {
			return '?'
		}
		return r
	}, terminal.Clean(name))
	if shell == "zsh" {
		name = strings.ReplaceAll(name, "%", "%%")
	}
	return name
}
