// Package processline is the rule for the one line of an AWS config file that makes
// SDKs ask fob for credentials:
//
//	credential_process = /usr/local/bin/fob credentials prod
//
// [Call.Line] writes its value and [Parse] reads it back: Parse returns exactly the
// Call that was written. Lines that people have written or edited by hand are
// recognised as well.
package processline

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"fob/internal/fob"
)

// Call is one invocation of fob by an SDK.
type Call struct {
	Exe   string   // absolute path of fob, or [InPath]
	Name  string   // the profile, or SESSION/ACCOUNT/ROLE
	Flags []string // further arguments, after the name
}

// InPath is the program of a line in a file that several machines share: each finds its own
// in PATH.
const InPath = "fob"

// Line returns the value of credential_process for a call. SDKs disagree about how it
// is run: botocore splits it into words itself, Go's and JavaScript's SDK give it to a
// shell or to cmd.exe, and before that Go's removes quotes that stand at both ends.
// Therefore nothing in the line needs quoting but the path, and that only if it has a
// blank, a bracket or an apostrophe; the last word is never quoted. A path may have letters of
// any script, but not on Windows: botocore reads the file in the code page there, and
// cmd.exe, which Go's SDK starts, takes the quotes off a path with brackets.
//
// The error is [fob.ErrUsage] if no such line would work with every SDK: for characters
// that a shell acts on, a path that is relative, or a program that is not called fob,
// which [Parse] would take for another program.
func (c Call) Line() (string, error) {
	if err := CheckName(c.Name); err != nil {
		return "", err
	}
	unsafe := func(what, hint string) (string, error) {
		return "", fob.Errorf(fob.ErrUsage, "%s has characters that a shell would act on", what).WithHint("%s", hint)
	}
	const punctuation = "_./:@+-~"
	inPath, inFlag := func(word string) bool { return onlyLetters(word, punctuation+quoted) },
		func(word string) bool { return onlyLetters(word, punctuation+"=,") }
	if isWindows(c.Exe) {
		inPath, inFlag = func(word string) bool { return only(word, punctuation+` \`) },
			func(word string) bool { return only(word, punctuation+`\=,`) }
	}
	switch {
	case !inPath(c.Exe):
		return unsafe("the path of fob, \""+c.Exe+"\",", "install fob somewhere else, or set exe_in_path = true in [fob]")
	case c.Exe == InPath:
	case !isAbsolute(c.Exe):
		return "", fob.Errorf(fob.ErrUsage, "%q is not the absolute path of fob", c.Exe).WithHint("start fob by its full path")
	case !isFob(c.Exe):
		return "", fob.Errorf(fob.ErrUsage, "%q is not called fob, so its lines in AWS config files would not be recognised", c.Exe).
			WithHint("rename it to fob")
	}
	words := []string{c.Exe, "credentials", c.Name}
	if strings.ContainsAny(c.Exe, quoted) {
		words[0] = `"` + c.Exe + `"`
	}
	for _, flag := range c.Flags {
		if !inFlag(flag) {
			return unsafe("\""+flag+"\"", "fob exec --endpoint, or --env")
		}
	}
	return strings.Join(append(words, c.Flags...), " "), nil
}

// quoted are the characters for which a path is put in double quotes.
const quoted = " ()'"

// CheckName refuses, with [fob.ErrUsage], a profile name that some SDK cannot pass on
// in a credential_process.
func CheckName(name string) error {
	if !only(name, "_.@+%:/-=,") || strings.HasPrefix(name, "-") {
		return fob.Errorf(fob.ErrUsage, "the name %q has characters that some SDK cannot pass on; letters, digits and _.@+%%:/- are safe", name).
			WithHint("fob exec --env, or give the profile another name")
	}
	return nil
}

// Parse reads a value of credential_process; ok is false if it does not call fob for a
// profile's credentials. It splits the value as SDKs do on the system that the path of
// fob is of: on Windows only double quotes group characters into a word, elsewhere
// quotes and backslashes have the meaning that they have in a POSIX shell. A path that
// needs the shell, as $HOME/bin/fob, stays as it is written.
func Parse(line string) (c Call, ok bool) {
	words, closed := splitWindows(line)
	if len(words) > 0 && !isWindows(words[0]) {
		words, closed = splitPOSIX(line)
	}
	if !closed || len(words) < 3 || !isFob(words[0]) {
		return Call{}, false
	}
	args := words[1:]
	switch {
	case args[0] == "credentials":
		args = args[1:]
	case args[0] == "session" && args[1] == "generate": // as Leapp calls it; fob takes it too
		args = args[2:]
	default:
		return Call{}, false
	}
	if len(args) == 0 || args[0] == "" || strings.HasPrefix(args[0], "-") {
		return Call{}, false
	}
	c = Call{Exe: words[0], Name: args[0]}
	if len(args) > 1 {
		c.Flags = args[1:]
	}
	return c, true
}

// Calls reports whether a value of credential_process calls fob for that very name.
func Calls(line, name string) bool {
	c, ok := Parse(line)
	return ok && c.Name == name
}

// isFob reports whether a path is that of a program called fob.
func isFob(path string) bool {
	if isWindows(path) {
		base := path[strings.LastIndexAny(path, `/\`)+1:]
		return strings.EqualFold(base, "fob") || strings.EqualFold(base, "fob.exe")
	}
	base := path[strings.LastIndexByte(path, '/')+1:]
	return base == "fob" || base == "fob.exe" // of Windows, called from WSL
}

// isWindows reports whether a path is written as on Windows, with a drive, a server or
// backslashes.
func isWindows(path string) bool {
	return hasDrive(path) || strings.HasPrefix(path, `\\`) ||
		strings.Contains(path, `\`) && strings.HasSuffix(strings.ToLower(path), ".exe")
}

func isAbsolute(path string) bool {
	return strings.HasPrefix(path, "/") || strings.HasPrefix(path, `\\`) || hasDrive(path)
}

// hasDrive reports whether a path begins as C:\ or C:/ does.
func hasDrive(path string) bool {
	return len(path) > 2 && only(path[:1], "") && path[1] == ':' && strings.ContainsRune(`\/`, rune(path[2]))
}

// onlyLetters reports whether s is not empty and consists of letters and digits of any
// script and some more characters. To shells and to botocore's splitter, letters outside
// ASCII are letters.
func onlyLetters(s, more string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= utf8.RuneSelf && unicode.In(r, unicode.L, unicode.M, unicode.N) || only(string(r), more))
	})
}

// only reports whether s is not empty and consists of ASCII letters, digits and some
// more characters.
func only(s, more string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(more, r))
	})
}
