//go:build linux

package system

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"fob/test/skip"
)

// sh is a shell installed on this machine.
type sh struct {
	name   string
	script []string // before the text to run
	// strict are shell options under which fob's functions must work.
	strict string
	init   string // as the documentation has it
	export string // sets a variable, with %s for name and value
	unset  string
	status string // the exit status of the last command
	alias  string // an alias of that name, with %s
}

func shells() []sh {
	return []sh{
		{
			name: "bash", script: []string{"--norc", "--noprofile", "-c"}, init: `eval "$(fob init bash)"`,
			strict: "set -euo pipefail; set -o noclobber; shopt -s expand_aliases", export: "export %s='%s'", unset: "unset %s", status: "$?", alias: "alias %s='echo ALIAS'",
		},
		{
			name: "zsh", script: []string{"-f", "-c"}, init: `eval "$(fob init zsh)"`,
			strict: "setopt err_exit nounset noclobber ksh_arrays sh_word_split aliases glob_subst", export: "export %s='%s'", unset: "unset %s", status: "$?", alias: "alias %s='echo ALIAS'",
		},
		{
			name: "fish", script: []string{"--no-config", "-c"}, init: "fob init fish | source",
			export: "set -gx %s '%s'", unset: "set -e %s", status: "$status", alias: "alias %s 'echo ALIAS'",
		},
	}
}

// eachShell runs a test in every shell, in a home of its own.
func eachShell(t *testing.T, test func(t *testing.T, s sh, w *world)) {
	for _, s := range shells() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			skip.Need(t, s.name)
			w := shellWorld(t)
			w.env = append(w.env, "SHELL=/bin/"+s.name, "XDG_CONFIG_HOME="+filepath.Join(w.home, ".config"), "XDG_DATA_HOME="+filepath.Join(w.home, ".data"))
			test(t, s, w)
		})
	}
}

// shellWorld is a home with profiles of unusual names.
func shellWorld(t *testing.T) *world {
	w := newWorld(t)
	w.env = append(w.env, "PATH="+bin+":"+os.Getenv("PATH"))
	config := `
[profile prod]
role_session_name = is-prod
role_arn = @ReadOnly@
source_profile = bot
region = eu-west-1
endpoint_url = @URL@

[profile dev]
role_session_name = is-dev
role_arn = @ReadOnly@
source_profile = bot
endpoint_url = @URL@

[profile careful]
role_session_name = is-careful
role_arn = @ReadOnly@
source_profile = bot
mfa_serial = @jane.mfa@
endpoint_url = @URL@

[profile team:payments/eu]
role_session_name = is-team-payments-eu
role_arn = @ReadOnly@
source_profile = bot

[profile team:search/eu]
role_session_name = is-team-search-eu
role_arn = @ReadOnly@
source_profile = bot

[profile with blank]
role_session_name = is-with-blank
role_arn = @ReadOnly@
source_profile = bot

[profile 100%done]
role_session_name = is-100-done
role_arn = @ReadOnly@
source_profile = bot

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
`
	for _, name := range hostile(w) {
		config += "\n[profile " + name + "]\nrole_session_name = is-hostile\nrole_arn = @ReadOnly@\nsource_profile = bot\n"
	}
	w.write(w.config(), stage().expand(config))
	w.write(w.credentials(), stage().expand("[bot]\naws_access_key_id = @bot.id@\naws_secret_access_key = @bot.secret@\nendpoint_url = @URL@\n"))
	w.write(w.fobFile("accounts/corp.json"), `{"session":"corp","start_url":"https://corp.awsapps.com/start","synced":"2026-01-01T00:00:00Z","accounts":[
		{"id":"111122223333","name":"payments","roles":["Admin","ReadOnly"]},
		{"id":"222233334444","name":"Big Data (old)","roles":["Admin"]},
		{"id":"333344445555","name":"$(touch `+w.evil()+`)","roles":["Admin"]}]}`)
	w.ok("vault", "init", "--unlock", "file")
	return w
}

// evil is a file that exists only if a hostile name was executed.
func (w *world) evil() string { return filepath.Join(w.home, "EVIL") }

// hostile are names with an effect in some shell if they are not quoted.
func hostile(w *world) []string {
	touch := "touch " + w.evil()
	return []string{"$(" + touch + ")", "`" + touch + "`", "(" + touch + ")", "'; " + touch + "; '", "${x:-$(" + touch + ")}", `\$(` + touch + ")", "a;" + touch, "%{$(" + touch + ")%}", "zz\x1b]0;title\x07"}
}

