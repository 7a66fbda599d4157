package cli

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"fob/internal/fob"
)

const barWidth = 30

// progress draws a bar on a terminal, in place, and nothing elsewhere.
func (a *app) progress(p fob.Progress) {
	f, ok := a.Err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || p.Total <= 0 {
		return
	}
	percent := p.Done * 100 / p.Total
	if percent == a.percent && p.Done != p.Total {
		return
	}
	a.percent = percent
	full := barWidth * p.Done / p.Total
	end := ""
	if p.Done == p.Total {
		end = "\n"
	}
	fmt.Fprintf(f, "\r%s%s %d/%d %s%s", strings.Repeat("█", full), strings.Repeat("░", barWidth-full), p.Done, p.Total, clean(p.What), end)
}
