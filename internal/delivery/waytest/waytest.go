// Package waytest is the test suite that every delivery passes: what users and SDKs rely on,
// whatever the delivery.
package waytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/partition"
	"fob/test/leak"
)

// Suite is a delivery with one set of options.
type Suite struct {
	Way delivery.Way
	// Options of the delivery; TEMP in one is replaced by the test's own directory.
	Options map[string]string
	// Answer is AWS's answer; nil if the delivery must not call AWS.
	Answer http.HandlerFunc
	// Task has the arguments and options of the part that runs in the caller's process.
	Task fob.Task
}

// Run runs the suite.
func (s Suite) Run(t *testing.T) {
	if s.Way.Name == "" || s.Way.Doc == "" || strings.ContainsAny(s.Way.Doc, "\n") || strings.HasSuffix(s.Way.Doc, ".") {
		t.Errorf("the name is %q, the doc, a sentence without a full stop: %q", s.Way.Name, s.Way.Doc)
	}
	if s.Way.Hand == nil && s.Way.Run == nil {
		t.Fatal("it delivers nothing")
	}
	if s.Way.Hand != nil {
		t.Run("hands over", s.handsOver)
		t.Run("is told no", s.failure)
		t.Run("unknown option", s.unknownOption)
		t.Run("cancelled", s.cancelled)
		t.Run("expired", s.expired)
	}
	if s.Way.Run != nil {
		t.Run("run is told no", s.runFailure)
		t.Run("run is cancelled", s.runCancelled)
	}
}

// source is where the delivered credentials come from.
type source struct {
	credentials fob.Credentials
	lineage     func(n fob.Narrow) fob.Lineage
}

func sources() map[string]source {
	session := fob.Credentials{AccessKeyID: "ASIAXXXXXXXXXXXXXXXX", SecretAccessKey: fob.NewSecret(leak.Marker() + "/key+="),
		SessionToken: fob.NewSecret(leak.Marker() + "//token+=="), Expiration: now().Add(time.Hour), AccountID: "111122223333"}
	always := func(l fob.Lineage) func(fob.Narrow) fob.Lineage { return func(fob.Narrow) fob.Lineage { return l } }
	user := func(n fob.Narrow) fob.Lineage {
		if n.Policy != "" || len(n.PolicyARNs) > 0 {
			return fob.LineageFederated
		}
		return fob.LineageUser
	}
	endless := session
	endless.Expiration = time.Time{}
	return map[string]source{
		"a session of unknown length": {endless, always(fob.LineageOther)},
		"a role":                      {session, always(fob.LineageRole)}, "a chained role": {session, always(fob.LineageChained)},
		"a role of a sign-in": {session, always(fob.LineageOther)}, "a federated user": {session, always(fob.LineageFederated)},
		"a user's session":  {session, user},
		"a user's own keys": {fob.Credentials{AccessKeyID: "AKIAXXXXXXXXXXXXXXXX", SecretAccessKey: fob.NewSecret(leak.Marker() + "/own+=")}, user},
	}
}

func now() time.Time { return time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC) }

// granting is a grant and the record of what the delivery did with it.
type granting struct {
	delivery.Grant
	agent     *Agent
	dir       string
	retrieved int
}

func (s Suite) grant(t *testing.T, from source, fail func(context.Context) error) *granting {
	t.Helper()
	g := &granting{dir: t.TempDir()}
	g.agent = In(g.dir)
	g.agent.Client = Answers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Answer == nil {
			t.Errorf("it calls %s", r.URL.Host)
			return
		}
		s.Answer(w, r)
	}))
	g.agent.Sort = func(n fob.Narrow) (fob.Lineage, error) { return from.lineage(n), fail(t.Context()) }
	g.agent.Retrieve = func(ctx context.Context, _ fob.Narrow, _ time.Duration) (fob.Credentials, error) {
		g.retrieved++
		if err := fail(ctx); err != nil {
			return fob.Credentials{}, err
		}
		return from.credentials, nil
	}
	options := maps.Clone(s.Options)
	for key, value := range options {
		options[key] = strings.ReplaceAll(value, "TEMP", g.dir)
	}
	g.Grant = delivery.Grant{
		Profile:   fob.Profile{Name: "prod", Keys: map[string]string{"region": "eu-west-1"}},
		Partition: partition.OfRegion("eu-west-1"), Options: options, Now: now(), Agent: g.agent,
		Credentials: func(ctx context.Context) (fob.Credentials, error) { return g.agent.Retrieve(ctx, fob.Narrow{}, 0) },
	}
	return g
}

