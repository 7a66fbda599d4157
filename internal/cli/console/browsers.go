package console

import (
	"fmt"
	"hash/fnv"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"fob/internal/browser"
	"fob/internal/fob"
)

// named is a browser that can be named on the command line.
type named struct {
	name     string
	firefox  bool     // has containers; the others have profiles
	programs []string // in PATH, the first that is there
	app      string   // on macOS
	windows  string   // under Program Files
}

func browsers() []named {
	return []named{
		{"brave", false, []string{"brave-browser", "brave"}, "Brave Browser", `BraveSoftware\Brave-Browser\Application\brave.exe`},
		{"chrome", false, []string{"google-chrome", "google-chrome-stable", "chrome"}, "Google Chrome", `Google\Chrome\Application\chrome.exe`},
		{"chromium", false, []string{"chromium", "chromium-browser"}, "Chromium", `Chromium\Application\chrome.exe`},
		{"edge", false, []string{"microsoft-edge", "microsoft-edge-stable", "msedge"}, "Microsoft Edge", `Microsoft\Edge\Application\msedge.exe`},
		{"firefox", true, []string{"firefox", "firefox-esr"}, "Firefox", `Mozilla Firefox\firefox.exe`},
		{"librewolf", true, []string{"librewolf"}, "LibreWolf", `LibreWolf\librewolf.exe`},
		{"vivaldi", false, []string{"vivaldi", "vivaldi-stable"}, "Vivaldi", `Vivaldi\Application\vivaldi.exe`},
		{"waterfox", true, []string{"waterfox"}, "Waterfox", `Waterfox\waterfox.exe`},
		{"zen", true, []string{"zen", "zen-browser"}, "Zen", `Zen Browser\zen.exe`},
	}
}

// findBrowser finds a browser by its name, or by the program that starts it.
func findBrowser(name string) (named, bool) {
	base := strings.TrimSuffix(strings.ToLower(filepath.Base(name)), ".exe")
	for _, b := range browsers() {
		if b.name == base || slices.Contains(b.programs, base) {
			return b, true
		}
	}
	return named{}, false
}

// page is what a browser is to open, and for whom.
type page struct {
	url       string
	facts     map[string]string // what templates may name, without the braces
	container string            // a template; empty: none
}

// fill replaces {name} and the like.
func (p page) fill(template string) string {
	pairs := []string{"{url}", p.url}
	for name, value := range p.facts {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(template)
}

// Firefox's colours and icons of containers.
func containerColors() []string {
	return []string{"blue", "turquoise", "green", "yellow", "orange", "red", "pink", "purple"}
}

func containerIcons() []string {
	return []string{"fingerprint", "briefcase", "dollar", "cart", "circle", "gift", "vacation", "food", "fruit", "pet", "tree", "chill"}
}

// pick chooses what was set, or one of a list: for one name always the same.
func pick(what, set, name string, from []string) (string, error) {
	switch {
	case set == "":
		h := fnv.New32a()
		h.Write([]byte(what + name))
		return from[h.Sum32()%uint32(len(from))], nil
	case slices.Contains(from, set):
		return set, nil
	}
	return "", fob.Errorf(fob.ErrUsage, "console_%s = %s: there are %s", what, set, strings.Join(from, ", "))
}

// inContainer is an address that the add-on "Open external links in a container"
// opens in the container of that name, which it makes if there is none.
func (p page) inContainer() string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, p.fill(p.container))
	escape := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
	return "ext+container:name=" + escape(name) + "&color=" + p.facts["color"] + "&icon=" + p.facts["icon"] + "&url=" + escape(p.url)
}

// profileDirectory names the directory that a Chromium keeps for a profile of its
// own, which it makes by itself: a name of letters, digits and dashes, and what
// others would not have in common.
func (p page) profileDirectory() string {
	name := p.fill(p.container)
	plain := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, name)
	if len(plain) > 40 {
		plain = plain[:40]
	}
	if plain != name {
		h := fnv.New32a()
		h.Write([]byte(name))
		plain += fmt.Sprintf("-%08x", h.Sum32())
	}
	return "fob-" + plain
}

// arguments are those with which a browser opens a page.
func (b named) arguments(p page) []string {
	switch {
	case p.container == "":
		return []string{p.url}
	case b.firefox:
		return []string{p.inContainer()}
	}
	return []string{"--profile-directory=" + p.profileDirectory(), "--no-first-run", "--no-default-browser-check", p.url}
}

// start is the beginning of the command that starts a browser here.
func (b named) start(getenv func(string) string) ([]string, error) {
	if runtime.GOOS == "darwin" {
		return []string{"/usr/bin/open", "-n", "-a", b.app, "--args"}, nil
	}
	for _, program := range b.programs {
		if path, err := exec.LookPath(program); err == nil {
			return []string{path}, nil
		}
	}
	var folders []string
	if runtime.GOOS == "windows" {
		folders = []string{getenv("ProgramFiles"), getenv("ProgramFiles(x86)"), getenv("LOCALAPPDATA")}
	} else if browser.IsWSL() {
		folders = []string{"/mnt/c/Program Files", "/mnt/c/Program Files (x86)"}
	}
	for _, folder := range folders {
		path := filepath.Join(folder, filepath.FromSlash(strings.ReplaceAll(b.windows, `\`, "/")))
		if _, err := os.Stat(path); folder != "" && err == nil {
			return []string{path}, nil
		}
	}
	return nil, fob.Errorf(fob.ErrNotFound, "%s is not installed, or not in PATH", b.name).WithHint("--browser PROGRAM, or --print")
}

// words splits a command as a shell does, but for all that a shell would do with
// the words: quotes keep blanks.
func words(text string) ([]string, error) {
	var out []string
	var word strings.Builder
	var quote rune
	open := false
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, open = r, true
		case r == ' ' || r == '\t':
			if open {
				out = append(out, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if quote != 0 {
		return nil, fob.Errorf(fob.ErrUsage, "the command has a quote without an end")
	}
	if open {
		out = append(out, word.String())
	}
	if len(out) == 0 {
		return nil, fob.Errorf(fob.ErrUsage, "the command is empty")
	}
	return out, nil
}

// fromTemplate fills a command. Words are split first, so that what is filled in
// stays in its word.
func fromTemplate(template string, p page) ([]string, error) {
	argv, err := words(template)
	if err != nil {
		return nil, err
	}
	placed := false
	for i, word := range argv {
		placed = placed || strings.Contains(word, "{url}")
		argv[i] = p.fill(word)
	}
	if !placed {
		argv = append(argv, p.url)
	}
	return argv, nil
}
