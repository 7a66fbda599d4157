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

// named is a browser that --browser knows by name.
type named struct {
	name     string
	firefox  bool     // isolates sessions by containers; the others by profiles
	programs []string // names to look for in PATH, in this order
	app      string   // its name on macOS
	windows  string   // its path under Program Files
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

// findBrowser finds a browser by its name or by the name of its program.
func findBrowser(name string) (named, bool) {
	base := strings.TrimSuffix(strings.ToLower(filepath.Base(name)), ".exe")
	for _, b := range browsers() {
		if b.name == base || slices.Contains(b.programs, base) {
			return b, true
		}
	}
	return named{}, false
}

// page is a page to open in a browser, perhaps in a container.
type page struct {
	url       string
	facts     map[string]string // values for {name} and the like in templates
	container string            // template of its name; empty if there is none
}

// fill replaces {name} and the like in a template.
func (p page) fill(template string) string {
	pairs := []string{"{url}", p.url}
	for name, value := range p.facts {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(template)
}

// The colours and icons that Firefox has for containers.
func containerColors() []string {
	return []string{"blue", "turquoise", "green", "yellow", "orange", "red", "pink", "purple"}
}

func containerIcons() []string {
	return []string{"fingerprint", "briefcase", "dollar", "cart", "circle", "gift", "vacation", "food", "fruit", "pet", "tree", "chill"}
}

// pick returns the value that is set, which must be in the list, or else one of the list that
// depends on the name only.
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

// inContainer returns an address for Firefox's add-on "Open external links in a container",
// which opens the page in the container of that name and creates the container if need be.
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

// profileDirectory returns the name of a Chromium profile's directory, which Chromium creates
// if need be. It has letters, digits, dashes and underscores only; a hash is added where
// that would give two names the same directory.
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

// arguments returns the browser's arguments to open a page.
func (b named) arguments(p page) []string {
	switch {
	case p.container == "":
		return []string{p.url}
	case b.firefox:
		return []string{p.inContainer()}
	}
	return []string{"--profile-directory=" + p.profileDirectory(), "--no-first-run", "--no-default-browser-check", p.url}
}

// start returns the command that starts the browser on this system, without its arguments.
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

// fromTemplate returns the command of a template. It is split into words before values are
// filled in, so that a value with blanks stays one argument.
func fromTemplate(template string, p page) ([]string, error) {
	argv, err := browser.Words(template)
	if err != nil {
		return nil, fob.Errorf(fob.ErrUsage, "%w", err)
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