func well(context.Context) error { return nil }

// handsOver: any credentials are delivered, or refused with a hint; the same grant gives the same
// delivery.
func (s Suite) handsOver(t *testing.T) {
	for name, from := range sources() {
		t.Run(name, func(t *testing.T) {
			g := s.grant(t, from, well)
			d, err := s.Way.Hand(t.Context(), g.Grant)
			if err != nil {
				if !errors.Is(err, fob.ErrUsage) && !errors.Is(err, fob.ErrRefused) || fob.HintOf(err) == "" {
					t.Errorf("refused with %v, and the hint %q", err, fob.HintOf(err))
				}
				nothing(t, d)
			} else if d.Stdout == "" && len(d.Set) == 0 && d.URL == "" && len(d.Facts) == 0 {
				t.Error("it hands over nothing")
			}
			keepsSecrets(t, g, d, err)
			checkEnvironment(t, d)
			again, err2 := s.Way.Hand(t.Context(), g.Grant)
			if !reflect.DeepEqual(again, d) || (err == nil) != (err2 == nil) {
				t.Errorf("the second time it is another delivery; %v", err2)
			}
		})
	}
	if _, err := s.Way.Hand(t.Context(), s.grant(t, sources()["a role"], well).Grant); err != nil {
		t.Errorf("a role's credentials are not delivered: %v", err)
	}
}

// failure: the error of retrieving credentials is returned, and nothing is delivered.
func (s Suite) failure(t *testing.T) {
	g := s.grant(t, sources()["a role"], func(context.Context) error { return fob.ErrLocked })
	d, err := s.Way.Hand(t.Context(), g.Grant)
	if !errors.Is(err, fob.ErrLocked) {
		t.Errorf("%v, want that the vault is locked", err)
	}
	nothing(t, d)
}

// unknownOption: an unknown option is refused by its name before any prompt. Its value is not
// shown, as it may be a secret.
func (s Suite) unknownOption(t *testing.T) {
	g := s.grant(t, sources()["a role"], well)
	if g.Options == nil {
		g.Options = map[string]string{}
	}
	g.Options["no-such-option"] = leak.Marker()
	d, err := s.Way.Hand(t.Context(), g.Grant)
	if !errors.Is(err, fob.ErrUsage) || !strings.Contains(err.Error(), "no-such-option") || g.retrieved > 0 {
		t.Errorf("%v, after %d retrievals", err, g.retrieved)
	}
	nothing(t, d)
	keepsSecrets(t, g, d, err)
}

// cancelled: if the context ends while credentials are retrieved or AWS is called, the delivery
// returns at once, without credentials.
func (s Suite) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := s.grant(t, sources()["a role"], context.Context.Err)
	d, err := s.Way.Hand(ctx, g.Grant)
	if g.retrieved > 0 && !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
	if err != nil {
		nothing(t, d)
	}
	if s.Answer == nil {
		return
	}
	ctx, cancel = context.WithCancel(t.Context())
	waits := s
	waits.Answer = func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		if r.Context().Err() == nil {
			t.Error("the call to AWS does not end with its caller")
		}
	}
	g = waits.grant(t, sources()["a role"], well)
	d, err = s.Way.Hand(ctx, g.Grant)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that the call was cancelled", err)
	}
	nothing(t, d)
	keepsSecrets(t, g, d, err)
}

