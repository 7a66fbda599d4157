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

// Prompt prints the profile in use for a shell's prompt. A shell runs it for each prompt, so
// like fob credentials it does not need the tree of commands, and it starts no agent: if
// none answers within 200 ms, only the name is printed.
type Prompt struct {
	Shell  string // that shows it: zsh expands % in prompts
	Format string // with {name} and {left}
}

const (
	// DefaultFormat is the default of --format.
	DefaultFormat = "{name}{ left}"
	// limit is how long the agent may take to answer.
	limit = 200 * time.Millisecond
)

// promptLine recognises fob prompt with no arguments but its two flags. All else, --help
// too, is for the tree of commands.
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

// Print prints nothing if no profile is in use. It returns only errors of writing: a prompt
// is no place for messages.
func (p Prompt) Print(ctx context.Context, a *frontend.App) error {
	name := a.Environ.PlainName(a.Getenv("AWS_PROFILE"))
	if name == "" {
		return nil
	}
	var narrowed fob.Narrow
	if strings.Contains(a.Getenv(environ.Within), `"narrow"`) { // else it need not be decoded
		_, narrowed = a.Environ.Acting()
	}
	state := profileStatus(ctx, a, name, narrowed)
	left := ""
	switch state.State {
	case api.StateUnknown:
		return nil // not a profile that fob knows
	case api.StateCached:
		left = short(time.Duration(state.Left) * time.Second)
	case api.StateSignIn:
		left = "sign-in"
	case api.StateLocked:
		left = "locked"
	}
	return a.Write(fob.Delivery{Stdout: fill(p.Format, map[string]string{"name": inert(name, p.Shell), "left": left}) + "\n"})
}

// profileStatus asks a running agent for the profile's status; the zero value stands for no
// answer.
func profileStatus(ctx context.Context, a *frontend.App, name string, n fob.Narrow) (state api.State) {
	home, err := fob.HomeFrom(a.Getenv)
	if err != nil {
		return state
	}
	client, err := a.Glance(home, limit)
	if err != nil {
		return state
	}
	defer client.Close()
	state, err = api.Call(ctx, client, api.ProfileStatus, api.NameParams{Name: name, Narrow: n})
	if err != nil {
		return api.State{}
	}
	return state
}

// short formats a duration for a prompt: 43m, 1h05m.
func short(d time.Duration) string {
	minutes := int(d.Minutes())
	switch {
	case d <= 0:
		return "" // the credentials do not expire
	case minutes == 0:
		return "<1m"
	case minutes < 60:
		return strconv.Itoa(minutes) + "m"
	case minutes%60 < 10:
		return strconv.Itoa(minutes/60) + "h0" + strconv.Itoa(minutes%60) + "m"
	}
	return strconv.Itoa(minutes/60) + "h" + strconv.Itoa(minutes%60) + "m"
}

// fill replaces each {…word…} in a format by the word's value together with the other text
// in the braces, or by nothing if the value is empty. Braces without a known word are kept.
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

// inert makes a name safe for the terminal and for the shell that shows it: bash and zsh may
// expand a prompt's text again, so that $(…) in a name would run. The characters that are
// replaced are in no name that AWS's tools accept.
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
