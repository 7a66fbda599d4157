package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"fob/internal/fob"
)

const barWidth = 30

// Bar is a progress bar. The zero value is ready for use.
type Bar struct{ percent int } // that is drawn

// Draw draws the bar over the previous one if w is a terminal; else it does nothing.
func (b *Bar) Draw(w io.Writer, p fob.Progress) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || p.Total <= 0 {
		return
	}
	percent := p.Done * 100 / p.Total
	if percent == b.percent && p.Done != p.Total {
		return
	}
	b.percent = percent
	full := barWidth * p.Done / p.Total
	end := ""
	if p.Done == p.Total {
		end = "\n"
	}
	fmt.Fprintf(f, "\r%s%s %d/%d %s%s", strings.Repeat("█", full), strings.Repeat("░", barWidth-full), p.Done, p.Total, Clean(p.What), end)
}
