//go:build linux

package system

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fob/test/skip"
)

// bashCompletion is Debian's package bash-completion; completion must also work without it.
const bashCompletion = "/usr/share/bash-completion/bash_completion"

// eachCompletion runs a test at a terminal in every shell; in bash with and without the package.
func eachCompletion(t *testing.T, test func(t *testing.T, s sh, term *terminal, w *world)) {
	eachShell(t, func(t *testing.T, s sh, w *world) {
		if s.name != "bash" {
			test(t, s, w.prompting(s, false), w)
			return
		}
		for name, rc := range map[string]string{"plain": "", "colon": "COMP_WORDBREAKS=${COMP_WORDBREAKS//:}", "package": "source " + bashCompletion} {
			t.Run(name, func(t *testing.T) {
				w := *w
				w.t = t
				if name == "package" {
					if _, err := os.Stat(bashCompletion); err != nil {
						skip.Missing(t, "bash-completion is not installed")
					}
				}
				test(t, s, w.prompting(s, false, rc), &w)
			})
		}
	})
}

// shown is the line that fob prints for the definition with that name.
func shown(name string) string {
	if session, role, ok := strings.Cut(name, " "); ok {
		return fmt.Sprintf("\"sso_account_id\": %q,\r\n  \"sso_region\": \"eu-west-1\",\r\n  \"sso_role_name\": %q", session, role)
	}
	return fmt.Sprintf("\"role_session_name\": \"is-%s\"", name)
}

// fob receives the words that TAB completed.
func TestCompletion(t *testing.T) {
	t.Parallel()
	eachCompletion(t, func(t *testing.T, s sh, term *terminal, w *world) {
		for _, c := range []struct{ typed, wants string }{
			{"fob sho\tpro\t--js\t\r", shown("prod")},
			{"fob show --json de\t\r", shown("dev")},
			{"fob show --json team:\tpay\t\r", shown("team-payments-eu")}, // up to what all have, then on
			{"fob show --json team:s\t\r", shown("team-search-eu")},
			{"fob show --json 'team:s\t\r", shown("team-search-eu")},
			{"fob show --json \"team:s\t\r", shown("team-search-eu")},
			{"fob show --json with\t\r", shown("with-blank")},
			{"fob show --json with\\ b\t\r", shown("with-blank")},
			{"fob show --json 'with b\t\r", shown("with-blank")},
			{"fob show --json 100\t\r", shown("100-done")},
			{"fob show --json corp/pay\tAd\t\r", shown("111122223333 Admin")},
			{"fob show --json corp/payments/R\t\r", shown("111122223333 ReadOnly")},
			{"fob show --json corp/2\tAd\t\r", shown("222233334444 Admin")}, // a name that no tool could pass on
			{"fob show --json corp/3\tAd\t\r", shown("333344445555 Admin")},
			{"fob env dev --format js\t\r", "\"AWS_PROFILE\""},
			{"fob env dev --format=js\t\r", "\"AWS_PROFILE\""},
		} {
			if strings.HasPrefix(c.typed, "fob env") {
				c.typed, c.wants = strings.TrimSuffix(c.typed, "\r")+" --help\r", "format json"
				if strings.Contains(c.typed, "=") {
					c.wants = "format=json"
				}
			}
			term.after(c.typed, c.wants)
			term.awaitPrompt()
		}
		w.harmless()
	})
}

// awaitPrompt waits for a new prompt.
func (term *terminal) awaitPrompt() {
	term.t.Helper()
	from := len(term.text())
	term.typing("echo SET''TLED\r")
	soon(term.t, "a new prompt", func() bool {
		_, after, found := strings.Cut(term.text()[from:], "SETTLED")
		return found && strings.Contains(after, "READY ")
	})
}

