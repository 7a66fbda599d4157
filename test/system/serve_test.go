//go:build linux

package system

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fob/test/skip"
)

// network runs what another user does over TCP.
func network(args []string) int {
	switch args[0] {
	case "get":
		for _, address := range args[1:] {
			address, path, _ := strings.Cut(address, "/")
			c, err := net.DialTimeout("tcp", address, 30*time.Second)
			if err != nil {
				fmt.Println(address, "cannot connect")
				continue
			}
			_ = c.SetDeadline(time.Now().Add(time.Minute))
			fmt.Fprintf(c, "%s /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", os.Getenv("METHOD"), path, address, os.Getenv("HEADERS"))
			answer, _ := io.ReadAll(c)
			status, _, _ := strings.Cut(string(answer), "\r\n")
			fmt.Printf("%s %d bytes %s\n", address, len(answer), status)
		}
	case "open":
		l, err := net.Listen("tcp", args[1])
		if err != nil {
			fmt.Println(err)
			return 1
		}
		for {
			c, err := l.Accept()
			if err != nil {
				return 1
			}
			_, _ = bufio.NewReader(c).ReadString('\n')
			_, _ = io.WriteString(c, "HTTP/1.1 200 open\r\n\r\n")
			_ = c.Close()
		}
	case "forward":
		l, err := net.Listen("tcp", args[1])
		if err != nil {
			fmt.Println(err)
			return 1
		}
		for {
			c, err := l.Accept()
			if err != nil {
				return 1
			}
			to, err := net.Dial("unix", args[2])
			if err != nil {
				_ = c.Close()
				continue
			}
			go func() { _, _ = io.Copy(to, c); _ = to.Close() }()
			go func() { _, _ = io.Copy(c, to); _ = c.Close() }()
		}
	}
	return 0
}

// served starts a fob serve and returns what it prints.
func (w *world) served(args ...string) (lines string) {
	w.t.Helper()
	cmd := w.cmd(append([]string{"serve"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
	})
	buf := make([]byte, 4096)
	n, err := out.Read(buf)
	if err != nil {
		w.t.Fatal("fob serve says nothing")
	}
	return string(buf[:n])
}

// value returns a variable's value in the output.
func value(t testing.TB, lines, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + `=(.*)$`).FindStringSubmatch(lines)
	if m == nil {
		t.Fatalf("no %s", name)
	}
	return m[1]
}

