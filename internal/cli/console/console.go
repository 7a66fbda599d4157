// Package console has fob console, and the browsers that it can start.
package console

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fob/docs/ref"
	"fob/internal/api"
	"fob/internal/browser"
	"fob/internal/cli/command"
	"fob/internal/clipboard"
	"fob/internal/fob"
)

// options are the flags of fob console: what to open, and how.
type options struct {
	service, path  string
	signOut, multi bool
	narrow         fob.Narrow

	// What to do with the address.
	print, copy, json           bool
	browser, command, container string
	set                         bool // the container is from the config file
}

// NewConsole makes fob console.
func NewConsole(a *command.App) *cobra.Command {
	o := &options{}
	c := a.OneName(command.New("console", func(cmd *cobra.Command, args []string) error {
		return o.run(cmd.Context(), a, args[0])
	}))
	one := c.Args
	c.Args = func(cmd *cobra.Command, args []string) error {
		err := one(cmd, args)
		if err != nil && o.container == "{name}" && len(args) == 2 {
			return fob.Errorf(fob.ErrUsage, "the name of a container follows --container and an equals sign").WithHint("--container=%s", args[1])
		}
		return err
	}
	o.bind(c)
	return c
}

func (o *options) bind(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.service, "service", "", "the `SERVICE` to open: s3, ec2, lambda, cw, …")
	f.StringVar(&o.path, "path", "", "the `PAGE` to open: a path like /s3/buckets/NAME, or an address on the console")
	f.BoolVar(&o.print, "print", false, "print the address instead of opening it")
	f.BoolVar(&o.copy, "copy", false, "put the address on the clipboard instead of opening it")
	f.BoolVar(&o.signOut, "sign-out", false, "sign the browser out of the console first")
	f.BoolVar(&o.multi, "multi-session", false, "sign in beside the identities that the browser has (switches AWS's multi-session support on in it)")
	f.StringVar(&o.browser, "browser", "", "the `BROWSER` to open: firefox, chromium, chrome, brave, edge, … or a program")
	f.StringVar(&o.command, "command", "", "start `COMMAND` instead of a browser; {url} {name} {account} {region} {color} are filled in, no shell reads it")
	f.StringVar(&o.container, "container", "", "open in a container of Firefox, or a profile of Chromium, for this profile alone or of a `NAME`")
	f.Lookup("container").NoOptDefVal = "{name}"
	command.JSONFlag(c, &o.json)
	command.NarrowFlags(c, &o.narrow)
	c.MarkFlagsMutuallyExclusive("service", "path")
	c.MarkFlagsMutuallyExclusive("sign-out", "multi-session")
	c.MarkFlagsMutuallyExclusive("print", "copy", "json")
	c.MarkFlagsMutuallyExclusive("browser", "command")
	c.MarkFlagsMutuallyExclusive("container", "command")
	_ = c.RegisterFlagCompletionFunc("service", cobra.FixedCompletions(serviceNames(), cobra.ShellCompDirectiveNoFileComp))
	var names []string
	for _, b := range browsers() {
		names = append(names, b.name)
	}
	_ = c.RegisterFlagCompletionFunc("browser", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	for _, text := range []string{"path", "command", "container"} {
		_ = c.RegisterFlagCompletionFunc(text, cobra.NoFileCompletions)
	}
}

// serviceNames returns the short names in the table of the command's page. A test checks that
// these are the ones that the agent knows.
func serviceNames() []string {
	page, err := ref.Read("console")
	if err != nil {
		return nil
	}
	var names []string
	for line := range strings.Lines(page.Tables) {
		if row, ok := strings.CutPrefix(line, "| `"); ok {
			cell, _, _ := strings.Cut(row, " |")
			for name := range strings.SplitSeq(cell, ",") {
				names = append(names, strings.Trim(name, " `"))
			}
		}
	}
	return names
}

// params returns what to ask of the agent.
func (o *options) params(name string) *api.DeliverParams {
	p := &api.DeliverParams{Way: "console", Name: name, Narrow: o.narrow, Options: map[string]string{"service": o.service, "path": o.path}}
	if o.signOut {
		p.Options["session"] = "sign-out"
	}
	if o.multi {
		p.Options["session"] = "multi"
	}
	return p
}

// run gets the address that signs in, and prints, copies or opens it.
func (o *options) run(ctx context.Context, a *command.App, name string) error {
	p := o.params(name)
	d, err := a.Deliver(ctx, p)
	if err != nil {
		return err
	}
	a.Leave()
	to, err := pageOf(p.Name, d, o)
	if err != nil {
		return err
	}
	switch {
	case o.json:
		facts := map[string]string{"profile": p.Name, "url": d.URL}
		for _, name := range []string{"account", "region", "destination", "expires"} {
			facts[name] = d.Facts[name]
		}
		return a.PrintJSON(facts)
	case o.print:
		return printAddress(a, to.url)
	case o.copy:
		how, err := clipboard.Copy(ctx, a.Environ, to.url)
		if err == nil {
			a.Tell("the address is on the clipboard (" + how + "); it signs in whoever opens it within 15 minutes")
		}
		return err
	}
	return openConsole(ctx, a, p.Name, to, o, d)
}

