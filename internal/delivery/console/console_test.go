package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/partition"
)

const marker = "FOBSECRET" + "MARKER"

func creds() fob.Credentials {
	return fob.Credentials{AccessKeyID: "ASIAXXXXXXXXXXXXXXXX", SecretAccessKey: fob.NewSecret(marker + "key/+"),
		SessionToken: fob.NewSecret(marker + "token"), Expiration: time.Now().Add(time.Hour), AccountID: "111122223333"}
}

// stand is a fake grant whose lineage depends on the narrowing; it records what was asked of it.
type stand struct {
	delivery.Grant
	agent    agent
	narrowed []fob.Narrow
	minValid time.Duration
	requests []url.Values
	methods  []string
}

func newStand(t *testing.T, lineage func(fob.Narrow) fob.Lineage, c fob.Credentials, answer http.HandlerFunc) *stand {
	st := &stand{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		st.requests, st.methods = append(st.requests, r.Form), append(st.methods, r.Method)
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	client := srv.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	st.Grant = delivery.Grant{
		Profile:   fob.Profile{Name: "prod", Keys: map[string]string{"region": "eu-west-1"}, Endpoints: map[string]string{"": srv.URL}},
		Partition: partition.All()[0], Now: time.Now(), Agent: &st.agent,
	}
	st.agent = agent{client: client, lineage: lineage, narrowed: func(n fob.Narrow, minValid time.Duration) (fob.Credentials, error) {
		st.narrowed, st.minValid = append(st.narrowed, n), minValid
		return c, nil
	}}
	return st
}

// agent is a fake of what this delivery needs of the agent.
type agent struct {
	client   *http.Client
	lineage  func(fob.Narrow) fob.Lineage
	narrowed func(n fob.Narrow, minValid time.Duration) (fob.Credentials, error)
	duration string // the setting
}

func (a *agent) Lineage(n fob.Narrow) (fob.Lineage, error) { return a.lineage(n), nil }
func (a *agent) Narrowed(_ context.Context, n fob.Narrow, minValid time.Duration) (fob.Credentials, error) {
	return a.narrowed(n, minValid)
}
func (a *agent) Setting(key string) string {
	return map[string]string{"console_duration": a.duration}[key]
}
func (a *agent) Account() string    { return "" }
func (a *agent) HTTP() *http.Client { return a.client }

func always(l fob.Lineage) func(fob.Narrow) fob.Lineage {
	return func(fob.Narrow) fob.Lineage { return l }
}

func token(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"SigninToken":"abc"}`) }

// The durations requested from AWS, for each lineage and each requested duration.
func TestDurations(t *testing.T) {
	t.Parallel()
	user := func(n fob.Narrow) fob.Lineage {
		if n.Policy != "" || len(n.PolicyARNs) > 0 {
			return fob.LineageFederated
		}
		return fob.LineageUser
	}
	mfa := func(n fob.Narrow) fob.Lineage { // a role assumed with a user's MFA session
		if n.Duration > 3600 {
			return fob.LineageRole
		}
		return fob.LineageChained
	}
	for name, tt := range map[string]struct {
		lineage  func(fob.Narrow) fob.Lineage
		defined  string // duration_seconds
		setting  string
		narrow   fob.Narrow
		session  string // SessionDuration in the request
		duration int    // of the credentials
		policies []string
		warning  string
		wrong    bool
	}{
		"role":                       {lineage: always(fob.LineageRole), session: "3600"},
		"role of 8 hours":            {lineage: always(fob.LineageRole), defined: "28800", session: "28800"},
		"role, asked":                {lineage: always(fob.LineageRole), narrow: fob.Narrow{Duration: 43200}, session: "43200"},
		"role, set":                  {lineage: always(fob.LineageRole), setting: "8h", session: "28800"},
		"role, set in seconds":       {lineage: always(fob.LineageRole), setting: "28800", session: "28800"},
		"role, asked and set":        {lineage: always(fob.LineageRole), setting: "8h", narrow: fob.Narrow{Duration: 900}, session: "900"},
		"role, too long":             {lineage: always(fob.LineageRole), narrow: fob.Narrow{Duration: 43201}, wrong: true},
		"role, too short":            {lineage: always(fob.LineageRole), narrow: fob.Narrow{Duration: 60}, wrong: true},
		"role, set to nonsense":      {lineage: always(fob.LineageRole), setting: "soon", wrong: true},
		"role, set too long":         {lineage: always(fob.LineageRole), setting: "13h", wrong: true},
		"role, read only":            {lineage: always(fob.LineageRole), narrow: fob.Narrow{PolicyARNs: []string{"ReadOnlyAccess"}}, session: "3600", policies: []string{"ReadOnlyAccess"}},
		"chained":                    {lineage: always(fob.LineageChained)},
		"chained, asked":             {lineage: always(fob.LineageChained), narrow: fob.Narrow{Duration: 1800}, duration: 1800},
		"chained, asked long":        {lineage: always(fob.LineageChained), narrow: fob.Narrow{Duration: 43200}, duration: 43200, warning: "within an hour"},
		"chained, set":               {lineage: always(fob.LineageChained), setting: "8h"},
		"behind MFA":                 {lineage: mfa},
		"behind MFA, asked long":     {lineage: mfa, narrow: fob.Narrow{Duration: 43200}, duration: 43200, session: "43200"},
		"user":                       {lineage: user, policies: []string{"AdministratorAccess"}},
		"user, asked":                {lineage: user, narrow: fob.Narrow{Duration: 7200}, duration: 7200, policies: []string{"AdministratorAccess"}},
		"user, set":                  {lineage: user, setting: "2h", duration: 7200, policies: []string{"AdministratorAccess"}},
		"user, read only":            {lineage: user, narrow: fob.Narrow{PolicyARNs: []string{"ReadOnlyAccess"}}, policies: []string{"ReadOnlyAccess"}},
		"role of a sign-in":          {lineage: always(fob.LineageOther)},
		"role of a sign-in, asked":   {lineage: always(fob.LineageOther), narrow: fob.Narrow{Duration: 28800}, session: "28800"},
		"role of a sign-in, defined": {lineage: always(fob.LineageOther), defined: "28800"},
	} {
		st := newStand(t, tt.lineage, creds(), token)
		st.Narrow, st.Profile = tt.narrow, st.Profile.With("duration_seconds", tt.defined)
		st.agent.duration = tt.setting
		d, err := Way().Hand(t.Context(), st.Grant)
		if tt.wrong {
			if !errors.Is(err, fob.ErrUsage) || len(st.requests) > 0 || len(st.narrowed) > 0 {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || len(st.requests) != 1 || len(st.narrowed) != 1 {
			t.Errorf("%s: %v, %d calls", name, err, len(st.requests))
			continue
		}
		n := st.narrowed[0]
		if got := st.requests[0].Get("SessionDuration"); got != tt.session || n.Duration != tt.duration || !slices.Equal(n.PolicyARNs, tt.policies) {
			t.Errorf("%s: SessionDuration %q, credentials %+v", name, got, n)
		}
		if (d.Warning == "") != (tt.warning == "") || !strings.Contains(d.Warning, tt.warning) {
			t.Errorf("%s: warning %q", name, d.Warning)
		}
		if tt.session == "" && st.minValid == 0 {
			t.Errorf("%s: the console may end in a minute", name)
		}
	}
}

// Requesting a longer session never gives a shorter one than requesting none.
func TestTheRoleAllowsLess(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lineage fob.Lineage
		asked   int
		set     string
		defined string
		allows  int // longest session AWS allows, in seconds; 0: none
		sent    []string
		fetches int
		warning string // what it names
		lasts   time.Duration
	}{
		"asked":                      {fob.LineageRole, 43200, "", "", 3600, []string{"43200", "3600"}, 1, "12h, as --duration", time.Hour},
		"asked for minutes":          {fob.LineageRole, 5400, "", "", 3600, []string{"5400", "3600"}, 1, "90m, as --duration", time.Hour},
		"set":                        {fob.LineageRole, 0, "8h", "", 3600, []string{"28800", "3600"}, 1, "8h, as console_duration", time.Hour},
		"defined longer":             {fob.LineageRole, 43200, "", "7200", 7200, []string{"43200", "7200"}, 1, "12h", 2 * time.Hour},
		"no session at all":          {fob.LineageRole, 43200, "", "", 0, []string{"43200", "3600", ""}, 2, "12h", 59 * time.Minute},
		"asked for less than usual":  {fob.LineageRole, 1800, "", "", 0, []string{"1800", ""}, 2, "30m", 59 * time.Minute},
		"nothing asked":              {fob.LineageRole, 0, "", "", 0, []string{"3600", ""}, 2, "", 59 * time.Minute},
		"a role of a sign-in, asked": {fob.LineageOther, 43200, "", "", 3600, []string{"43200", ""}, 2, "12h", 59 * time.Minute},
	} {
		st := newStand(t, always(tt.lineage), creds(), func(w http.ResponseWriter, r *http.Request) {
			if n, _ := strconv.Atoi(r.Form.Get("SessionDuration")); n > tt.allows {
				http.Error(w, "<html>", http.StatusBadRequest)
				return
			}
			token(w, r)
		})
		st.Narrow.Duration, st.Profile = tt.asked, st.Profile.With("duration_seconds", tt.defined)
		st.agent.duration = tt.set
		// Cached credentials may end soon; freshly retrieved ones do not.
		narrowed := st.agent.narrowed
		st.agent.narrowed = func(n fob.Narrow, minValid time.Duration) (fob.Credentials, error) {
			c, err := narrowed(n, minValid)
			if c.Expiration = st.Now.Add(20 * time.Minute); minValid > 0 {
				c.Expiration = st.Now.Add(59 * time.Minute)
			}
			return c, err
		}
		d, err := Way().Hand(t.Context(), st.Grant)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var sent []string
		for _, r := range st.requests {
			sent = append(sent, r.Get("SessionDuration"))
		}
		if !slices.Equal(sent, tt.sent) || len(st.narrowed) != tt.fetches {
			t.Errorf("%s: asked AWS for %q, with %d credentials", name, sent, len(st.narrowed))
		}
		if !strings.Contains(d.Warning, tt.warning) || (tt.warning == "") != (d.Warning == "") {
			t.Errorf("%s: warning %q", name, d.Warning)
		}
		if ends, err := time.Parse(time.RFC3339, d.Facts["expires"]); err != nil || st.Now.Add(tt.lasts).Sub(ends).Abs() > time.Second {
			t.Errorf("%s: said to last until %s", name, d.Facts["expires"])
		}
	}
}

// Answers that are not AWS's are recognised; no error contains a secret.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"portal":   {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Welcome</html>") }, fob.ErrNetwork},
		"empty":    {func(http.ResponseWriter, *http.Request) {}, fob.ErrNetwork},
		"no token": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"SigninToken":""}`) }, fob.ErrNetwork},
		"a list":   {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `[]`) }, fob.ErrNetwork},
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"SigninToken":"`+strings.Repeat("x", 1<<20))
		}, fob.ErrNetwork},
		"cut off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fob.ErrNetwork},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://example.com/", http.StatusFound)
		}, fob.ErrNetwork},
		"busy":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, fob.ErrNetwork},
		"proxy": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(407) }, fob.ErrNetwork},
		"400":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }, fob.ErrRefused},
		"403":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, fob.ErrRefused},
	} {
		st := newStand(t, always(fob.LineageRole), creds(), tt.answer)
		d, err := Way().Hand(t.Context(), st.Grant)
		if !errors.Is(err, tt.want) || fob.HintOf(err) == "" || d.URL != "" {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(fmt.Sprintf("%+v %#v %v", err, err, errors.Unwrap(err)), marker) || strings.Contains(fmt.Sprint(err), "federation?") {
			t.Errorf("%s: the error holds a secret", name)
		}
	}
	st := newStand(t, always(fob.LineageRole), creds(), token)
	st.Profile.Endpoints[""] = "http://127.0.0.1:1"
	if _, err := Way().Hand(t.Context(), st.Grant); !errors.Is(err, fob.ErrNetwork) || strings.Contains(fmt.Sprintf("%+v", err), marker) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Way().Hand(ctx, st.Grant); !errors.Is(err, context.Canceled) || strings.Contains(fmt.Sprintf("%+v", err), marker) {
		t.Error(err)
	}
}

func TestLongLivedKeysStayHere(t *testing.T) {
	t.Parallel()
	c := creds()
	c.SessionToken = fob.Secret{}
	st := newStand(t, always(fob.LineageOther), c, token)
	if _, err := Way().Hand(t.Context(), st.Grant); !errors.Is(err, fob.ErrRefused) || len(st.requests) != 0 {
		t.Error(err, len(st.requests))
	}
}

// If the credentials would make the URL too long, they are sent as a form.
func TestLongTokensArePosted(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]string{500: http.MethodGet, 5000: http.MethodPost} {
		c := creds()
		c.SessionToken = fob.NewSecret(strings.Repeat("a+/=", size/4))
		st := newStand(t, always(fob.LineageRole), c, token)
		if _, err := Way().Hand(t.Context(), st.Grant); err != nil || st.methods[0] != want || !strings.Contains(st.requests[0].Get("Session"), c.SessionToken.Reveal()) {
			t.Error(size, err, st.methods)
		}
	}
}