// Another user's program gets nothing from an endpoint, even with the right token, and nothing from
// the instance metadata service, which has no token.
func TestAnotherUserAtAnEndpoint(t *testing.T) {
	t.Parallel()
	dir := public(t)
	w := worldIn(t, filepath.Join(dir, "user"))
	w.bin = dir
	w.write(w.config(), stage().expand(keptConfig))
	w.write(w.credentials(), stage().expand(keptCredentials))
	lines := w.served("bot")
	token := w.read(value(t, lines, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"))
	endpoint := strings.TrimPrefix(value(t, lines, "AWS_CONTAINER_CREDENTIALS_FULL_URI"), "http://")
	metadata := strings.TrimPrefix(value(t, w.served("bot", "--imds", "--force"), "AWS_EC2_METADATA_SERVICE_ENDPOINT"), "http://")
	for name, c := range map[string]struct{ address, method, headers, own string }{
		"endpoint": {endpoint, "GET", "Authorization: " + token + "\r\n", " 200 OK"},
		"metadata": {metadata + "/latest/api/token", "PUT", "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n", " 200 OK"},
		"stranger": {endpoint, "GET", "", " 401 Unauthorized"},
	} {
		for _, uid := range []uint32{0, nobody} {
			cmd := strangerCmd(dir, uid, "get", c.address)
			cmd.Env = []string{"METHOD=" + c.method, "HEADERS=" + c.headers}
			r := w.finish(cmd)
			if uid == 0 && !strings.HasSuffix(strings.TrimSpace(r.out), c.own) || uid != 0 && !strings.Contains(r.out, " 0 bytes") {
				t.Errorf("%s, user %d: %s", name, uid, r.out)
			}
		}
	}
}

// Another host on the network reaches neither the endpoint nor the instance metadata service, not
// even by a route to the metadata's address. The documented set-up for containers works: a program
// in its own network namespace with the socket and a forwarder.
func TestAnotherHostAtAnEndpoint(t *testing.T) {
	t.Parallel()
	dir := public(t)
	skip.Need(t, "unshare", "nsenter", "ip", "python3")
	if out, err := exec.Command("unshare", "-n", "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1").CombinedOutput(); err != nil {
		skip.Missing(t, "no networks can be made here: %s", out)
	}
	w := worldIn(t, filepath.Join(dir, "user"))
	w.bin = dir
	w.write(w.config(), stage().expand(keptConfig))
	w.write(w.credentials(), stage().expand(keptCredentials))
	w.ok("whoami", "bot") // the agent is where AWS can be reached
	cmd := exec.Command("unshare", "-n", "sh", "-euc", `
		ip link set lo up
		ip address add 169.254.169.254/32 dev lo
		sleep 60 >/dev/null 2>&1 & host=$!
		unshare -n sleep 60 >/dev/null 2>&1 & other=$!
		until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/$host/ns/net)" ]; do sleep 0.01; done
		ip link add v0 type veth peer name v1 netns $other
		ip address add 10.231.0.1/24 dev v0
		ip link set v0 up
		there() { nsenter -t $other -n "$@"; }
		there ip link set lo up
		there ip address add 10.231.0.2/24 dev v1
		there ip link set v1 up
		there ip route add 169.254.169.254 via 10.231.0.1
		$DIR/stranger open 10.231.0.1:8182 >/dev/null 2>&1 & a=$!
		$DIR/fob serve bot --listen 127.0.0.1:8181 --token-file token >served 2>&1 & b=$!
		$DIR/fob serve bot --imds --force --listen 169.254.169.254:80 >imds 2>&1 & c=$!
		$DIR/fob serve bot --listen $HOME/s --token-file socket.token >socket 2>&1 & d=$!
		nsenter -t $other -n $DIR/stranger forward 127.0.0.1:8181 $HOME/s >/dev/null 2>&1 & e=$!
		trap 'kill $b $c $d $host $other $a $e; wait' EXIT
		until [ -s served ] && [ -s imds ] && [ -s socket ]; do sleep 0.02; done
		echo here
		METHOD=GET HEADERS= $DIR/stranger get 10.231.0.1:8182 127.0.0.1:8181 169.254.169.254:80
		echo there
		METHOD=GET HEADERS= there $DIR/stranger get 10.231.0.1:8182 10.231.0.1:8181 169.254.169.254:80 10.231.0.1:80
		echo container
		export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:8181/credentials/bot AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$PWD/socket.token
		there python3 -c 'import boto3; c = boto3.Session().get_credentials(); print(c.method, c.access_key)' || echo failed
	`)
	cmd.Env = append(w.cmd().Env, "DIR="+dir, "AWS_EC2_METADATA_DISABLED=true", "HOME="+w.home, "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"FOB_AWS_CONFIG_FILE="+w.config(), "FOB_AWS_SHARED_CREDENTIALS_FILE="+w.credentials())
	cmd.Dir = w.home
	r := w.finish(cmd)
	here, there, _ := strings.Cut(r.out, "there\n")
	there, container, _ := strings.Cut(there, "container\n")
	if strings.Count(here, " bytes HTTP/1.1") != 3 || strings.Count(here, "401") != 2 {
		t.Fatalf("from here: %s%v", here, r)
	}
	if !strings.HasPrefix(there, "10.231.0.1:8182 21 bytes HTTP/1.1 200 open") {
		t.Fatalf("the other host reaches nothing at all: %s", there)
	}
	if strings.Count(there, "cannot connect") != 3 {
		t.Errorf("from another host: %s", there)
	}
	if exec.Command("python3", "-c", "import boto3").Run() != nil {
		skip.Missing(t, "boto3 is not installed")
	}
	if !strings.HasPrefix(container, "container-role ASIA") {
		t.Errorf("boto3 in a container: %s %v", container, r)
	}
}

// The endpoint of a program ends with it, and with fob if fob is killed.
func TestEndpointDies(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"exit", "kill"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := lived(t, "")
			dir := t.TempDir()
			cmd := w.cmd("exec", "bot", "--endpoint", "--", "sh", "-c", `
				curl -s -o /dev/null -w '%{http_code}' -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" $AWS_CONTAINER_CREDENTIALS_FULL_URI
				echo " $AWS_CONTAINER_CREDENTIALS_FULL_URI"
				cat fifo; echo over >ended`)
			cmd.Dir = dir
			if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			line, _ := bufio.NewReader(out).ReadString('\n')
			status, uri, _ := strings.Cut(strings.TrimSpace(line), " ")
			if status != "200" {
				t.Fatalf("%q", line)
			}
			address := strings.TrimSuffix(strings.TrimPrefix(uri, "http://"), "/credentials/bot")
			release := func() {
				if f, err := os.OpenFile(filepath.Join(dir, "fifo"), os.O_WRONLY, 0); err == nil {
					_ = f.Close()
				}
			}
			if how == "kill" {
				_ = cmd.Process.Kill()
			} else {
				release()
			}
			_ = cmd.Wait()
			if c, err := net.Dial("tcp", address); err == nil {
				_ = c.Close()
				t.Error("somebody listens there still")
			}
			if how == "kill" {
				release() // the program itself goes on
				soon(t, "the program ends", func() bool { return w.read(filepath.Join(dir, "ended")) != "" })
			}
		})
	}
}

