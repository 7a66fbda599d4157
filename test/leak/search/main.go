// Command search looks for markers in the files and folders it is given and
// fails if there are any.
package main

import (
	"fmt"
	"os"

	"fob/test/leak"
)

func main() {
	code := 0
	for _, root := range os.Args[1:] {
		found, err := leak.Files(root, nil)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		for _, path := range found {
			fmt.Fprintln(os.Stderr, "a secret of the tests is in", path)
			code = 1
		}
	}
	os.Exit(code)
}
