//go:build unix

package clients

import (
	"strings"
	"testing"
)

// files are a user's, with a profile of each kind. Half of them name the fake by
// endpoint_url, half by a [services] section; both steer fob and the clients.
func (w *world) files() {
	w.t.Helper()
	w.write(w.aws_("credentials"), `[jane]
aws_access_key_id = @jane.id@
aws_secret_access_key = @jane.secret@

[bot]
aws_access_key_id = @bot.id@
aws_secret_access_key = @bot.secret@
`)
	w.write(w.aws_("config"), `[default]
region = us-east-1
services = fake

[services fake]
sts =
  endpoint_url = @URL@
iam =
  endpoint_url = @URL@

[profile jane]
region = us-east-1
mfa_serial = @jane.mfa@
services = fake

[profile bot]
region = us-east-1
endpoint_url = @URL@

[profile deploy]
region = us-east-1
role_arn = @Deploy@
source_profile = jane
endpoint_url = @URL@

[profile readonly]
region = us-east-1
role_arn = @ReadOnly@
source_profile = bot
services = fake

[profile chained]
region = us-east-1
role_arn = @Chained@
source_profile = readonly
endpoint_url = @URL@

[profile refused]
region = us-east-1
role_arn = @Nobody@
source_profile = bot
endpoint_url = @URL@
`)
}

// adopted is a world whose profiles were all adopted.
func adopted(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.adopt()
	return w
}

func (w *world) adopt() {
	w.t.Helper()
	w.files()
	w.ok(w.fob("vault", "init", "--unlock", "file")...)
	w.ok(w.fob("adopt", "--yes")...)
	w.allowed[w.aws_("credentials")] = false // no key may be left in it
}

// profiles are one of each kind, with who AWS must say they are.
func profiles() (names []string, arns map[string]string) {
	user, role := "arn:aws:iam::111122223333:user/", "arn:aws:sts::444455556666:assumed-role/"
	return []string{"jane", "bot", "deploy", "readonly", "chained"}, map[string]string{
		"jane":     user + "jane",                  // with MFA
		"bot":      user + "bot",                   // without
		"deploy":   role + "Deploy/fob-deploy",     // from a user with MFA, which it requires
		"readonly": role + "ReadOnly/fob-readonly", // from a user without
		"chained":  role + "Chained/fob-chained",   // from the role before
	}
}

// TestAdopted: the files as fob adopt leaves them, every profile by its name.
func TestAdopted(t *testing.T) {
	t.Parallel()
	w := adopted(t)
	w.signIn()
	names, arns := profiles()
	each(t, func(t *testing.T, c client, argv []string) {
		got, err := c.ask(w, argv, nil, names)
		check(t, got, err, arns)
		silent(t, got)
	})
	t.Run("iam", func(t *testing.T) { iam(t, w) })
}

// iam: a user's session with MFA may call IAM, whose requests are signed for
// another service and, in most of the world, another region.
func iam(t *testing.T, w *world) {
	for _, c := range all() {
		argv, err := c.find()
		if err != nil || c.name == "js" || c.name == "go" {
			continue // these have no IAM client here, or are missing and were named
		}
		if c.name == "py" {
			got, err := w.answers(append(argv, "keys", "jane"))
			check(t, got, err, map[string]string{"jane": "jane"})
		} else if out := w.ok(w.cli(argv, "jane", "iam", "list-access-keys")...); !strings.Contains(out, `"UserName": "jane"`) {
			t.Errorf("aws iam list-access-keys says %s", out)
		}
	}
}

// TestExec: profiles of ~/.aws as it stands, under fob exec. By default the
// program renews through credential_process, with --env it gets variables.
func TestExec(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.files()
	w.signIn()
	names, arns := profiles()
	each(t, func(t *testing.T, c client, argv []string) {
		for _, name := range names {
			want := map[string]string{"-": arns[name]}
			got, err := c.ask(w, argv, w.fob("exec", name, "--"), []string{"-"})
			check(t, got, err, want)
			silent(t, got)
			if name != "jane" && name != "chained" {
				continue // the variables of one session look like those of another
			}
			got, err = c.ask(w, argv, w.fob("exec", name, "--env", "--"), []string{"-"})
			check(t, got, err, want)
		}
	})
}

// TestExecAdopted: fob exec of an adopted profile uses the files as they are.
func TestExecAdopted(t *testing.T) {
	t.Parallel()
	w := adopted(t)
	_, arns := profiles()
	each(t, func(t *testing.T, c client, argv []string) {
		got, err := c.ask(w, argv, w.fob("exec", "chained", "--"), []string{"-", "readonly"})
		check(t, got, err, map[string]string{"-": arns["chained"], "readonly": arns["readonly"]})
		silent(t, got)
	})
}

// check compares each answer with the ARN it should have.
func check(t *testing.T, got []answer, err error, want map[string]string) {
	t.Helper()
	if err != nil {
		t.Error(err)
		return
	}
	if len(got) != len(want) {
		t.Errorf("%d answers, want %d", len(got), len(want))
	}
	for _, a := range got {
		if a.Arn != want[a.Profile] || a.Error != "" {
			t.Errorf("%s is %q, want %q; %s %s", a.Profile, a.Arn, want[a.Profile], a.Error, a.Why)
		}
	}
}

// silent: nothing came from fob on the clients' stderr.
func silent(t *testing.T, got []answer) {
	t.Helper()
	for _, a := range got {
		if strings.Contains(a.stderr, "fob") {
			t.Errorf("%s: fob said on stderr: %s", a.Profile, a.stderr)
		}
	}
}
