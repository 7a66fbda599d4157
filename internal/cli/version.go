package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"fob/internal/cli/command"
)

func newVersion(a *command.App) *cobra.Command {
	var asJSON bool
	c := command.New("version", func(*cobra.Command, []string) error {
		if asJSON {
			return a.PrintJSON(map[string]string{"version": a.Version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH})
		}
		a.Printf("%s", versionText(a))
		return nil
	})
	command.JSONFlag(c, &asJSON)
	return c
}

func versionText(a *command.App) string {
	return fmt.Sprintf("fob %s (%s, %s/%s)\n", a.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
