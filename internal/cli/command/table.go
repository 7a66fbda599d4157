package command

import (
	"bytes"

	"github.com/clipperhouse/displaywidth"

	"fob/internal/terminal"
)

// widest is the width of the widest column, in cells of a terminal. What is longer, such as
// a name that a program made, moves the rest of its own row and of no other.
const widest = 80

// table lays rows out in columns, a line each. All rows have as many cells as the first.
func table(rows [][]string) []byte {
	width := make([]int, len(rows[0])) // in cells of a terminal
	for _, row := range rows {
		for i, cell := range row {
			row[i] = terminal.Clean(cell)
			if w := displaywidth.String(row[i]); w <= widest {
				width[i] = max(width[i], w)
			}
		}
	}
	var b []byte
	for _, row := range rows {
		for i, cell := range row {
			b = append(b, cell...)
			for n := max(width[i]-displaywidth.String(cell), 0) + 2; n > 0; n-- {
				b = append(b, ' ')
			}
		}
		b = append(bytes.TrimRight(b, " "), '\n')
	}
	return b
}
