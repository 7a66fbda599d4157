//go:build unix

package clients

import (
	"slices"
	"strings"
	"testing"

	"fob/internal/fakeaws"
)

// The keys of an emulator, which the fake is here: every client calls it with them as
// they are, through credential_process and within fob exec.
func TestStatic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.scene.Users["bot"].Credentials
	w.ok(w.fob("vault", "init", "--unlock", "file")...)
	add := w.cmd(nil, w.fob("add", "static", "local", "--access-key-id", bot.AccessKeyID, "--endpoint-url", w.url, "--region", "us-east-1", "--secret-stdin")...)
	add.Stdin = strings.NewReader(bot.SecretAccessKey.Reveal() + "\n")
	if r, err := w.finish(add); err != nil || r.code != 0 {
		t.Fatal(r.err, err)
	}
	w.write(w.aws_("config"), "[profile local]\nregion = us-east-1\nendpoint_url = @URL@\ncredential_process = "+w.fob("credentials", "local")[0]+" credentials local\n")
	each(t, func(t *testing.T, c client, argv []string) {
		for _, wrap := range [][]string{nil, append(w.fob("exec", "local"), "--")} {
			profile := "local"
			if wrap != nil {
				profile = "-"
			}
			answers, err := c.ask(w, argv, wrap, []string{profile})
			if err != nil || len(answers) != 1 || !strings.HasSuffix(answers[0].Arn, ":user/bot") {
				t.Errorf("%v: %+v %v", wrap, answers, err)
			}
		}
	})
	t.Cleanup(func() {
		if slices.ContainsFunc(w.aws.Log(), func(e fakeaws.Entry) bool { return e.Action == "GetSessionToken" }) {
			t.Error("a session was made of an emulator's keys")
		}
	})
}
