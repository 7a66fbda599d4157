// Command reader is what make bench measures fob list against: it reads files in the
// grammar of ~/.aws/config, the paths its arguments, and prints their sections as JSON.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		panic(err)
	}
}

func run(paths []string) error {
	var sections []map[string]string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if name, ok := strings.CutPrefix(line, "["); ok {
				sections = append(sections, map[string]string{"name": strings.TrimPrefix(strings.TrimSuffix(name, "]"), "profile ")})
			} else if key, value, ok := strings.Cut(line, "="); ok && len(sections) > 0 {
				sections[len(sections)-1][strings.TrimSpace(key)] = strings.TrimSpace(value)
			}
		}
	}
	out := bufio.NewWriter(os.Stdout)
	if err := json.NewEncoder(out).Encode(sections); err != nil {
		return err
	}
	return out.Flush()
}
