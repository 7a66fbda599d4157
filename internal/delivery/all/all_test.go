package all_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"fob/internal/delivery"
	"fob/internal/delivery/all"
	"fob/internal/delivery/waytest"
	"fob/internal/fob"
	"fob/internal/shell"
	"fob/test/leak"
)

// suites are the options with which a delivery is tested; those without options need none.
func suites(way string) []waytest.Suite {
	with := func(options ...string) waytest.Suite {
		s := waytest.Suite{Options: map[string]string{}}
		for i := 0; i < len(options); i += 2 {
			s.Options[options[i]] = options[i+1]
		}
		return s
	}
	answering := func(s waytest.Suite, format string, args ...any) waytest.Suite {
		s.Answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, format, args...) }
		return s
	}
	switch way {
	case "exec":
		return []waytest.Suite{with(), with("mode", "profile"), with("mode", "env"), with("mode", "endpoint"), with("mode", "shell")}
	case "env":
		all := []waytest.Suite{with()}
		for _, format := range shell.Formats() {
			all = append(all, with("format", format))
		}
		return all
	case "console":
		return []waytest.Suite{answering(with("service", "s3", "session", "multi"), `{"SigninToken":%q}`, leak.Marker())}
	case "sign":
		return []waytest.Suite{with("url", "https://sts.amazonaws.com/"), with("url", "https://sts.amazonaws.com/", "presign", "15m")}
	case "token":
		password := base64.StdEncoding.EncodeToString([]byte("AWS:" + leak.Marker()))
		return []waytest.Suite{
			with("for", "eks", "cluster", "blue", "api", "v1"),
			with("for", "rds", "target", "db.x.eu-west-1.rds.amazonaws.com:5432/app"),
			with("for", "codecommit", "input", "protocol=https\nhost=git-codecommit.eu-west-1.amazonaws.com\npath=v1/repos/a\n"),
			answering(with("for", "ecr", "input", "111122223333.dkr.ecr.eu-west-1.amazonaws.com"), `{"authorizationData":[{"authorizationToken":%q}]}`, password),
		}
	case "write":
		return []waytest.Suite{with("to", "TEMP/written"), with("to", "TEMP/written", "section", "tool", "force", "")}
	case "curl":
		return []waytest.Suite{{Task: fob.Task{Args: []string{"https://abc.execute-api.eu-west-1.amazonaws.com/"}}}}
	case "proxy":
		return []waytest.Suite{{Task: fob.Task{Options: map[string][]string{"to": {"https://abc.execute-api.eu-west-1.amazonaws.com/"}}}}}
	case "imds":
		return []waytest.Suite{{Task: fob.Task{Options: map[string][]string{"force": {""}}}}}
	}
	return []waytest.Suite{{}}
}

func TestEveryWay(t *testing.T) {
	t.Parallel()
	var names []string
	for _, w := range all.Ways() {
		if slices.Contains(names, w.Name) {
			t.Errorf("two ways are named %s", w.Name)
		}
		names = append(names, w.Name)
		for _, s := range suites(w.Name) {
			s.Way = w
			t.Run(fmt.Sprint(w.Name, s.Options), func(t *testing.T) {
				t.Parallel()
				s.Run(t)
			})
		}
	}
}

// Find returns the deliveries that have a part in the agent, and no others.
func TestFind(t *testing.T) {
	t.Parallel()
	for _, w := range all.Ways() {
		found, err := delivery.Find(all.Ways(), w.Name)
		if handed := err == nil && found.Name == w.Name; handed != (w.Hand != nil) {
			t.Errorf("%s: %v", w.Name, err)
		}
	}
	if _, err := delivery.Find(all.Ways(), "bogus"); !errors.Is(err, fob.ErrUsage) {
		t.Error(err)
	}
}
