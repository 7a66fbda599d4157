//go:build linux

package clients

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fob/test/skip"
)

// TestMetadataForHours: botocore goes on with what has expired if the metadata
// service ever shows it fewer than 25 minutes, so short lives cannot be tested with
// it (see never). Here its sessions live for an hour as they do at AWS, and the
// clocks of AWS and of the program (libfaketime) are set forward by 50 minutes at a
// time, past three expiries. fob goes by AWS's clock.
func TestMetadataForHours(t *testing.T) {
	t.Parallel()
	argv, err := named("py").find()
	if err != nil {
		skip.Missing(t, "%v", err)
	}
	libraries, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(libraries) == 0 {
		skip.Missing(t, "faketime is not installed")
	}
	w := adopted(t)
	clock := filepath.Join(w.home, "clock")
	set := func(ahead time.Duration) {
		w.write(clock, fmt.Sprintf("+%d", int(ahead.Seconds())))
	}
	set(0)
	wrap := append(w.serve("readonly", "--imds", "--force"), "LD_PRELOAD="+libraries[0], "FAKETIME_TIMESTAMP_FILE="+clock, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1",
		"AWS_METADATA_SERVICE_NUM_ATTEMPTS=3", "AWS_METADATA_SERVICE_TIMEOUT=5") // on a busy machine a second is short
	line := append(append(wrap, argv...), "steps", "-")
	cmd := w.cmd(nil, line...)
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil || cmd.Start() != nil {
		t.Fatal(err1, err2)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	answers := bufio.NewScanner(out)
	const step, kept = 50 * time.Minute, 1100 * time.Millisecond
	for n := range 8 {
		if n > 0 {
			w.aws.Advance(step)
			set(time.Duration(n) * step)
			// fob learns AWS's time from its next call, and renews as it would have done
			// by itself a while ago, had its own clock gone on as well.
			w.ok(w.fob("whoami", "readonly")...)
			// What fob serve said in the last second it may say again, and no clock but
			// this one leaps in that time.
			time.Sleep(kept)
		}
		if _, err := in.Write([]byte("\n")); err != nil || !answers.Scan() {
			t.Fatal(n, err, answers.Err())
		}
		var a answer
		if err := json.Unmarshal(answers.Bytes(), &a); err != nil || a.Error != "" || !strings.Contains(a.Arn, "assumed-role/ReadOnly") {
			t.Fatalf("after %v: %s, %v", time.Duration(n)*step, answers.Bytes(), err)
		}
	}
	used := map[string]bool{}
	for _, e := range w.aws.Log() {
		if e.Action == "GetCallerIdentity" && strings.HasPrefix(e.UserAgent, "Boto3") {
			used[e.AccessKeyID] = true
		}
	}
	if len(used) < 4 {
		t.Errorf("%d sessions were used, want 4 or more", len(used))
	}
	_ = os.Remove(clock)
}
