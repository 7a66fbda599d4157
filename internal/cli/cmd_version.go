//go:build !heartbeat

package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func (a *app) newVersion() *cobra.Command {
	var asJSON bool
	c := a.command("version", func(*cobra.Command, []string) error {
		if asJSON {
			return a.printJSON(map[string]string{"version": a.version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH})
		}
		a.printf("%s", a.versionText())
		return nil
	})
	jsonFlag(c, &asJSON)
	return c
}

func (a *app) versionText() string {
	return fmt.Sprintf("fob %s (%s, %s/%s)\n", a.version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
