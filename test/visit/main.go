// Command visit is the browser of the stories: it opens an address and follows
// where it leads, and approves or denies (VISIT=deny) on the first form it meets.
// An address on standard input (visit -) is of a page to be printed.
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
)

func main() {
	address := os.Args[len(os.Args)-1]
	show := address == "-"
	if show {
		text, err := io.ReadAll(os.Stdin)
		if err != nil {
			fail(err)
		}
		address = strings.TrimSpace(string(text))
	}
	if err := visit(address, os.Getenv("VISIT"), show); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "visit:", err)
	os.Exit(1)
}

func visit(address, choice string, show bool) error {
	if choice == "" {
		choice = "approve"
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	client := &http.Client{Jar: jar}
	resp, err := client.Get(address)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if show {
		_, err := os.Stdout.Write(page)
		return err
	}
	if !regexp.MustCompile(`<form[^>]*method="?post`).Match(page) {
		return nil // approved by itself
	}
	form := url.Values{"decision": {choice}}
	for _, m := range regexp.MustCompile(`<input[^>]*type="?hidden"?[^>]*name="([^"]*)"[^>]*value="([^"]*)"`).FindAllStringSubmatch(string(page), -1) {
		form.Set(m[1], m[2])
	}
	target := resp.Request.URL
	if m := regexp.MustCompile(`<form[^>]*action="([^"]*)"`).FindSubmatch(page); m != nil {
		target = target.JoinPath("/")
		target.Path, target.RawQuery = string(m[1]), ""
	}
	answer, err := client.PostForm(target.String(), form)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
