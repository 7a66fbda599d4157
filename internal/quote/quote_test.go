package quote_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"fob/internal/quote"
	"fob/test/skip"
)

// Every shell reads back the same value.
func TestShellsReadBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		shell string
		quote func(string) string
	}{
		{"sh", quote.POSIX}, {"bash", quote.POSIX}, {"zsh", quote.POSIX}, {"fish", quote.Fish},
		{"sh", quote.Word}, {"bash", quote.Word}, {"zsh", quote.Word},
	} {
		t.Run(tt.shell, func(t *testing.T) {
			t.Parallel()
			skip.Need(t, tt.shell)
			check := func(fail func(string, ...any), values []string) {
				script := "printf '%s\\n.\\n'"
				want := ""
				for _, v := range values {
					script += " " + tt.quote(v)
					want += v + "\n.\n"
				}
				cmd := exec.Command(tt.shell, "-c", script)
				cmd.Env = []string{"HOME=" + t.TempDir(), "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"}
				out, err := cmd.Output()
				if err != nil || string(out) != want {
					fail("%q became %q (%v)", values, out, err)
				}
			}
			check(t.Fatalf, awkward())
			for _, v := range awkward() {
				check(t.Fatalf, []string{v})
			}
			rapid.Check(t, func(rt *rapid.T) { check(rt.Fatalf, rapid.SliceOfN(value(), 1, 30).Draw(rt, "values")) })
		})
	}
}

// awkward are values with characters that are special in some shell.
func awkward() []string {
	return []string{
		"", "'", "''", "'''", `\`, `\\`, `\'`, `'\''`, `a\`, "a b", " ", "\t", "\n", "a\nb", "$HOME", "$(true)", "`true`", "${x}", "!x", "!!", "#x", "~", "~root", "*", "?", "[a]",
		"{a,b}", "=ls", "a=b", "%self", "%1", "-n", "--", "&", "|", ";", "<x", ">x", "(x)", "^x", "é", "\u00a0", "‘x’", "a;b", "it's", "\"", "@x", ":", ",", "/", "\u2028",
	}
}

// value generates values with shells' special characters and any others, except Unicode's private
// use characters, which fish uses internally.
func value() *rapid.Generator[string] {
	common := rapid.StringOfN(rapid.RuneFrom([]rune(" '\"\\$`!#~*?[]{}()<>|&;=%-\n\tab‘’")), 0, 12, -1)
	any := rapid.Map(rapid.StringN(0, 20, -1), func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == 0 || r == utf8.RuneError || unicode.In(r, unicode.Co, unicode.Cs, unicode.Noncharacter_Code_Point) {
				return -1
			}
			return r
		}, s)
	})
	return rapid.OneOf(common, any)
}

// Word returns one word for the shell, quoted only if necessary.
func TestWord(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"corp": "corp", "https://corp.awsapps.com/start": "https://corp.awsapps.com/start", "corp/Prod/Ops": "corp/Prod/Ops", "é": "é",
		"my corp": "'my corp'", "a;b": "'a;b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'", "a*b": "'a*b'", "": "''", "=ls": "'=ls'", "a=b": "a=b", "%1": "'%1'", "https://x/a%20b": "https://x/a%20b",
	} {
		if got := quote.Word(value); got != want {
			t.Errorf("%q: %s", value, got)
		}
	}
}

// PowerShell is not installed where tests run, so this follows its grammar: a single-quoted string
// ends at any quote that is not doubled.
func TestPowerShellReadsBack(t *testing.T) {
	t.Parallel()
	quotes := []rune("'‘’‚‛")
	rapid.Check(t, func(rt *rapid.T) {
		want := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom(quotes))).Draw(rt, "value")
		inner := []rune(strings.TrimSuffix(strings.TrimPrefix(quote.PowerShell(want), "'"), "'"))
		var got []rune
		for i := 0; i < len(inner); i++ {
			if got = append(got, inner[i]); !slices.Contains(quotes, inner[i]) {
				continue
			}
			if i++; i == len(inner) || !slices.Contains(quotes, inner[i]) {
				rt.Fatalf("%q ends early", string(inner))
			}
		}
		if string(got) != want {
			rt.Fatalf("%q became %q", want, string(got))
		}
	})
}

func TestCmd(t *testing.T) {
	t.Parallel()
	if got := quote.Cmd(`100% "a" ^&|`); got != `100%% "a" ^&|` {
		t.Error(got)
	}
}