// A signal sent to fob alone reaches the program, once; without a terminal every signal does.
func TestSignalsReachTheProgram(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	cmd := detached(w.cmd("exec", "bot", "--endpoint", "--", "sh", "-c", `
		for s in INT HUP USR1 USR2 QUIT; do trap "echo got $s" $s; done
		trap "echo got TERM; exit 7" TERM
		echo ready
		while :; do sleep 0.02; done`))
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	expect := func(want string) {
		if line, _ := r.ReadString('\n'); line != want+"\n" {
			t.Errorf("%q, want %q", line, want)
		}
	}
	expect("ready")
	for name, s := range map[string]syscall.Signal{"INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "QUIT": syscall.SIGQUIT} {
		_ = cmd.Process.Signal(s)
		expect("got " + name)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	expect("got TERM")
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 7 {
		t.Error(err)
	}
}

// A server started with nohup, or in the background of a script, is not ended by Ctrl-C or the
// terminal's end: signals that were ignored at its start stay ignored.
func TestServersLeaveIgnoredSignalsAlone(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	for name, args := range map[string][]string{"serve": {"serve", "bot"}, "proxy": {"proxy", "bot", "--to", stage().url, "--service", "es", "--region", "us-east-1"}} {
		cmd := w.ignoring(args...)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(name, " says nothing")
		}
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP} {
			_ = cmd.Process.Signal(s)
			if !ignores(t, cmd.Process.Pid, s) {
				t.Errorf("%s: %v is not ignored any more", name, s)
			}
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// ignores reports whether a process that runs ignores a signal.
func ignores(t *testing.T, pid int, s syscall.Signal) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	mask := regexp.MustCompile(`(?m)^SigIgn:\s*([0-9a-f]+)$`).FindSubmatch(text)
	bits, err := strconv.ParseUint(string(mask[1]), 16, 64)
	return err == nil && bits>>(s-1)&1 == 1
}

// fob ends as the program ended, because shells distinguish a signal from an exit status.
func TestDeathBySignal(t *testing.T) {
	t.Parallel()
	w := lived(t, "")
	for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGUSR1, syscall.SIGPIPE, syscall.SIGINT, syscall.SIGHUP} {
		cmd := w.cmd("exec", "bot", "--endpoint", "--", "sh", "-c", fmt.Sprintf("ulimit -c 0; kill -%d $$", s))
		_ = cmd.Run()
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != s || status.CoreDump() {
			t.Errorf("%v: %v", s, cmd.ProcessState)
		}
	}
}

// A background job that stops because it reads the terminal continues, and reads, after fg.
func TestJobThatReadsInTheBackground(t *testing.T) {
	t.Parallel()
	skip.Need(t, "bash")
	for _, mode := range []string{"--env", "--endpoint"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := lived(t, "")
			shell := exec.Command("bash", "--norc", "--noprofile", "-i")
			shell.Env = append(w.cmd().Env, "FOB="+filepath.Join(w.bin, "fob"), "PS1=prompt> ", "HISTFILE=")
			term := onTerminal(t, shell)
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("%q", redact(term.text()))
				}
			})
			term.expect("prompt>")
			for i := range 5 {
				term.typing("$FOB exec bot " + mode + " -- head -n1 & jobs=$!\r")
				term.typing("until [ $(ps -o state= -p $jobs) = T ]; do sleep 0.05; done; echo it sto''pped\r")
				soon(t, "it stops", func() bool { return strings.Count(term.text(), "it stopped") == i+1 })
				n := strings.Count(term.text(), "head -n1")
				term.typing("fg; echo status $?\r") // which says what it continues, and is done with the terminal
				soon(t, "it is continued", func() bool { return strings.Count(term.text(), "head -n1") > n })
				term.typing(fmt.Sprintf("line-%d\r", i))
				soon(t, "it reads", func() bool { return strings.Count(term.text(), "status 0") == i+1 })
			}
		})
	}
}

