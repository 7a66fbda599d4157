// Command sleeper is what make bench measures an idle agent against: a Go
// program that waits for connections and gets none.
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		_, err = l.Accept()
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
