//go:build linux

package system

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const keptConfig = `# what I have
[profile jane]
region = eu-west-1
mfa_serial = @jane.mfa@
endpoint_url = @URL@
# the comment stays
s3 =
  max_concurrent_requests = 20

; between

[profile reader]
role_arn = @ReadOnly@
source_profile = bot
region = us-east-1
endpoint_url = @URL@

[profile other]
region = sa-east-1

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
`

const keptCredentials = `# keys

[jane]
aws_access_key_id = @jane.id@
aws_secret_access_key = @jane.secret@

# the robot
[bot]
aws_access_key_id=@bot.id@
aws_secret_access_key=@bot.secret@
endpoint_url=@URL@

[other]
output = text
`

// lived makes a home with two users and a role.
func lived(t testing.TB, traced string) *world {
	w := newWorld(t)
	if traced != "" {
		w.bin = traced
		w.env = append(w.env, tracing(0, "")...)
	}
	w.write(w.config(), crlf(stage().expand(keptConfig)))
	w.write(w.credentials(), stage().expand(keptCredentials))
	w.ok("vault", "init", "--unlock", "file")
	return w
}

// original fails unless the AWS files are byte for byte as lived made them, and fob has stored
// nothing.
func (w *world) original() {
	w.t.Helper()
	if w.read(w.config()) != crlf(stage().expand(keptConfig)) || w.read(w.credentials()) != stage().expand(keptCredentials) {
		w.t.Fatalf("the AWS files are not as they were: %s\n%s", w.read(w.config()), redact(w.read(w.credentials())))
	}
	w.nothingLeft()
}

// nothingLeft fails if the vault or fob's own file contains anything.
func (w *world) nothingLeft() {
	w.t.Helper()
	if r := w.ok("vault", "status", "--json"); !strings.Contains(r.out, `"items": 0`) {
		w.t.Fatalf("the vault is not empty: %s", r.out)
	}
	if text := w.read(w.fobFile("config")); strings.TrimSpace(text) != "" {
		w.t.Fatalf("fob has definitions still: %s", text)
	}
}

// works fails unless credentials of all three profiles can be retrieved.
func (w *world) works() {
	w.t.Helper()
	w.keys("jane", "jane")
	w.keys("bot", "bot")
	w.keys("reader", "")
}

// whole are the contents that a file may have; any other content is torn.
type whole map[string][]string

func (w *world) snapshot(into whole) {
	for name, path := range map[string]string{"config": w.config(), "credentials": w.credentials(), "own": w.fobFile("config")} {
		into[name] = append(into[name], strings.ReplaceAll(w.read(path), w.fob, "@FOB@"))
	}
}

func (w *world) notTorn(allowed whole) {
	w.t.Helper()
	now := whole{}
	w.snapshot(now)
	for name, texts := range now {
		if !slices.Contains(allowed[name], texts[0]) {
			w.t.Fatalf("%s is torn: %s", name, redact(texts[0]))
		}
	}
}

// killing is a command that is killed at each of its system calls.
type killing struct {
	prepare func(w *world) // before it
	stdin   string
	args    []string
	after   func(w *world) // once it was killed, not torn, and everything works; must finish it
	renames bool           // only where files have just changed, or are about to
}

func (k killing) cmd(w *world, at int, report string) *exec.Cmd {
	cmd := w.alone(k.args...)
	cmd.Env = append(cmd.Env, tracing(at, report)...)
	cmd.Stdin = strings.NewReader(stage().expand(k.stdin))
	return cmd
}

func (k killing) everywhere(t *testing.T) {
	traced := tracedBin(t)
	// Run it once completely, to count its calls and see its result.
	w := lived(t, traced)
	k.prepare(w)
	allowed := whole{}
	w.snapshot(allowed)
	report := filepath.Join(w.home, "report")
	if r := w.finish(k.cmd(w, 0, report)); r.code != 0 {
		t.Fatal(r)
	}
	w.snapshot(allowed)
	calls := strings.Fields(w.read(report))
	count := map[string]int{}
	for _, c := range calls {
		count[c]++
	}
	if count["renameat"] < 2 || count["fsync"] < 4 {
		t.Fatalf("not traced: %v", count)
	}
	t.Logf("%d calls: %v", len(calls), count)
	k.after(w)

	for at := 1; at <= len(calls); at++ {
		if k.renames && calls[at-1] != "renameat" && (at == 1 || calls[at-2] != "renameat") {
			continue
		}
		t.Run(fmt.Sprintf("%d-%s", at, calls[at-1]), func(t *testing.T) {
			t.Parallel()
			w := lived(t, traced)
			k.prepare(w)
			r := w.finish(k.cmd(w, at, ""))
			if r.code == 0 && at < len(calls)-4 { // the runtime's own calls come and go
				t.Fatal("it was not killed")
			}
			w.notTorn(allowed)
			w.works()
			w.notTorn(allowed)
			k.after(w)
			if left := w.tree(filepath.Join(w.home, ".aws")); left != "config credentials" && !k.renames {
				t.Fatalf("left behind: %s", left)
			}
		})
	}
}

