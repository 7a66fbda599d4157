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

// programs are the commands that may be installed here and copy standard input to the
// clipboard, best first.
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

// Copy copies a text to the clipboard, by one of the system's programs or else by an escape
// sequence to the terminal, which may ignore it. how names which was used. Without a
// program and a terminal the error is [fob.ErrNobody].
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
	// OSC 52 sets the clipboard of the terminal's own machine, also through ssh and tmux.
	if _, err := fmt.Fprintf(out, "\x1b]52;c;%s\a", base64.StdEncoding.EncodeToString([]byte(text))); err != nil {
		return "", fob.Errorf(fob.ErrInternal, "cannot write to the terminal: %w", err)
	}
	return "the terminal", nil
}