// pageOf completes the options from the settings in the config file. A way to open the page
// on the command line overrides all ways in the settings.
func pageOf(name string, d fob.Delivery, o *options) (page, error) {
	if err := browser.Check(d.URL); err != nil {
		return page{}, fob.Errorf(fob.ErrNetwork, "fob does not open the console as %s: %w", name, err)
	}
	if o.browser == "" && o.command == "" {
		if o.command = d.Facts["console_command"]; o.container != "" {
			o.command = "" // a container needs a browser
		}
	}
	if o.browser == "" {
		o.browser = d.Facts["console_browser"]
	}
	if o.container == "" && o.command == "" {
		o.container, o.set = d.Facts["console_container"], true
	}
	switch strings.ToLower(o.container) {
	case "true", "yes", "on":
		o.container = "{name}"
	case "false", "no", "off":
		o.container = ""
	}
	color, err := pick("color", d.Facts["console_color"], name, containerColors())
	if err != nil {
		return page{}, err
	}
	icon, err := pick("icon", d.Facts["console_icon"], name, containerIcons())
	if err != nil {
		return page{}, err
	}
	return page{url: d.URL, container: o.container, facts: map[string]string{
		"name": name, "account": d.Facts["account"], "region": d.Facts["region"], "color": color, "icon": icon}}, nil
}

func printAddress(a *command.App, address string) error {
	if _, err := fmt.Fprintln(a.Out, address); err != nil {
		return fob.Errorf(fob.ErrInternal, "cannot write to standard output: %w", err)
	}
	return nil
}

// openConsole opens the page, or prints its address where a browser would not be visible.
func openConsole(ctx context.Context, a *command.App, name string, to page, o *options, d fob.Delivery) error {
	why := ""
	if o.command == "" {
		why = a.Headless()
	}
	if why == "" {
		argv, err := consoleCommand(ctx, a, to, o)
		if err != nil {
			return err
		}
		if err = browser.Start(a.Environ, argv); err == nil {
			message := "your browser opens the console as " + name
			if expires, err := time.Parse(time.RFC3339, d.Facts["expires"]); err == nil {
				message += ", for " + command.Left(&expires, time.Now())
			}
			a.Tell(message)
			return nil
		}
		why = err.Error()
	}
	a.Tell(why + "; to open the console as " + name + ", open this page within 15 minutes:")
	return printAddress(a, to.url)
}

// consoleCommand returns the command that opens the page.
func consoleCommand(ctx context.Context, a *command.App, to page, o *options) ([]string, error) {
	if o.command != "" {
		return fromTemplate(o.command, to)
	}
	name := o.browser
	if name == "" && to.container == "" {
		return browser.Command(a.Environ, to.url)
	}
	if name == "" {
		if name = usualBrowser(ctx, a); name == "" {
			return nil, fob.Errorf(fob.ErrUsage, "fob cannot tell which browser should have the container").
				WithHint("--browser firefox; or console_browser = firefox in section [fob] of fob's own config file")
		}
	}
	b, known := findBrowser(name)
	if to.container != "" && known && b.firefox && !o.set {
		a.Tell("if Firefox asks what to do with ext+container, it lacks the add-on \"Open external links in a container\" (https://addons.mozilla.org/firefox/addon/open-url-in-container/)")
	}
	if known && !strings.ContainsAny(name, `/\`) {
		start, err := b.start(a.Getenv)
		return append(start, b.arguments(to)...), err
	}
	if to.container != "" && !known {
		return nil, fob.Errorf(fob.ErrUsage, "fob does not know what containers %s has", name).WithHint("--command 'PROGRAM … {url}'")
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fob.Errorf(fob.ErrNotFound, "there is no browser %q", name).WithHint("--browser firefox, or the path of a program")
	}
	return append([]string{path}, b.arguments(to)...), nil
}

// usualBrowser returns the name of the default browser, by BROWSER or by the desktop's
// settings; empty if it is unknown.
func usualBrowser(ctx context.Context, a *command.App) string {
	if first := strings.Fields(a.Getenv("BROWSER")); len(first) > 0 {
		if _, known := findBrowser(first[0]); known {
			return first[0]
		}
	}
	if runtime.GOOS != "linux" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "xdg-settings", "get", "default-web-browser")
	cmd.Env = a.Environ
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	b, _ := findBrowser(strings.TrimSuffix(strings.TrimSpace(string(out)), ".desktop"))
	return b.name
}
