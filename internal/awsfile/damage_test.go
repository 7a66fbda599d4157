package awsfile_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"fob/internal/awsfile"
)

// Each kind of damage after which SDKs take lines for another section's: in doubt are the
// profile that the lines seem to belong to, and the one that they belong to instead.
func TestDamage(t *testing.T) {
	t.Parallel()
	const a, b, z = "[profile a]\nregion = x\n", "role_arn = r\n", "[profile z]\nregion = y\n"
	for what, c := range map[string]struct{ text, want string }{
		"sound":                        {a + "[profile b]\n" + b + "# [profile c\n" + z, ""},
		"no ]":                         {a + "[profile b\n" + b + z, "3 a b"},
		"no [":                         {a + "profile b]\n" + b + z, "3 a b"},
		"no brackets":                  {a + "profile b\n" + b + z, "3 a b"},
		"no ] on the first line":       {"[profile b\n" + b + z, "1 b, 2"},
		"text behind it":               {a + "[profile b] c\n" + b + z, "3 a b"},
		"a key behind it":              {a + "[profile b] " + b + z, "3 a b"},
		"no ], and a comment":          {a + "[profile b # ]\n" + b + z, "3 a b"},
		"a # within it":                {a + "[profile b#c]\n" + b + z, "3 a b#c"},
		"a = within it":                {a + "[profile b=c\n" + b + z, "3 a b=c"},
		"within a nested block":        {a + "s3 =\n  max_queue = 1\n  [profile b]\n" + b + z, "5 b a"},
		"within one, without ]":        {a + "s3 =\n  max_queue = 1\n  [profile b\n" + b + z, "5 a b"},
		"within a value":               {a + "  [profile b]\n" + b + z, "3 b a"},
		"within a value, without ]":    {a + "  [profile b\n" + b + z, "3 a b"},
		"indented, below no key":       {"[profile a]\n  [profile b]\n" + b + z, ""},
		"a byte order mark":            {a + "\ufeff[profile b]\n" + b + z, "3 a b"},
		"a NUL before it":              {a + "\x00[profile b]\n" + b + z, "3 a b"},
		"a NUL within it":              {a + "[profile\x00 b]\n" + b + z, "3 \"profile b\" b"},
		"a NUL in a key":               {a + "role_arn\x00 = r\n" + z, "3 a"},
		"a NUL in a value":             {a + "output = \x00\n" + z, ""},
		"a block of NULs":              {a + strings.Repeat("\x00", 512) + "\n" + z, "3 a"},
		"CR alone":                     {a + "output = json\r[profile b]\r" + b + z, "3 a b"},
		"CR behind a header":           {a + "[profile b]\r" + b + z, "3 a b, 3 a b"},
		"CR CR LF":                     {strings.ReplaceAll(a+z, "\n", "\r\r\n"), ""},
		"a merge conflict":             {a + "<<<<<<< HEAD\n" + b + "=======\nrole_arn = s\n>>>>>>> x\n" + z, "3 a, 5 a, 6 a, 7 a"},
		"a merge conflict of sections": {a + "<<<<<<< a=b\n[profile b]\n" + b + "=======\n[profile c]\n>>>>>>> a=b\n" + z, "3 a, 4 b, 6 b, 7 c, 8 c"},
		"a conflict's last mark lost":  {a + "<<<<<<< HEAD\n" + b + z, "3 a, 5 z"},
		"a section twice":              {a + z + "[profile a]\n" + b, "5 a"},
		"twice, written differently":   {a + z + "[profile \"a\"]\n" + b, "5 a"},
		"a key twice":                  {a + b + z + "output = json\nrole_arn = r\nrole_arn = s\n", "8 z"},
		"a header lost":                {a + b + "region = z\n", "4 a"},
		"a line that says nothing":     {a + "no\n" + b + z, "3 a"},
		"a nested line without a key":  {a + "s3 =\n  no\n" + b + z, "4 a"},
		"a header without a name":      {a + "[]\n" + b + z, "3 a"},
		"nested, but not deeper":       {"[profile a]\n  s3 =\n  role_arn = r\n" + z, "3 a"},
		"another type of section":      {a + "[sso-session b\nsso_region = x\n" + z, "3 a b"},
	} {
		damage := awsfile.Parse(awsfile.Config, []byte(c.text)).Damage()
		var got []string
		for _, d := range damage {
			one := fmt.Sprint(d.Line)
			for i, id := range d.Touches {
				if !slices.Contains(d.Touches[:i], id) {
					one += " " + quoted(id.Name)
				}
			}
			got = append(got, one)
			if d.Message == "" {
				t.Errorf("%s: no message", what)
			}
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", what, s, c.want)
		}
	}
}

func quoted(name string) string {
	if strings.Contains(name, " ") {
		return fmt.Sprintf("%q", strings.ReplaceAll(name, "\x00", ""))
	}
	return name
}

// A file that botocore refuses is damaged here: but for a byte order mark and what is not
// UTF-8, after which each line is still the same section's.
func TestDamagedWhereBotocoreRefuses(t *testing.T) {
	t.Parallel()
	b := startBotocore(t)
	rapid.Check(t, func(t *rapid.T) {
		kind := genKind(t)
		text := strings.TrimPrefix(genWild.Draw(t, "text"), "\ufeff")
		if !utf8.ValidString(text) || len(awsfile.Parse(kind, []byte(text)).Damage()) > 0 {
			return
		}
		if b.read(t, kind, text).Refused {
			t.Fatalf("not damaged: %q", text)
		}
	})
}

// UTF-16 is refused in one line, with a mark or without, when read and when edited.
func TestUTF16(t *testing.T) {
	t.Parallel()
	for _, order := range []int{0, 1} {
		for _, mark := range []string{"", "\ufeff"} {
			var data []byte
			for _, r := range mark + "[profile a]\r\nregion = x\r\n" {
				unit := []byte{byte(r), byte(r >> 8)}
				data = append(data, unit[order], unit[1-order])
			}
			path := t.TempDir() + "/config"
			write(t, path, string(data))
			_, err := awsfile.Read(awsfile.Config, path)
			if err == nil || !strings.Contains(err.Error(), "UTF-16") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%d %q: %v", order, mark, err)
			}
			err = awsfile.Update(t.Context(), awsfile.Config, path, t.TempDir(), func(f *awsfile.File) error {
				return f.Set("profile", "b", "region", "y")
			})
			if err == nil || !strings.Contains(err.Error(), "UTF-16") {
				t.Errorf("%d %q: %v", order, mark, err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, data) {
				t.Errorf("%q", after)
			}
		}
	}
}