// If the whole job is stopped by SIGSTOP and continued, fob runs again and passes on signals.
func TestJobThatIsStoppedWhole(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"--env", "--endpoint"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := lived(t, "")
			said := filepath.Join(w.home, "said")
			cmd := detached(w.cmd("exec", "bot", mode, "--", "sh", "-c", `trap "echo got it >>`+said+`" USR1; echo started >>`+said+`; while :; do sleep 0.01; done`))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			group := cmd.Process.Pid
			t.Cleanup(func() { _ = syscall.Kill(-group, syscall.SIGKILL) })
			lines := func() int { text, _ := os.ReadFile(said); return strings.Count(string(text), "\n") }
			soon(t, "it runs", func() bool { return lines() == 1 })
			for i := range 10 {
				_ = syscall.Kill(-group, syscall.SIGSTOP)
				soon(t, "it is stopped", func() bool { return stateOf(group) == "T" })
				_ = syscall.Kill(-group, syscall.SIGCONT)
				_ = syscall.Kill(group, syscall.SIGUSR1)
				soon(t, "it goes on", func() bool { return lines() == i+2 })
			}
			_ = syscall.Kill(-group, syscall.SIGTERM)
			_ = cmd.Wait()
			if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM {
				t.Error(cmd.ProcessState)
			}
		})
	}
}

// stateOf is a process's state: R, S, T (stopped) and so on.
func stateOf(pid int) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(text), ") ")
	return rest[:min(len(rest), 1)]
}

// At a terminal, Ctrl-C reaches the program once, Ctrl-Z stops the job and fg continues it, and the
// program can read the terminal.
func TestEndpointJobControl(t *testing.T) {
	t.Parallel()
	skip.Need(t, "bash")
	w := lived(t, "")
	script := filepath.Join(w.home, "program")
	w.write(script, `
n=0
trap 'n=$((n+1)); echo interrupted $n' INT
echo started
while :; do
	read -r line || continue
	echo "read: $line"
	[ "$line" = end ] && exit 5
done
`)
	shell := exec.Command("bash", "--norc", "--noprofile", "-i")
	shell.Env = append(w.cmd().Env, "FOB="+filepath.Join(w.bin, "fob"), "PS1=prompt> ", "HISTFILE=")
	term := onTerminal(t, shell)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%q", redact(term.text()))
		}
	})
	term.expect("prompt>")
	term.typing("$FOB exec bot --endpoint -- bash " + script + "; echo status $?\r")
	term.expect("started")
	term.typing("hello\r")
	term.expect("read: hello")
	term.typing("\x03")
	term.expect("interrupted 1")
	term.typing("again\r")
	term.expect("read: again")
	if strings.Contains(term.text(), "interrupted 2") {
		t.Error("Ctrl-C reached the program twice")
	}
	continued := func() { // the shell says what it continues, and is done with the terminal
		n := strings.Count(term.text(), "--endpoint")
		term.typing("fg\r")
		soon(t, "the job is continued", func() bool { return strings.Count(term.text(), "--endpoint") > n })
	}
	stopped := func() {
		n := strings.Count(term.text(), "prompt>")
		term.typing("\x1a")
		soon(t, "the shell is back", func() bool { return strings.Count(term.text(), "prompt>") > n })
	}
	stopped()
	term.expect("Stopped")
	term.typing("echo in the $((1+1))nd shell\r")
	term.expect("in the 2nd shell")
	continued()
	term.typing("back\r")
	term.expect("read: back")
	if n := strings.Count(term.text(), "Stopped"); n != 1 {
		t.Errorf("stopped %d times", n)
	}
	stopped()
	continued()
	term.typing("more\r")
	term.expect("read: more")
	n := strings.Count(term.text(), "prompt>")
	term.typing("end\r")
	soon(t, "the shell is back", func() bool { return strings.Count(term.text(), "prompt>") > n })
	term.typing("echo ended with $?\r")
	term.expect("ended with 5")
}