// Hostile names are offered as text, and completing a line never executes parts of it.
func TestHostileCompletion(t *testing.T) {
	t.Parallel()
	eachCompletion(t, func(t *testing.T, s sh, term *terminal, w *world) {
		touch := "touch " + w.evil()
		for _, typed := range []string{
			"fob show --json $\t\t", "fob show --json \\$\t\t", "fob show --json '$\t\t", "fob show --json \"$\t\t", "fob show --json \\`\t\t",
			"fob show --json '(\t\t", "fob show --json a\t\t", "fob show --json \\\\\t\t", "fob show --json %\t\t",
			"fob show '$(" + touch + ")' \t\t", "fob show --format='$(" + touch + ")' \t\t", "fob show '`" + touch + "`' d\t\t",
			"fob exec '$(" + touch + ")' -- '$(" + touch + ")' \t\t", "fob show \\$\\(" + strings.ReplaceAll(touch, " ", "\\ ") + "\\) \t\t",
		} {
			term.typing(typed)
			term.typing("\x15")
			term.awaitPrompt()
			w.harmless()
		}
		// A completed name is passed to fob unchanged.
		if s.name == "fish" {
			return // it asks which of several is meant in a pager
		}
		term.after("fob show --json \\$\\(\t\r", shown("hostile"))
		w.harmless()
	})
}

// The command after fob exec is completed with its own completion.
func TestCompletionOfCommands(t *testing.T) {
	t.Parallel()
	eachCompletion(t, func(t *testing.T, s sh, term *terminal, w *world) {
		w.write(filepath.Join(w.home, "a-file-of-mine"), "content of the file\n")
		term.after("fob exec dev -- cat a-fi\t\r", "content of the file")
		term.awaitPrompt()
		term.after("fob exec dev -- basena\ta/b/cc\r", "cc\r\n")
		term.awaitPrompt() // that was the line itself, perhaps, and fob still runs
	})
}

// In zsh, fob init may come before compinit.
func TestCompletionBeforeCompinit(t *testing.T) {
	t.Parallel()
	skip.Need(t, "zsh")
	w := shellWorld(t)
	w.env = append(w.env, "ZDOTDIR="+w.home)
	term := w.prompting(shells()[1], false, `eval "$(fob init zsh)"; unfunction compdef; autoload -Uz compinit; compinit -u -d $HOME/.zcompdump`)
	term.after("fob show --json team:s\t\r", shown("team-search-eu"))
}

// fob completion prints files that packages can install.
func TestCompletionFiles(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		dir := filepath.Join(w.home, "site")
		var rc string
		switch s.name {
		case "bash":
			w.write(filepath.Join(dir, "fob"), w.ok("completion", s.name).out)
			rc = "source " + filepath.Join(dir, "fob")
		case "zsh":
			w.write(filepath.Join(dir, "_fob"), w.ok("completion", s.name).out)
			rc = "fpath=(" + dir + " $fpath); compinit -u -d $HOME/.zcompdump2"
		case "fish":
			w.write(filepath.Join(dir, "fob.fish"), w.ok("completion", s.name).out)
			rc = "set -p fish_complete_path " + dir
		}
		s.init = ""
		term := w.prompting(s, false, rc)
		term.after("fob show --json corp/payments/R\t\r", shown("111122223333 ReadOnly"))
	})
}

// fish lists its completions without a terminal.
func TestCompletionInFish(t *testing.T) {
	t.Parallel()
	skip.Need(t, "fish")
	w := shellWorld(t)
	fish := shells()[2]
	for line, want := range map[string]string{
		"fob show p":              "prod\n",
		"fob show team:":          "team:payments/eu\nteam:search/eu\n",
		"fob show corp/":          "corp/111",
		"fob show corp/payments/": "corp/payments/Admin\ncorp/payments/ReadOnly\n",
		"fob env --format=j":      "--format=json\n",
		"fob init po":             "powershell\n",
	} {
		r := w.script(fish, "complete -C '"+line+"'")
		if want == "corp/111" {
			want = "corp/222233334444/\ncorp/333344445555/\ncorp/payments/\n"
		}
		if r.out != want {
			t.Errorf("%s: %v %q", line, r, r.out)
		}
	}
}
