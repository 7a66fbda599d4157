package deliver

import (
	"context"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"fob/internal/api"
	"fob/internal/cli/command"
	"fob/internal/fob"
	"fob/internal/frontend"
)

// writeOptions are the flags of fob write.
type writeOptions struct {
	to, section        string
	force, remove, all bool
	narrow             fob.Narrow
}

// NewWrite makes fob write.
func NewWrite(a *command.App) *cobra.Command {
	o := &writeOptions{}
	c := command.New("write", func(cmd *cobra.Command, args []string) error {
		if o.remove {
			return deleteWritten(cmd.Context(), a, args)
		}
		return writeFile(cmd.Context(), a, args[0], o)
	})
	c.Args = func(cmd *cobra.Command, args []string) error { return o.check(cmd, args) }
	c.ValidArgsFunction = func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
		if o.remove {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return a.Names(cmd, args, text)
	}
	f := c.Flags()
	f.StringVar(&o.to, "to", "", "write `FILE`")
	f.StringVar(&o.section, "section", "default", "the `NAME` of the section in the file")
	f.BoolVar(&o.force, "force", false, "set a file aside that is there and that fob did not write")
	f.BoolVar(&o.remove, "remove", false, "remove files that fob wrote")
	f.BoolVar(&o.all, "all", false, "with --remove: all of them")
	command.NarrowFlags(c, &o.narrow)
	c.MarkFlagsMutuallyExclusive("to", "remove")
	_ = c.RegisterFlagCompletionFunc("section", cobra.NoFileCompletions)
	return c
}

func (o *writeOptions) check(cmd *cobra.Command, args []string) error {
	wrong := ""
	switch {
	case o.remove && o.all == (len(args) > 0):
		wrong = "fob write --remove takes files, or --all"
	case o.remove:
	case o.all:
		wrong = "--all goes with --remove"
	case len(args) != 1:
		wrong = "fob write takes one profile's name"
	case o.to == "":
		wrong = "fob write takes the file to write, --to FILE"
	}
	if wrong == "" {
		return nil
	}
	return fob.Errorf(fob.ErrUsage, "%s", wrong).WithHint("%s; fob list shows the names", cmd.UseLine())
}

func writeFile(ctx context.Context, a *command.App, name string, o *writeOptions) error {
	path, err := filepath.Abs(o.to)
	if err != nil {
		return fob.Errorf(fob.ErrUsage, "%q is not a path: %w", o.to, err)
	}
	p := &api.DeliverParams{Way: "write", Name: name, Narrow: o.narrow, Options: map[string]string{"to": path, "section": o.section}}
	if o.force {
		p.Options["force"] = ""
	}
	d, err := a.Deliver(ctx, p)
	if err != nil {
		return err
	}
	if aside := d.Facts["aside"]; aside != "" {
		a.Tell("what was there is now " + aside)
	}
	until, err := time.Parse(time.RFC3339, d.Facts["expiration"])
	if err != nil {
		return fob.Errorf(fob.ErrInternal, "the agent does not say until when the credentials are valid: %w", err)
	}
	a.Tell("wrote " + d.Facts["file"] + ", section " + d.Facts["section"] + ", valid until " +
		until.Local().Format("2006-01-02 15:04:05") + "; renewed until fob lock, fob agent stop or fob write --remove takes it away")
	return nil
}

func deleteWritten(ctx context.Context, a *command.App, files []string) error {
	var p api.DeleteWrittenParams
	for _, file := range files {
		path, err := filepath.Abs(file)
		if err != nil {
			return fob.Errorf(fob.ErrUsage, "%q is not a path: %w", file, err)
		}
		p.Paths = append(p.Paths, path)
	}
	removed, err := frontend.Call(ctx, a.App, api.DeleteWritten, p)
	if err != nil {
		return err
	}
	for _, path := range removed {
		a.Tell("removed " + path)
	}
	if len(files)+len(removed) == 0 {
		a.Tell("there are no files of fob write")
	}
	return nil
}
