// Package clipboard puts text on the person's clipboard.
package clipboard

import (
	"context"
	"encoding/base64"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"fob/internal/environ"
	"fob/internal/fob"
	"fob/internal/terminal"
)

// programs are the programs that could take a text here, the best first.
func programs(env environ.Environ) [][]string {
	var all [][]string
	switch {
	case runtime.GOOS == "darwin":
		return [][]string{{"pbcopy"}}
	case runtime.GOOS == "windows":
		return [][]string{{"clip.exe"}}
	}
	if env.Get("WAYLAND_DISPLAY") != "" {
		all = append(all, []string{"wl-copy"})
	}
	if env.Get("DISPLAY") != "" {
		all = append(all, []string{"xclip", "-selection", "clipboard", "-in"}, []string{"xsel", "--clipboard", "--input"})
	}
	return append(all, []string{"clip.exe"}) // of Windows, in PATH inside WSL
}

// Copy puts a text on the clipboard: through a program's standard input, or
// else through the terminal, which may refuse without saying so.
func Copy(ctx context.Context, env environ.Environ, text string) (how string, err error) {
	for _, argv := range programs(env) {
		path, err := exec.LookPath(argv[0])
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, argv[1:]...)
		cmd.Env, cmd.Stdin = env, strings.NewReader(text)
		if cmd.Run() == nil {
			return argv[0], nil
		}
	}
	in, out, err := terminal.Open()
	if err != nil {
		return "", fob.Errorf(fob.ErrNobody, "there is no clipboard here: no wl-copy, xclip or xsel with a display, and no terminal").WithHint("--print")
	}
	defer in.Close()
	defer out.Close()
	// OSC 52: the terminal's own clipboard, through ssh and multiplexers too.
	if _, err := fmt.Fprintf(out, "\x1b]52;c;%s\a", base64.StdEncoding.EncodeToString([]byte(text))); err != nil {
		return "", fob.Errorf(fob.ErrInternal, "cannot write to the terminal: %w", err)
	}
	return "the terminal", nil
}
