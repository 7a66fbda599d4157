// Package ref is the reference of fob's commands: a Markdown page each, from
// which help and man pages are made.
package ref

import (
	"embed"
	"strings"
)

//go:embed *.md
var pages embed.FS

// Page is one command's page in its parts.
type Page struct {
	Use      string // the command line, after "fob "
	Short    string // the first paragraph, one sentence
	Long     string // everything up to the examples
	Examples string
	Tables   string // what follows: too long for help
}

// Read reads the page of a command, such as "vault init".
func Read(command string) (Page, error) {
	text, err := pages.ReadFile(strings.ReplaceAll(command, " ", "-") + ".md")
	if err != nil {
		return Page{}, err
	}
	head, body, _ := strings.Cut(string(text), "\n")
	body, examples, _ := strings.Cut(body, "\n## Examples\n")
	body = strings.TrimSpace(body)
	examples, tables, _ := strings.Cut(examples, "\n## ")
	short, _, _ := strings.Cut(body, "\n\n")
	return Page{
		Use:      strings.TrimPrefix(strings.TrimSpace(head), "# fob "),
		Short:    strings.TrimSuffix(strings.ReplaceAll(short, "\n", " "), "."),
		Long:     strings.ReplaceAll(body, "`", ""),
		Examples: strings.Trim(examples, "\n"),
		Tables:   tables,
	}, nil
}
