// Package shells has the commands that work with shells: use, init, prompt and completion.
package shells

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/environ"
	"fob/internal/fob"
	"fob/internal/frontend"
	"fob/internal/shell"
	"fob/internal/terminal"
	"fob/internal/tui"
)

// use prints commands that change a shell. The shell function fob, which fob init defines,
// evaluates them.
type use struct {
	*command.App
	shell  string
	clear  bool
	params api.DeliverParams
}

// NewUse makes fob use.
func NewUse(a *command.App) *cobra.Command {
	u := &use{App: a, params: api.DeliverParams{Way: "exec", Options: map[string]string{"mode": "shell"}}}
	c := command.New("use", func(cmd *cobra.Command, args []string) error { return u.run(cmd.Context(), args) })
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 || len(args) == 1 && u.clear {
			return fob.Errorf(fob.ErrUsage, "fob use takes one profile's name, none to pick one, or --clear").WithHint("fob use NAME")
		}
		return nil
	}
	c.ValidArgsFunction = a.Names
	c.Flags().BoolVar(&u.clear, "clear", false, "give the shell back what it had before")
	c.Flags().StringVar(&u.shell, "shell", "", "print what changes this `SHELL`")
	_ = c.Flags().MarkHidden("shell")
	command.NarrowFlags(c, &u.params.Narrow)
	// The shell evaluates stdout, so help goes to stderr.
	help := c.HelpFunc()
	c.SetHelpFunc(func(c *cobra.Command, args []string) {
		if u.shell != "" {
			c.SetOut(a.Err)
		}
		help(c, args)
	})
	return c
}

func (u *use) run(ctx context.Context, args []string) error {
	if u.shell == "" {
		return u.notInstalled()
	}
	if u.clear {
		return u.print(fob.Delivery{}, "")
	}
	name, shown := "", true
	switch {
	case len(args) == 0:
		var err error
		if name, err = u.pick(ctx); err != nil {
			return err
		}
	case args[0] == "-":
		if name = u.Getenv(environ.UseLast); name == "" {
			return fob.Errorf(fob.ErrNotFound, "this shell has used no profile before").WithHint("fob use NAME")
		}
	default:
		name, shown = args[0], false
	}
	u.params.Name = name
	d, err := u.Deliver(ctx, &u.params)
	if err != nil {
		return err
	}
	inside := u.Environ.Inside()
	if inside {
		u.Environ.BeginAnew(&d, environ.Variables(u.Getenv(environ.UseVars)))
	}
	if err := u.Environ.Enter(d, name, u.params.Narrow, inside); err != nil {
		return err
	}
	if err := u.print(d, name); err != nil {
		return err
	}
	if shown {
		u.Tell("using " + name)
	}
	return nil
}

// print prints the commands that undo an earlier fob use and then apply a delivery.
func (u *use) print(d fob.Delivery, name string) error {
	var b strings.Builder
	call := func(function string, names []string) {
		if len(names) > 0 {
			b.WriteString(function + " " + strings.Join(names, " ") + "\n")
		}
	}
	before := environ.Variables(u.Getenv(environ.UseVars))
	call("__fob_back", before)
	set := map[string]string{environ.UseLast: u.Getenv(environ.UseLast), environ.UseVars: "", environ.UseName: name}
	if now := u.Getenv(environ.UseName); now != "" && now != name {
		set[environ.UseLast] = now
	}
	// Variables to remove are removed if they are set: now, or after the undo.
	var gone []string
	for _, v := range d.Unset {
		if u.Getenv(v) != "" || slices.Contains(before, v) || slices.Contains(before, "-"+v) {
			gone = append(gone, v)
		}
	}
	names := slices.Sorted(maps.Keys(d.Set))
	call("__fob_keep", names)
	call("__fob_drop", gone)
	maps.Copy(set, d.Set)
	for _, v := range gone {
		names = append(names, "-"+v)
	}
	set[environ.UseVars] = strings.Join(names, " ")
	lines, err := shell.Variables(u.shell, set, nil)
	if err != nil {
		return err
	}
	b.WriteString(lines)
	return u.Write(fob.Delivery{Stdout: b.String()})
}

// pick shows all profiles in a list and returns the one that the person chooses.
func (u *use) pick(ctx context.Context) (string, error) {
	rows, err := frontend.Call(ctx, u.App.App, api.Choices, api.Empty{})
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", fob.Errorf(fob.ErrNotFound, "there are no profiles to pick from").WithHint("fob add, fob adopt; fob sync for the roles of a sign-in")
	}
	in, out, err := terminal.Open()
	if err != nil || u.Getenv("TERM") == "dumb" {
		return "", &fob.Error{Kind: fob.ErrNobody, Message: "there is no terminal to pick a profile at", Hint: "fob use NAME; fob list shows the names"}
	}
	defer in.Close()
	defer out.Close()
	items := make([]tui.Item, len(rows))
	for i, r := range rows {
		items[i] = tui.Item{Name: r.Name, Detail: strings.Join(strings.Fields(strings.Join([]string{r.Account, r.AccountName, r.Region, r.Kind}, " ")), " ")}
	}
	i, err := tui.Pick(ctx, in, out, items, tui.Options{Title: "profile", Colour: u.Getenv("NO_COLOR") == ""})
	if err != nil {
		return "", err
	}
	return rows[i].Name, nil
}

// notInstalled is the error for a shell without the function; its hint says how to get it.
func (u *use) notInstalled() error {
	name := u.shellInUse()
	rc, line := "~/.bashrc", `eval "$(fob init bash)"`
	switch name {
	case "zsh":
		rc, line = "~/.zshrc", `eval "$(fob init zsh)"`
	case "fish":
		rc, line = "~/.config/fish/config.fish", "fob init fish | source"
	case "PowerShell":
		rc, line = "$PROFILE", "Invoke-Expression (& fob init powershell | Out-String)"
	}
	return fob.Errorf(fob.ErrUsage, "fob use changes the shell, and for that %s needs a function", name).
		WithHint("add this line to %s and start a new shell: %s; if it is there, it must come after any other definition of fob; then use is the word after fob: fob use NAME", rc, line)
}

// shellInUse is the shell that has started this process, which need not be the one of the
// login. Where the system does not tell, it is the login's.
func (u *use) shellInUse() string {
	parent, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", os.Getppid()))
	for _, path := range []string{parent, u.Getenv("SHELL")} {
		base := filepath.Base(path) // of zsh it may be zsh5, of PowerShell pwsh
		for prefix, name := range map[string]string{"bash": "bash", "zsh": "zsh", "fish": "fish", "pwsh": "PowerShell"} {
			if strings.HasPrefix(base, prefix) {
				return name
			}
		}
	}
	if u.Getenv("PSModulePath") != "" {
		return "PowerShell"
	}
	return "bash"
}
