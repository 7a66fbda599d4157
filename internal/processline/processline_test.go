package processline_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fob/internal/fob"
	"fob/internal/processline"
)

func TestLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ exe, name, flag, want string }{
		{"/usr/bin/fob", "prod", "", "/usr/bin/fob credentials prod"},
		{"/usr/bin/fob", "prod", "--duration=900", "/usr/bin/fob credentials prod --duration=900"},
		{"/opt/a b/fob", "corp/x/Admin", "", `"/opt/a b/fob" credentials corp/x/Admin`},
		{"/opt/my credentials here/fob", "prod", "", `"/opt/my credentials here/fob" credentials prod`},
		{`C:\Tools\fob.exe`, "prod", `--policy=C:\x.json`, `C:\Tools\fob.exe credentials prod --policy=C:\x.json`},
		{`C:\Program Files\fob\fob.exe`, "prod", "", `"C:\Program Files\fob\fob.exe" credentials prod`},
		{`\\server\tools\FOB.EXE`, "prod", "", `\\server\tools\FOB.EXE credentials prod`},
		{"/usr/bin/fob", "a b", "", ""},
		{"/usr/bin/fob", "; touch x", "", ""},
		{"/usr/bin/fob", "$(x)", "", ""},
		{"/usr/bin/fob", "-rf", "", ""},
		{"/usr/bin/fob", "", "", ""},
		{"/usr/bin/fob", "prod", "--policy=a b", ""},
		{"/usr/bin/fob", "prod", `--policy=a\b`, ""}, // POSIX words lose a backslash
		{`/usr/b\in/fob`, "prod", "", ""},
		{"/usr/fo'b/fob", "x", "", `"/usr/fo'b/fob" credentials x`},
		{"/mnt/c/Program Files (x86)/fob.exe", "x", "", `"/mnt/c/Program Files (x86)/fob.exe" credentials x`},
		{"/home/José/bin/fob", "x", "--policy=/home/Jose\u0301/p", "/home/José/bin/fob credentials x --policy=/home/Jose\u0301/p"},
		{"/home/山田/fob", "x", "", "/home/山田/fob credentials x"},
		{"fob", "x", "--read-only", "fob credentials x --read-only"},
		{"/home/a\u00a0b/fob", "x", "", ""},
		{"/home/a\u2028b/fob", "x", "", ""},
		{"/home/a\xffb/fob", "x", "", ""},
		{"/home/“a”/fob", "x", "", ""}, // PowerShell takes these for quotes
		{"/home/a&b/fob", "x", "", ""},
		{`C:\Program Files (x86)\fob.exe`, "x", "", ""},
		{`C:\Users\José\fob.exe`, "x", "", ""},
		{"/usr/$HOME/fob", "x", "", ""},
		{"~/bin/fob", "x", "", ""},
		{"bin/fob", "x", "", ""},
		{"/usr/bin/fob-dev", "x", "", ""},
		{"", "x", "", ""},
	} {
		c := processline.Call{Exe: tt.exe, Name: tt.name}
		if tt.flag != "" {
			c.Flags = []string{tt.flag}
		}
		got, err := c.Line()
		if got != tt.want || (err == nil) != (tt.want != "") || err != nil && !errors.Is(err, fob.ErrUsage) {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

// Lines by hand and by others: what they call, and what is none of fob's.
func TestParse(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"fob credentials prod":                                      "prod",
		"fob.exe credentials prod":                                  "prod",
		"  /usr/bin/fob \t credentials  prod --read-only":           "prod",
		"'/opt/a b/fob' credentials 'my profile'":                   "my profile",
		`/opt/a\ b/fob credentials prod`:                            "prod",
		`"/opt/a b/fob" "credentials" "prod"`:                       "prod",
		"$HOME/bin/fob credentials prod":                            "prod",
		`C:\Program" "Files\fob.exe credentials prod`:               "prod",
		`"c:/Program Files/Fob.exe" credentials prod`:               "prod",
		`tools\fob.exe credentials a\b`:                             `a\b`,
		"/mnt/c/fob.exe credentials prod":                           "prod",
		"fob session generate 0b7e":                                 "0b7e",
		"/opt/my credentials here/fob credentials prod":             "", // runs /opt/my
		"/usr/bin/other credentials prod":                           "",
		"/usr/bin/other --as fob credentials prod":                  "",
		"/usr/bin/foblike credentials prod":                         "",
		"fob whoami prod":                                           "",
		"fob credentials":                                           "",
		`fob credentials ""`:                                        "",
		"fob credentials --read-only prod":                          "",
		`"/usr/bin/fob credentials prod`:                            "",
		`fob credentials prod\`:                                     "",
		"":                                                          "",
		"leapp session generate 0b7e":                               "",
		`"C:\x\other.exe" "C:\Program Files\fob.exe credentials x"`: "",
	} {
		c, ok := processline.Parse(line)
		if c.Name != want || ok != (want != "") {
			t.Errorf("%s: %+v, %v", line, c, ok)
		}
		if ok != processline.Calls(line, want) || processline.Calls(line, "another") {
			t.Errorf("%s: Calls disagrees", line)
		}
	}
}

// call draws calls of which most can be written.
func call(t *rapid.T) processline.Call {
	part := rapid.OneOf(rapid.SampledFrom([]string{"a b", "my credentials here", " credentials ", "fob", "fob credentials x", "x.exe", "o'b", `q"b`, `b\c`, "%PATH%", "ü", "(x86)", "ⅷ"}),
		rapid.StringMatching(`[a-zA-Z0-9_.@+~ -]{1,8}`))
	parts := append(rapid.SliceOfN(part, 0, 3).Draw(t, "folders"), rapid.SampledFrom([]string{"fob", "fob.exe", "FOB.EXE", "fob2"}).Draw(t, "base"))
	exe := "/" + strings.Join(parts, "/")
	if drive := rapid.SampledFrom([]string{"", "", `C:\`, "d:/", `\\server\`}).Draw(t, "drive"); drive != "" {
		exe = drive + strings.Join(parts, rapid.SampledFrom([]string{`\`, "/"}).Draw(t, "separator"))
	}
	c := processline.Call{Exe: exe, Name: rapid.OneOf(rapid.StringMatching(`[a-zA-Z0-9_.@+%:/=,-]{1,12}`), rapid.String()).Draw(t, "name")}
	if flags := rapid.SliceOfN(rapid.OneOf(rapid.StringMatching(`--[a-z]{1,5}(=[a-z0-9/:\\,.]{1,8})?`), rapid.String()), 0, 3).Draw(t, "flags"); len(flags) > 0 {
		c.Flags = flags
	}
	return c
}

// What is written is read back as it was.
func TestParseReadsWhatLineWrites(t *testing.T) {
	t.Parallel()
	written := 0
	rapid.Check(t, func(t *rapid.T) {
		c := call(t)
		line, err := c.Line()
		if err != nil {
			return
		}
		written++
		if got, ok := processline.Parse(line); !ok || !reflect.DeepEqual(got, c) {
			t.Fatalf("%+v is written as %q and read as %+v, %v", c, line, got, ok)
		}
		if strings.HasPrefix(line, `"`) && strings.HasSuffix(line, `"`) {
			t.Fatalf("%q has quotes at both ends, which Go's SDK removes", line)
		}
	})
	if written == 0 {
		t.Error("no call could be written")
	}
}

// A shell runs the very program with the very arguments.
func TestShellRunsTheLine(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // no POSIX shell there
	}
	for _, folder := range []string{"plain", "with blank", "my credentials here", "a@b+c~d", "José", "Jose\u0301", "山田", "Program Files (x86)", "O'Brien's"} {
		exe := filepath.Join(t.TempDir(), folder, "fob")
		if err := os.MkdirAll(filepath.Dir(exe), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(exe, []byte("#!/bin/sh\nprintf '%s|' \"$0\" \"$@\"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		line, err := processline.Call{Exe: exe, Name: "corp/a@b/R", Flags: []string{"--duration=900", "--read-only"}}.Line()
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("sh", "-c", line).CombinedOutput()
		if want := exe + "|credentials|corp/a@b/R|--duration=900|--read-only|"; err != nil || string(out) != want {
			t.Errorf("%s: %s, %v", line, out, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{"", "/usr/bin/fob credentials prod", `"/opt/a credentials b/fob" credentials prod --read-only`, `C:\x\fob.exe credentials a`, `fob\ credentials 'x`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, ok := processline.Parse(line)
		if !ok {
			if !reflect.DeepEqual(c, processline.Call{}) {
				t.Fatalf("%q is refused, and yet %+v", line, c)
			}
			return
		}
		if c.Name == "" || c.Exe == "" {
			t.Fatalf("%q: %+v", line, c)
		}
		written, err := c.Line()
		if err != nil {
			return
		}
		if again, ok := processline.Parse(written); !ok || !reflect.DeepEqual(again, c) {
			t.Fatalf("%q is %+v, written as %q and read as %+v", line, c, written, again)
		}
	})
}