func (w *world) harmless() {
	w.t.Helper()
	if _, err := os.Stat(w.evil()); err == nil {
		w.t.Error("a profile's name was run")
	}
}

// script runs lines in a shell that has evaluated fob init.
func (w *world) script(s sh, lines ...string) result {
	w.t.Helper()
	text := strings.Join(append([]string{s.init}, lines...), "\n") + "\n"
	cmd := exec.Command(s.name, append(append([]string(nil), s.script...), text)...)
	cmd.Env, cmd.Dir = append([]string(nil), w.env...), w.home
	cmd.Stdin = strings.NewReader("")
	return w.finish(detached(cmd))
}

// says are lines that print variables as child processes get them: [NAME=VALUE].
func says(names ...string) string {
	return `env | grep -E '^(` + strings.Join(names, "|") + `)=' | sort | sed 's/.*/[&]/' | tr -d '\n'; echo`
}

func set(s sh, name, value string) string { return fmt.Sprintf(s.export, name, value) }

// fob use sets what fob exec would set for a child, and --clear restores the previous values.
func TestUse(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		all := says("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SECRET_ACCESS_KEY", "FOB_AWS_CONFIG_FILE")
		prod := "[AWS_DEFAULT_PROFILE=prod][AWS_DEFAULT_REGION=eu-west-1][AWS_PROFILE=prod][AWS_REGION=eu-west-1][FOB_AWS_CONFIG_FILE=" + w.config() + "]"
		mine := "[AWS_REGION=us-east-2][AWS_SECRET_ACCESS_KEY=my own $x `y` 'z]"
		dev := "[AWS_DEFAULT_PROFILE=dev][AWS_PROFILE=dev][AWS_REGION=us-east-2][FOB_AWS_CONFIG_FILE=" + w.config() + "]"
		value := `my own $x ` + "`y`" + ` '\''z`
		if s.name == "fish" {
			value = `my own $x ` + "`y`" + ` \'z`
		}
		r := w.script(s, s.strict,
			set(s, "AWS_REGION", "us-east-2"), set(s, "AWS_SECRET_ACCESS_KEY", value),
			all, "fob use prod", all, "fob use dev", all,
			"fob use prod", "fob use prod", all, "fob use -", all, "fob use -", all,
			"fob use --clear", all, "fob use --clear", all,
			"fob use prod", s.name+" "+strings.Join(s.script[:len(s.script)-1], " ")+" -c '"+strings.ReplaceAll(s.init, "'", "")+"; fob use --clear; env' | sed -n '/^AWS_[PRS]/s/^/CHILD /p'",
			"fob use --clear", all)
		want := []string{mine, prod, dev, prod, dev, prod, mine, mine, mine}
		if got := strings.Fields(strings.ReplaceAll(strings.TrimSpace(r.out), " ", "_")); r.code != 0 || strings.Join(got, "\n") != strings.ReplaceAll(strings.Join(want, "\n"), " ", "_") {
			t.Errorf("%v\n%s\nwant\n%s", r, r.out, strings.Join(want, "\n"))
		}
	})
}

// In a shell started by fob exec, fob use ignores the outer profile, and --clear restores it.
func TestUseInsideExec(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		all := says("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SHARED_CREDENTIALS_FILE", "FOB_AWS_[A-Z_]*")
		script := strings.Join([]string{s.init, all, "fob use dev", all, "fob use prod", "fob use dev", all, "fob use --clear", all}, "\n") + "\n"
		for _, c := range []struct{ way, profile, credentials, files string }{
			{"", "[AWS_PROFILE=prod]", "", ""},
			{"--endpoint", "", "[AWS_SHARED_CREDENTIALS_FILE=" + w.credentials() + "]", "[FOB_AWS_SHARED_CREDENTIALS_FILE=" + w.credentials() + "]"},
		} {
			cmd := w.cmd(append(append([]string{"exec", "prod", c.way, "--", s.name}, s.script...), script)...)
			cmd.Args = slices.DeleteFunc(cmd.Args, func(arg string) bool { return arg == "" })
			cmd.Env = append(cmd.Env, "AWS_REGION=us-east-2")
			r := w.finish(detached(cmd))
			lines := strings.Split(strings.TrimSpace(r.out), "\n")
			dev := "[AWS_PROFILE=dev][AWS_REGION=us-east-2]" + c.credentials + "[FOB_AWS_CONFIG_FILE=" + w.config() + "]"
			if len(lines) != 4 || lines[1] != dev || lines[2] != dev || lines[0] != lines[3] ||
				!strings.HasPrefix(lines[0], "[AWS_DEFAULT_REGION=eu-west-1]"+c.profile+"[AWS_REGION=eu-west-1]") || !strings.HasSuffix(lines[0], c.files) {
				t.Errorf("%s: %v\n%s\nwant\n%s", c.way, r, r.out, dev)
			}
		}
	})
}

