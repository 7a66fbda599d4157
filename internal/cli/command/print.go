package command

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Printf prints to standard output.
func (a *App) Printf(format string, args ...any) { fmt.Fprintf(a.Out, format, args...) }

// PrintJSON prints a value as every --json does.
func (a *App) PrintJSON(v any) error {
	enc := json.NewEncoder(a.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// PrintTable prints rows in columns; the first row may be a heading.
func (a *App) PrintTable(rows [][]string) error {
	_, err := a.Out.Write(table(rows))
	return err
}

// Left says how much longer something is valid, to the minute; empty if until is nil.
func Left(until *time.Time, now time.Time) string {
	if until == nil {
		return ""
	}
	d := until.Sub(now)
	switch {
	case d <= 0:
		return "expired"
	case d < time.Minute:
		return "under a minute"
	}
	return strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
}
