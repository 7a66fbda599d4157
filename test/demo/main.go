// Command demo does the main job of fob, step by step, in a throw-away home
// against the built-in fake of AWS. It uses the AWS CLI when that is there.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"fob/internal/fakeaws"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// stage is the throw-away home and what runs in it.
type stage struct {
	dir, bin string
	env      []string
	aws      *fakeaws.Server
	scene    fakeaws.Scene
	url      string
}

func run() error {
	s, closeStage, err := newStage()
	if err != nil {
		return err
	}
	defer closeStage()
	for _, act := range []func() error{s.before, s.adopt, s.use, s.run, s.waysOut, s.lock, s.release} {
		if err := act(); err != nil {
			return err
		}
	}
	s.say("That was it. Nothing of it is left on this machine.")
	return nil
}

func newStage() (*stage, func(), error) {
	bin, err := filepath.Abs("bin")
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "fob-demo-")
	if err != nil {
		return nil, nil, err
	}
	s := &stage{dir: dir, bin: bin, aws: fakeaws.New(fakeaws.Options{})}
	s.scene = s.aws.SetDefault()
	listener, err := fakeaws.Listen("127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	server := &http.Server{Handler: s.aws}
	go server.Serve(listener)
	s.url = "http://" + listener.Addr().String()
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "AWS_") && !strings.HasPrefix(kv, "FOB_") {
			s.env = append(s.env, kv)
		}
	}
	s.env = append(s.env, "HOME="+dir, "FOB_HOME="+filepath.Join(dir, "fob"), "AWS_EC2_METADATA_DISABLED=true",
		"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "AWS_PAGER=")
	return s, func() {
		_ = s.command("fob", "agent", "stop").Run()
		server.Close()
		s.aws.Close()
		os.RemoveAll(dir)
	}, nil
}

func (s *stage) command(name string, args ...string) *exec.Cmd {
	path := filepath.Join(s.bin, name)
	if _, err := os.Stat(path); err != nil {
		path = name
	}
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Dir = s.env, s.dir
	return cmd
}

func (s *stage) say(text string) { fmt.Printf("\n\033[1m%s\033[0m\n", text) }

// secretValue finds what the demo does not show of its own made-up secrets.
var errSecret = regexp.MustCompile(`("?(?:aws_)?(?:[sS]ecret_?[aA]ccess_?[kK]ey|[sS]ession_?[tT]oken)"?\s*[=:]\s*"?)[^\s",]+`)

func hide(text []byte) []byte { return errSecret.ReplaceAll(text, []byte("${1}********")) }

// do shows a command and what it prints.
func (s *stage) do(name string, args ...string) error {
	shown := []string{"$", name}
	for _, a := range args {
		if strings.ContainsAny(a, " $'") {
			a = "'" + a + "'"
		}
		shown = append(shown, a)
	}
	fmt.Println(strings.Join(shown, " "))
	cmd := s.command(name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	os.Stdout.Write(bytes.ReplaceAll(hide(out.Bytes()), []byte(s.dir), []byte("~")))
	return err
}

func (s *stage) write(path, text string) error {
	path = filepath.Join(s.dir, path)
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600))
}

func (s *stage) before() error {
	jane := s.scene.Users["jane"]
	s.say("A user's keys lie in clear in ~/.aws/credentials, as everywhere.")
	err := errors.Join(
		s.write(".aws/credentials", fmt.Sprintf("[jane]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
			jane.Credentials.AccessKeyID, jane.Credentials.SecretAccessKey.Reveal())),
		s.write(".aws/config", fmt.Sprintf("[profile jane]\nregion = eu-west-1\nmfa_serial = %s\nendpoint_url = %s\n\n"+
			"# deployments\n[profile prod]\nrole_arn = %s\nsource_profile = jane\nregion = eu-west-1\nendpoint_url = %s\n",
			jane.MFASerial, s.url, s.scene.Roles["Deploy"], s.url)))
	if err != nil {
		return err
	}
	return errors.Join(s.do("cat", ".aws/credentials"), s.do("cat", ".aws/config"))
}

func (s *stage) adopt() error {
	s.say("fob adopt moves them into a sealed vault. (--unlock file because nobody is here to type a passphrase.)")
	if err := errors.Join(s.do("fob", "vault", "init", "--unlock", "file"), s.do("fob", "adopt", "--yes")); err != nil {
		return err
	}
	s.say("What is left calls fob:")
	return errors.Join(s.do("cat", ".aws/config"), s.do("cat", ".aws/credentials"), s.do("fob", "list"))
}

func (s *stage) use() error {
	code, err := s.aws.Code(s.scene.Users["jane"].MFASerial)
	if err != nil {
		return err
	}
	s.say("The MFA code is asked once. (Here it is given in advance.)")
	if err := s.do("fob", "whoami", "prod", "--mfa-code", code); err != nil {
		return err
	}
	s.say("From now on every AWS tool gets short-lived credentials:")
	if err := s.do("fob", "credentials", "prod"); err != nil {
		return err
	}
	if _, err := exec.LookPath("aws"); err != nil {
		fmt.Println("(the AWS CLI is not installed here)")
		return nil
	}
	return errors.Join(
		s.do("aws", "sts", "get-caller-identity", "--profile", "prod"),
		s.do("aws", "sts", "get-caller-identity", "--profile", "jane"))
}

func (s *stage) run() error {
	s.say("Programs get a profile, and no secret in their environment:")
	if err := s.do("fob", "exec", "prod", "--", "sh", "-c", "env | grep ^AWS_ | sort"); err != nil {
		return err
	}
	fmt.Printf("(AWS was called %d times for a session and %d times for the role)\n", s.aws.Calls("GetSessionToken"), s.aws.Calls("AssumeRole"))
	return s.do("fob", "list")
}

func (s *stage) waysOut() error {
	s.say("A program that runs no credential_process gets an endpoint of its own; a narrowed session may do less:")
	if err := errors.Join(
		s.do("fob", "exec", "prod", "--endpoint", "--", "sh", "-c", "env | grep ^AWS_CONTAINER_CREDENTIALS"),
		s.do("fob", "exec", "prod", "--read-only", "--duration", "15m", "--", "sh", "-c", "grep ^credential_process $AWS_CONFIG_FILE | tail -1")); err != nil {
		return err
	}
	s.say("Requests that no SDK makes are signed. (The fake of AWS verifies the signature and repeats what it saw.)")
	if err := s.do("fob", "curl", "prod", s.url+"/prod/items?limit=3", "--service", "execute-api"); err != nil {
		return err
	}
	s.say("And the agent knows what is out:")
	return errors.Join(
		s.do("fob", "write", "prod", "--to", filepath.Join(s.dir, "credentials-for-an-old-tool")),
		s.do("fob", "agent", "status"))
}

func (s *stage) lock() error {
	s.say("Locked, fob hands out nothing:")
	if err := s.do("fob", "lock"); err != nil {
		return err
	}
	if err := s.do("fob", "credentials", "prod"); err == nil {
		return errors.New("a locked vault handed out credentials")
	}
	return s.do("fob", "unlock")
}

func (s *stage) release() error {
	s.say("And back, byte for byte:")
	if err := s.do("fob", "release", "jane", "prod", "--yes"); err != nil {
		return err
	}
	return s.do("cat", ".aws/credentials")
}