// The AWS CLI gets credentials by the variables of fob use.
func TestUseWorks(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		r := w.script(s, s.strict, "fob use prod", `sh -c "$(sed -n 's/^credential_process = //p' "$AWS_CONFIG_FILE" | tail -1)" | grep -o '"AccessKeyId":"ASIA'`)
		if s.name == "fish" {
			r = w.script(s, "fob use prod", `sh -c (sed -n 's/^credential_process = //p' $AWS_CONFIG_FILE | tail -1) | grep -o '"AccessKeyId":"ASIA'`)
		}
		if r.code != 0 || !strings.Contains(r.out, "ASIA") {
			t.Error(r, redact(r.out))
		}
	})
}

func TestUseThatFails(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		all := says("AWS_[A-Z_]*", "__FOB_[A-Z_]*")
		for _, c := range []struct {
			args string
			code int
		}{
			{"nobody", 3}, {"corp", 2}, {"dev extra", 2}, {"--bogus", 2}, {"dev --clear", 2}, {"--help", 0}, {"-h", 0},
			{"'with blank'", 2}, {"dev --policy /nonexistent", 2}, {"", 4}, // no terminal to pick at
		} {
			r := w.script(s, "fob use prod", all, "fob use "+c.args, "echo status "+s.status, all)
			lines := strings.Split(strings.TrimSpace(r.out), "\n")
			if len(lines) != 3 || lines[0] != lines[2] || lines[1] != fmt.Sprint("status ", c.code) || r.err == "" {
				t.Errorf("fob use %s: %v\n%s", c.args, r, r.out)
			}
		}
		for _, name := range hostile(w) {
			quoted := "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
			if s.name == "fish" {
				quoted = "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "'"
			}
			if r := w.script(s, "fob use "+quoted, "echo status "+s.status); !strings.Contains(r.out, "status 2") && !strings.Contains(r.out, "status 3") {
				t.Errorf("fob use %q: %v\n%s", name, r, r.out)
			}
		}
		w.harmless()
	})
}

// All other commands pass through the function unchanged: arguments, exit status, streams.
func TestTheFunctionIsNotThere(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		r := w.script(s, `fob exec dev -- printf '%s|' 'a b' '' '$HOME' '*' 'use' "it's" --`, `fob exec dev -- sh -c 'exit 42'`, "echo status "+s.status,
			"echo piped | fob exec dev -- cat", "fob use >/dev/null 2>&1", "fob no-such-command", "echo status "+s.status)
		want := "a b||$HOME|*|use|it's|--|status 42\npiped\nstatus 2\n"
		if r.code != 0 || r.out != want {
			t.Errorf("%v\n%q\nwant\n%q", r, r.out, want)
		}
	})
}

