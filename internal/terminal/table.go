package terminal

import (
	"bytes"
	"unicode/utf8"
)

// Table is rows in columns, a line each; the first row may be a heading.
func Table(rows [][]string) []byte {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = Clean(cell)
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
	}
	var b []byte
	for _, row := range rows {
		for i, cell := range row {
			b = append(b, cell...)
			for n := width[i] - utf8.RuneCountInString(cell) + 2; n > 0; n-- {
				b = append(b, ' ')
			}
		}
		b = append(bytes.TrimRight(b, " "), '\n')
	}
	return b
}