// expired: expired credentials are never delivered, even if the agent returns them by mistake.
func (s Suite) expired(t *testing.T) {
	for _, ago := range []time.Duration{0, time.Second, 24 * time.Hour} {
		from := sources()["a role"]
		from.credentials.Expiration = now().Add(-ago)
		g := s.grant(t, from, well)
		d, err := s.Way.Hand(t.Context(), g.Grant)
		if err == nil && g.retrieved > 0 {
			t.Errorf("delivered %v after they expired", ago)
		}
		if err != nil {
			nothing(t, d)
		}
		if strings.Contains(fmt.Sprint(d), leak.Marker()) || len(g.agent.Register.(*Files).Written) > 0 {
			t.Errorf("handed out %v after they expired", ago)
		}
	}
}

func nothing(t *testing.T, d fob.Delivery) {
	t.Helper()
	if !reflect.DeepEqual(d, fob.Delivery{}) {
		t.Error("an error, and something is handed over")
	}
}

// keepsSecrets: no message, log or template value contains a secret, and no file does, except those
// in the register.
func keepsSecrets(t *testing.T, g *granting, d fob.Delivery, err error) {
	t.Helper()
	if text := fmt.Sprintf("%v %v %v %+v %s", d.Facts, d.Warning, err, err, fob.HintOf(err)); strings.Contains(text, leak.Marker()) {
		t.Error("a secret is in the facts, the warning or the error")
	}
	if strings.ContainsAny(d.Warning, "\n\r") {
		t.Errorf("the warning is no line: %q", d.Warning)
	}
	walked := filepath.WalkDir(g.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), leak.Marker()) {
			t.Errorf("a secret is in %s", path)
		}
		return err
	})
	if walked != nil {
		t.Error(walked)
	}
}

// checkEnvironment: the region is set under both names, since some programs read only one; and no
// variable stays set that an SDK prefers to the delivered credentials.
func checkEnvironment(t *testing.T, d fob.Delivery) {
	t.Helper()
	if d.Set["AWS_REGION"] != d.Set["AWS_DEFAULT_REGION"] || strings.Contains(d.Stdout, "AWS_REGION") != strings.Contains(d.Stdout, "AWS_DEFAULT_REGION") {
		t.Error("a region has one of its two names")
	}
	for _, name := range d.Unset {
		if _, both := d.Set[name]; both {
			t.Errorf("%s is set and unset", name)
		}
	}
	if len(d.Set) == 0 {
		return
	}
	prefers := []string{"AWS_SECURITY_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"}
	if d.Set["AWS_PROFILE"] == "" {
		prefers = append(prefers, "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
	}
	for _, name := range prefers {
		if _, set := d.Set[name]; !set && !slices.Contains(d.Unset, name) {
			t.Errorf("%s stays as it was", name)
		}
	}
}

// task is the part in the caller's process; deliver stands for the agent.
func (s Suite) task(t *testing.T, deliver func(context.Context) error) fob.Task {
	task := s.Task
	task.Requests = []fob.Request{{Profile: "prod"}}
	task.RunDir = t.TempDir()
	task.In, task.Out, task.Err = strings.NewReader(""), io.Discard, io.Discard
	task.Tell = func(string) {}
	task.Ready = func(fob.Delivery) error { t.Error("it is ready without credentials"); return nil }
	task.Deliver = func(ctx context.Context, _ fob.Request) (fob.Delivery, error) { return fob.Delivery{}, deliver(ctx) }
	return task
}

// runFailure: the error of retrieving credentials is returned before anything is served.
func (s Suite) runFailure(t *testing.T) {
	err := s.Way.Run(t.Context(), s.task(t, func(context.Context) error { return fob.ErrLocked }))
	if !errors.Is(err, fob.ErrLocked) {
		t.Errorf("%v, want that the vault is locked", err)
	}
}

// runCancelled: Run ends when its context does, also while the agent is asked.
func (s Suite) runCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Way.Run(ctx, s.task(t, func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}))
	if !errors.Is(err, context.Canceled) && !errors.Is(err, fob.ErrCancelled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
}