func TestAliasesDoNotMatter(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		lines := []string{s.strict}
		names := []string{"fob", "unset", "export", "local", "command", "env"}
		if s.name == "fish" {
			names = []string{"env", "cat"} // fish's aliases are functions, and one named fob would take its place
		}
		for _, name := range names {
			lines = append(lines, fmt.Sprintf(s.alias, name))
		}
		past := `\`
		if s.name == "fish" {
			past = ""
		}
		lines = append(lines, strings.Replace(s.init, "fob", past+"fob", 1)) // again, with the aliases
		r := w.script(s, append(lines, past+"fob use prod", past+"fob use dev", past+"fob use prod", `sh -c 'echo $AWS_PROFILE'`)...)
		if r.code != 0 || r.out != "prod\n" {
			t.Errorf("%v\n%s", r, r.out)
		}
	})
}

// An alias in the start-up file that calls the program does not take the function's place,
// whether it is made before fob's part or after it.
func TestAliasInTheStartUpFile(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		alias := strings.ReplaceAll(fmt.Sprintf(s.alias, "fob"), "echo ALIAS", filepath.Join(bin, "fob"))
		for _, rc := range [][]string{{alias}, {alias, s.init, alias}} {
			term := w.prompting(s, false, rc...)
			if len(rc) > 1 {
				term = w.prompting(sh{name: s.name, init: ":"}, false, rc...)
			}
			term.after("fob use prod\r", "<0>READY ")
			term.after("sh -c 'echo is $AWS_PROFILE'\r", "is prod")
			term.after("sh -c 'exit 7'\r", "<7>READY ")
			term.typing("exit\r")
		}
	})
}

// Hints are for the shell in use, not for the login shell.
func TestHintsNameTheShellInUse(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		for _, login := range []string{"/bin/bash", "/bin/zsh", "/usr/bin/fish"} {
			cmd := exec.Command(s.name, append(append([]string(nil), s.script[:len(s.script)-1]...), "-c", "fob use prod; true")...)
			cmd.Env, cmd.Dir = append(append([]string(nil), w.env...), "SHELL="+login), w.home
			if r := w.finish(detached(cmd)); !strings.Contains(r.err, "for that "+s.name+" needs a function") || !strings.Contains(r.err, "fob init "+s.name) {
				t.Errorf("login %s: %v", login, r)
			}
		}
	})
}

// A program whose path contains a blank or a quote can be called.
func TestProgramsWithOddPaths(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		for _, dir := range []string{"a b", "it's $HOME \\ \"x\""} {
			odd := filepath.Join(w.home, dir)
			if err := os.Mkdir(odd, 0o700); err != nil {
				t.Fatal(err)
			}
			for _, program := range []string{"fob", "fob-agent"} {
				if err := os.Link(filepath.Join(bin, program), filepath.Join(odd, program)); err != nil {
					t.Fatal(err)
				}
			}
			other := *w
			other.env = append(other.env, "PATH="+odd+":"+os.Getenv("PATH"))
			want, code := "prod", 0
			if strings.Contains(dir, "'") {
				want, code = "", 2 // no credential_process could call it
			}
			r := other.script(s, "fob version", "fob use prod", "echo status "+s.status, says("AWS_PROFILE"))
			if !strings.HasPrefix(r.out, "fob ") || !strings.Contains(r.out, fmt.Sprint("status ", code)) || want != "" && !strings.Contains(r.out, "[AWS_PROFILE="+want+"]") {
				t.Errorf("%s: %v\n%s", dir, r, r.out)
			}
			w.agentStop()
		}
	})
}

// Evaluating fob init starts no agent, and may be done twice.
func TestInitStartsNothing(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		w.agentStop()
		if r := w.script(s, s.init, s.init, "echo done"); r.code != 0 || r.out != "done\n" || r.err != "" {
			t.Error(r, r.out)
		}
		if r := w.run("agent", "status"); !strings.Contains(r.out+r.err, "no agent") {
			t.Error(r, r.out)
		}
	})
}

// The prompt's segment, in every way to add it to a prompt.
func TestPromptSegment(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		r := w.script(s, "fob_prompt", "fob use dev", "fob_prompt", "fob credentials dev >/dev/null", "fob_prompt",
			"fob_prompt --format '<{name}{:left}>'", "fob use careful", "fob_prompt", "fob use 100%done", "fob_prompt", "fob use --clear", "fob_prompt",
			set(s, "AWS_PROFILE", "not-ours"), "fob_prompt", "fob lock", set(s, "AWS_PROFILE", "dev"), "fob_prompt", "fob agent stop", "fob_prompt")
		done := "100%done"
		if s.name == "zsh" {
			done = "100%%done"
		}
		want := []string{"(dev) ", "(dev 59m) ", "<dev:59m>", "(careful sign-in) ", "(" + done + ") ", "(dev locked) ", "(dev) ", ""}
		if got := strings.Split(r.out, "\n"); r.code != 0 || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%v\n%s\nwant\n%s", r, r.out, strings.Join(want, "\n"))
		}
	})
}

func TestPromptKeepsTheStatus(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		for _, profile := range []string{"", "dev"} {
			fail := "sh -c 'exit 7'"
			r := w.script(s, set(s, "AWS_PROFILE", profile), fail, "fob_prompt >/dev/null", "echo status "+s.status)
			if r.out != "status 7\n" {
				t.Errorf("%v %q", r, r.out)
			}
		}
	})
}

// prompting starts a shell at a terminal and waits for its prompt.
func (w *world) prompting(s sh, prompt bool, rc ...string) *terminal {
	w.t.Helper()
	init := s.init
	if prompt {
		init = strings.Replace(init, "init "+s.name, "init "+s.name+" --prompt", 1)
	}
	var cmd *exec.Cmd
	path := filepath.Join(w.home, "."+s.name+"rc")
	switch s.name {
	case "bash":
		w.write(path, strings.Join(append([]string{"PS1='<$?>READY '; bind 'set enable-bracketed-paste off'"}, append(rc, init)...), "\n"))
		cmd = exec.Command("bash", "--noprofile", "--rcfile", path, "-i")
	case "zsh":
		w.write(path, strings.Join(append([]string{"PROMPT='<%?>READY '; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -d $HOME/.zcompdump"}, append(rc, init)...), "\n"))
		cmd = exec.Command("zsh", "-d", "-i")
		cmd.Env = append(cmd.Env, "ZDOTDIR="+w.home)
	case "fish":
		w.write(path, strings.Join(append([]string{"function fish_prompt; echo -n '<'$status'>READY '; end; set -g fish_greeting"}, append(rc, init)...), "\n"))
		cmd = exec.Command("fish", "--no-config", "-i", "-C", "source "+path)
	}
	cmd.Env = append(append(append([]string(nil), w.env...), cmd.Env...), "TERM=xterm")
	cmd.Dir = w.home
	term := onTerminal(w.t.(*testing.T), cmd)
	term.size(500, 30) // nothing wraps
	w.t.Cleanup(func() {
		if w.t.Failed() {
			w.t.Logf("the terminal: %q", redact(term.text()))
		}
	})
	term.expect("<0>READY ")
	return term
}

func (term *terminal) size(columns, rows int) {
	term.t.Helper()
	if err := unix.IoctlSetWinsize(int(term.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(columns), Row: uint16(rows)}); err != nil {
		term.t.Fatal(err)
	}
}

// after types a line and waits for text that was not there before.
func (term *terminal) after(line, text string) {
	term.t.Helper()
	from := len(term.text())
	term.typing(line)
	soon(term.t, fmt.Sprintf("after %q the terminal shows %q", line, text), func() bool { return strings.Contains(term.text()[from:], text) })
}

func TestPickerInAShell(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		term := w.prompting(s, true)
		shows := "sh -c 'echo is:$AWS_PROFILE:'\r"
		term.after("fob use\r", "profile> ")
		term.after("pay", "\x1b[4m")        // what was found is marked
		term.after(" admin", "1/")          // corp/payments/Admin
		term.after("\x15", "\x1b[1m> prod") // Ctrl-U: everything again
		term.after("\x1b[B", "\x1b[1m> dev")
		term.after("\x10", "\x1b[1m> prod")
		term.size(40, 10)
		term.after("\x0e", "\x1b[1m> dev")
		term.after("\r", "fob: using dev")
		term.after(shows, "is:dev:")
		term.after("\r", "(dev) <0>READY ")

		term.after("fob use\r", "\x1b[1m> dev") // what was used comes first
		term.after("\x1b", "nothing was picked")
		term.after("\r", "<130>READY ")
		term.after(shows, "is:dev:")
		term.after("fob use\r", "profile> ")
		term.after("\x03", "nothing was picked")
		term.after(shows, "is:dev:")
		if strings.Contains(term.text(), "\x1b]0;title") {
			t.Error("a name acts on the terminal")
		}
		term.after("fob use --clear\r", "<0>READY ")
		term.after(shows, "is::")
		w.harmless()
	})
}

// Hostile names in prompts are not executed, however the prompt is built.
func TestHostilePrompts(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, s sh, w *world) {
		var rc []string
		switch s.name {
		case "bash":
			rc = []string{`PROMPT_COMMAND='PS1="$(fob_prompt)$(fob prompt --shell=bash)$(fob prompt)<\$?>READY "'`}
		case "zsh":
			rc = []string{`setopt prompt_subst; PROMPT='$(fob_prompt)$(fob prompt)<%?>READY '; precmd() { RPROMPT="$(fob_prompt)$(fob prompt)" }`}
		case "fish":
			rc = []string{"function fish_right_prompt; fob_prompt; end"}
		}
		term := w.prompting(s, true, rc...)
		for _, name := range hostile(w) {
			w.write(filepath.Join(w.home, "name"), name)
			if s.name == "fish" {
				term.after("set -gx AWS_PROFILE (cat name)\r", "READY ")
			} else {
				term.after(`export AWS_PROFILE="$(cat name)"`+"\r", "READY ")
			}
			term.after("echo EC''HO\r", "ECHO")
			term.after("\r", "READY ")
		}
		if strings.Contains(term.text(), "\x1b]0;title") {
			t.Error("a name acts on the terminal")
		}
		w.harmless()
	})
}

// The list to pick from, run without a shell: the terminal is restored however it ends, and stdout
// contains only the choice.
func TestPicker(t *testing.T) {
	t.Parallel()
	w := shellWorld(t)
	pick := func(columns int, env ...string) (*terminal, *os.File) {
		out, err := os.CreateTemp(w.home, "out")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = out.Close() })
		cmd := w.cmd("use", "--shell", "bash")
		cmd.Env = append(append(cmd.Env, "TERM=xterm"), env...)
		term := onTerminal(t, cmd, out)
		term.size(columns, 12)
		term.expect("profile> ")
		soon(t, "keys are read one by one", func() bool { return !term.echoes() })
		return term, out
	}
	ended := func(term *terminal, out *os.File, code int) string {
		t.Helper()
		if got := term.wait(); got != code {
			t.Errorf("exit %d, want %d: %s", got, code, term.text())
		}
		soon(t, "the screen is given back", func() bool { return strings.Contains(term.text(), "\x1b[?1049l") })
		if !term.echoes() {
			t.Error("the terminal stays raw")
		}
		text, err := os.ReadFile(out.Name())
		if err != nil || code != 0 && len(text) > 0 {
			t.Errorf("%v %q", err, text)
		}
		return string(text)
	}

	term, out := pick(80)
	term.typing("corp pay read\r")
	if text := ended(term, out, 0); !strings.Contains(text, "AWS_PROFILE='corp/payments/ReadOnly'") {
		t.Error(text)
	}
	term, out = pick(40, "NO_COLOR=1")
	term.after("p", "\x1b[4m")
	term.typing("\x1b") // alone, and nothing follows
	ended(term, out, 130)
	if strings.Contains(term.text(), "\x1b[36m") {
		t.Error("there is colour")
	}
	term, out = pick(20)
	term.typing("no such thing\r\x7f\x15dev\r") // Enter picks nothing where nothing is
	if text := ended(term, out, 0); !strings.Contains(text, "AWS_PROFILE='dev'") {
		t.Error(text)
	}
	for _, signal := range []os.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGINT} {
		term, out = pick(80)
		if err := term.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		ended(term, out, 130)
	}
	cmd := w.cmd("use", "--shell", "bash")
	cmd.Env = append(cmd.Env, "TERM=dumb")
	if code := onTerminal(t, cmd).wait(); code != 4 {
		t.Errorf("exit %d on a terminal that cannot draw", code)
	}
}

// An agent that hangs does not delay prompts.
func TestPromptDoesNotWait(t *testing.T) {
	t.Parallel()
	w := shellWorld(t)
	w.ok("credentials", "dev")
	pid := agentPID(t, w.ok("agent", "status", "--json"))
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Kill(pid, unix.SIGCONT) }()
	soon(t, "every thread of the agent stands still", func() bool { return stopped(pid) })
	cmd := w.cmd("prompt")
	cmd.Env = append(cmd.Env, "AWS_PROFILE=dev")
	if r := w.finish(cmd); r.code != 0 || r.out != "dev\n" || r.err != "" { // or it would wait for ever
		t.Error(r, r.out)
	}
}

// stopped reports whether all threads of a process are stopped.
func stopped(pid int) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	return len(tasks) > 0 && !slices.ContainsFunc(tasks, func(path string) bool {
		text, err := os.ReadFile(path)
		_, rest, _ := strings.Cut(string(text), ") ")
		return err != nil || !strings.HasPrefix(rest, "T")
	})
}
