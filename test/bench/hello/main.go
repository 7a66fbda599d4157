// Command hello is what make bench measures fob credentials against: the least
// that a static Go program must do to print the same bytes.
package main

import "os"

// text is set by the build: -ldflags "-X main.text=…".
var text string

func main() {
	if _, err := os.Stdout.WriteString(text + "\n"); err != nil {
		os.Exit(1)
	}
}
