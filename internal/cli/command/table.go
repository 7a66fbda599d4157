package command

import (
	"bytes"

	"github.com/clipperhouse/displaywidth"

	"fob/internal/terminal"
)

// table lays rows out in columns, a line each. All rows have as many cells as the first.
func table(rows [][]string) []byte {
	width := make([]int, len(rows[0])) // in cells of a terminal
	for _, row := range rows {
		for i, cell := range row {
			row[i] = terminal.Clean(cell)
			width[i] = max(width[i], displaywidth.String(row[i]))
		}
	}
	var b []byte
	for _, row := range rows {
		for i, cell := range row {
			b = append(b, cell...)
			for n := width[i] - displaywidth.String(cell) + 2; n > 0; n-- {
				b = append(b, ' ')
			}
		}
		b = append(bytes.TrimRight(b, " "), '\n')
	}
	return b
}