func (w *world) adoptAndBack() {
	w.t.Helper()
	w.ok("adopt", "--yes")
	if text := w.read(w.credentials()) + w.read(w.config()); strings.Contains(text, "secret_access_key") || strings.Contains(text, "role_arn") {
		w.t.Fatalf("adopt has not finished: %s", redact(text))
	}
	w.works()
	w.ok("vault", "verify")
	w.ok("release", "jane", "bot", "reader", "--yes")
	w.original()
}

func TestKilledAdopt(t *testing.T) {
	t.Parallel()
	killing{
		prepare: func(*world) {},
		args:    []string{"adopt", "--yes"},
		after:   (*world).adoptAndBack,
	}.everywhere(t)
}

// After a killed adopt, a release restores what had been done.
func TestKilledAdoptThenRelease(t *testing.T) {
	t.Parallel()
	killing{
		prepare: func(*world) {},
		renames: true,
		args:    []string{"adopt", "--yes"},
		after: func(w *world) {
			w.t.Helper()
			for _, name := range []string{"reader", "bot", "jane"} {
				if r := w.run("release", name, "--yes"); r.code != 0 && r.code != 3 { // 3: never adopted
					w.t.Fatal(r)
				}
			}
			w.works()
			w.ok("vault", "verify")
			w.original()
		},
	}.everywhere(t)
}

func TestKilledRelease(t *testing.T) {
	t.Parallel()
	killing{
		prepare: func(w *world) { w.ok("adopt", "--yes") },
		args:    []string{"release", "bot", "reader", "jane", "--yes"},
		after: func(w *world) {
			w.t.Helper()
			if r := w.run("release", "bot", "reader", "jane", "--yes"); r.code != 0 && r.code != 3 { // 3: it was over
				w.t.Fatal(r)
			}
			w.works()
			w.ok("vault", "verify")
			w.original()
		},
	}.everywhere(t)
}

func TestKilledReleaseThenAdopt(t *testing.T) {
	t.Parallel()
	killing{
		prepare: func(w *world) { w.ok("adopt", "--yes") },
		renames: true,
		args:    []string{"release", "bot", "reader", "jane", "--yes"},
		after:   (*world).adoptAndBack,
	}.everywhere(t)
}

func TestKilledAdd(t *testing.T) {
	t.Parallel()
	add := []string{"add", "user", "late", "--access-key-id", stage().id("eve"), "--endpoint-url", stage().url, "--secret-stdin"}
	killing{
		prepare: func(*world) {},
		stdin:   "@eve.secret@\n",
		args:    add,
		after: func(w *world) {
			w.t.Helper()
			cmd := w.cmd(add...)
			cmd.Stdin = strings.NewReader(stage().secret("eve") + "\n")
			if r := w.finish(cmd); r.code != 0 && r.code != 8 { // 8: it exists
				w.t.Fatal(r)
			}
			w.keys("late", "eve")
			w.ok("vault", "verify")
			w.ok("remove", "late", "--yes")
			w.original()
		},
	}.everywhere(t)
}

// A killed removal leaves no secret: the next command completes it.
func TestKilledRemove(t *testing.T) {
	t.Parallel()
	killing{
		prepare: func(w *world) {
			cmd := w.cmd("add", "user", "late", "--access-key-id", stage().id("eve"), "--endpoint-url", stage().url, "--secret-stdin")
			cmd.Stdin = strings.NewReader(stage().secret("eve") + "\n")
			if r := w.finish(cmd); r.code != 0 {
				w.t.Fatal(r)
			}
		},
		args: []string{"remove", "late", "--yes"},
		after: func(w *world) {
			w.t.Helper()
			w.ok("unlock")
			if strings.Contains(w.read(w.fobFile("config")), "late") {
				w.keys("late", "eve")
				w.ok("remove", "late", "--yes")
			}
			w.ok("vault", "verify")
			w.original()
		},
	}.everywhere(t)
}

// The machine may crash twice: what a kill left is killed again at another system call.
func TestKilledTwice(t *testing.T) {
	t.Parallel()
	traced := tracedBin(t)
	k := killing{args: []string{"adopt", "--yes"}}
	for at := 6; at <= 60; at += 9 {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			w := lived(t, traced)
			for again := at; again > 4; again -= 5 {
				w.finish(k.cmd(w, again, ""))
				w.works()
			}
			w.adoptAndBack()
		})
	}
}
