//go:build linux && amd64

package wine

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fob/test/leak"
)

const config = `# what I have
[profile reader]
role_arn = @ReadOnly@
source_profile = bot
region = us-east-1
endpoint_url = @URL@

[profile jane]
mfa_serial = @jane.mfa@
region = eu-west-1
endpoint_url = @URL@
`

const credentials = `# the robot
[bot]
aws_access_key_id=@bot.id@
aws_secret_access_key=@bot.secret@
endpoint_url=@URL@

[jane]
aws_access_key_id = @jane.id@
aws_secret_access_key = @jane.secret@
`

// expand fills in what the fake AWS has, with the ends of lines that Windows' editors
// write.
func (m *machine) expand(text string) string {
	pairs := []string{"@URL@", m.url, "\n", "\r\n"}
	for name, u := range m.aws.Users {
		pairs = append(pairs, "@"+name+".id@", u.Credentials.AccessKeyID, "@"+name+".secret@", u.Credentials.SecretAccessKey.Reveal(), "@"+name+".mfa@", u.MFASerial)
	}
	for name, arn := range m.aws.Roles {
		pairs = append(pairs, "@"+name+"@", arn)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// TestMainJob is what a person does with fob on Windows, from the first command to the
// last. Each step goes on where the one before it ended.
func TestMainJob(t *testing.T) {
	m := newMachine(t)
	configFile, credentialsFile := filepath.Join(m.home, ".aws", "config"), filepath.Join(m.home, ".aws", "credentials")
	m.write(configFile, m.expand(config))
	m.write(credentialsFile, m.expand(credentials))
	for _, step := range []struct {
		name string
		do   func(t *testing.T)
	}{
		{"no agent yet", func(*testing.T) { m.fob(3, "agent", "status") }},
		// It starts the agent, and ends: tell notices whoever holds its output.
		{"vault init", func(*testing.T) { m.fob(0, "vault", "init", "--unlock", "file") }},
		{"agent status", func(t *testing.T) {
			if r := m.fob(0, "agent", "status"); !strings.Contains(r.out, `\\.\pipe\fob-`) {
				t.Error(r.out)
			}
		}},
		{"adopt", func(t *testing.T) {
			m.fob(0, "adopt", "--yes")
			text := m.read(configFile) + m.read(credentialsFile)
			if leak.In([]byte(text)) {
				t.Error("the keys are still in the AWS files")
			}
			if strings.Count(text, "\n") != strings.Count(text, "\r\n") {
				t.Errorf("the ends of lines are mixed: %q", text)
			}
		}},
		{"credentials", func(t *testing.T) {
			for _, args := range [][]string{{"reader"}, {"bot", "--no-session"}} {
				m.handsOut(m.fob(0, append([]string{"credentials"}, args...)...).out)
			}
		}},
		{"credential_process", func(t *testing.T) {
			line := regexp.MustCompile(`(?m)^credential_process *= *(.+?)\r?$`).FindAllStringSubmatch(m.read(configFile), -1)
			if len(line) == 0 {
				t.Fatal(m.read(configFile))
			}
			// SDKs give the line to cmd.exe.
			m.write(m.path(`C:\line.bat`), "@echo off\r\n"+line[0][1]+"\r\n")
			m.handsOut(m.run("cmd", "/c", `C:\line.bat`).out)
		}},
		{"exec", func(t *testing.T) {
			m.write(m.path(`C:\child.bat`), "@echo off\r\necho key %AWS_ACCESS_KEY_ID%\r\nexit 7\r\n")
			r := m.fob(7, "exec", "--env", "reader", "--", "cmd", "/c", `C:\child.bat`)
			if !strings.HasPrefix(r.out, "key ASIA") {
				t.Error(redact(r.out))
			}
		}},
		{"lock and unlock", func(t *testing.T) {
			m.fob(0, "lock")
			if r := m.fob(0, "agent", "status"); !strings.Contains(r.out, "locked") || strings.Contains(r.out, "unlocked") {
				t.Error(r.out)
			}
			m.fob(0, "unlock")
			if r := m.fob(0, "agent", "status"); !strings.Contains(r.out, "unlocked") {
				t.Error(r.out)
			}
		}},
		{"release", func(t *testing.T) {
			m.fob(0, "release", "reader", "bot", "jane", "--yes")
			if m.read(configFile) != m.expand(config) || m.read(credentialsFile) != m.expand(credentials) {
				t.Errorf("the files are not as they were: %s", redact(m.read(configFile)))
			}
		}},
		{"agent stop", func(t *testing.T) {
			m.fob(0, "agent", "stop")
			m.fob(3, "agent", "status")
		}},
		{"many at once start one agent", func(t *testing.T) {
			const many = 6
			codes := make(chan int, many)
			for range many {
				cmd := m.linux("wine", installed+"fob.exe", "list")
				go func() { _ = cmd.Run(); codes <- cmd.ProcessState.ExitCode() }()
			}
			for range many {
				if code := <-codes; code != 0 {
					t.Errorf("one of them: exit %d", code)
				}
			}
			if n := strings.Count(m.read(m.path(fobHome+`\agent.log`)), "agent started"); n != 2 {
				t.Errorf("%d agents have listened, want 2", n)
			}
		}},
		{"agent stop again", func(*testing.T) {
			m.fob(0, "agent", "stop")
			m.fob(3, "agent", "status")
		}},
		{"without an agent", func(t *testing.T) {
			cmd := m.linux("wine", installed+"fob.exe", "list")
			cmd.Env = append(cmd.Env, "FOB_AGENT=off")
			if r := m.tell(cmd); r.code != 0 || !strings.Contains(r.out, "reader") {
				t.Errorf("exit %d: %s", r.code, r.err)
			}
			m.fob(3, "agent", "status")
		}},
	} {
		ok := t.Run(step.name, func(t *testing.T) {
			outer := m.t
			m.t = t
			defer func() { m.t = outer }()
			step.do(t)
		})
		if !ok {
			break
		}
	}
}

// handsOut fails unless a text is what credential_process prints.
func (m *machine) handsOut(text string) {
	m.t.Helper()
	var c struct {
		Version                      int
		AccessKeyId, SecretAccessKey string
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil || c.Version != 1 || c.AccessKeyId == "" || c.SecretAccessKey == "" {
		m.t.Errorf("no credentials (%v)", err)
	}
}
