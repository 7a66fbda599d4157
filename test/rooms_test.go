package test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var drawRooms = flag.Bool("draw-rooms", false, "write the picture of the rooms into docs/architecture.md")

// The marks around the picture in docs/architecture.md.
const (
	roomsBegin = "<!-- rooms: made from the imports by `make rooms` -->\n"
	roomsEnd   = "<!-- end of rooms -->\n"
)

// The picture in docs/architecture.md is what the imports say.
func TestPictureOfRooms(t *testing.T) {
	t.Parallel()
	const path = "../docs/architecture.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), roomsBegin)
	drawn, after, closed := strings.Cut(rest, roomsEnd)
	if !ok || !closed {
		t.Fatalf("%s has no place for the picture", path)
	}
	want := picture(imports(t))
	if drawn == want {
		return
	}
	if !*drawRooms {
		t.Fatalf("the picture of the rooms is of other imports; draw it anew with: make rooms\n%s", want)
	}
	if err := os.WriteFile(path, []byte(before+roomsBegin+want+roomsEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// imports are the arrows between rooms on any system. A room is a program, or a folder
// under internal with all that is below it.
func imports(t *testing.T) map[string]map[string]bool {
	rooms := map[string]map[string]bool{}
	for _, goos := range []string{"linux", "darwin", "windows"} {
		dec := json.NewDecoder(strings.NewReader(string(goList(t, goos, "-json=ImportPath,Imports", "./cmd/...", "./internal/..."))))
		for dec.More() {
			var p struct {
				ImportPath string
				Imports    []string
			}
			if err := dec.Decode(&p); err != nil {
				t.Fatal(err)
			}
			from := room(p.ImportPath)
			if rooms[from] == nil {
				rooms[from] = map[string]bool{}
			}
			for _, imported := range p.Imports {
				if to := room(imported); to != "" && to != from {
					rooms[from][to] = true
				}
			}
		}
	}
	delete(rooms, "fakeaws") // for tests and the demo
	return rooms
}

func room(path string) string {
	if program, ok := strings.CutPrefix(path, "fob/cmd/"); ok {
		return "cmd/" + program
	}
	rest, ok := strings.CutPrefix(path, "fob/internal/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// picture draws each room in the row above the highest of those that it imports, so
// that all arrows go down. quote, which any room may import, is left out.
func picture(rooms map[string]map[string]bool) string {
	heights := map[string]int{}
	var height func(name string) int
	height = func(name string) int {
		if h, known := heights[name]; known {
			return h
		}
		h := 0
		for to := range rooms[name] {
			if to != "quote" {
				h = max(h, height(to)+1)
			}
		}
		heights[name] = h
		return h
	}
	rows := map[int][]string{}
	for name := range rooms {
		if name != "quote" {
			rows[height(name)] = append(rows[height(name)], name)
		}
	}
	var out strings.Builder
	out.WriteString("```\n")
	for _, h := range slices.Backward(slices.Sorted(maps.Keys(rows))) {
		slices.Sort(rows[h])
		out.WriteString(strings.Join(rows[h], "  ") + "\n")
	}
	out.WriteString("```\n")
	return out.String()
}

func TestPicture(t *testing.T) {
	t.Parallel()
	got := picture(map[string]map[string]bool{
		"fob": {}, "quote": {}, "awsfile": {"fob": true, "quote": true}, "profile": {"awsfile": true, "fob": true}, "api": {"fob": true}})
	if want := "```\nprofile\napi  awsfile\nfob\n```\n"; got != want {
		t.Error(got)
	}
}
