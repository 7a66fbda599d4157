package broker

import (
	"errors"
	"strings"
	"testing"

	"fob/internal/fob"
	"fob/internal/principal"
)

// What a request takes away stands in the plan, is part of what is cached, and
// never widens what the definition says.
func TestNarrow(t *testing.T) {
	t.Parallel()
	w := newWorld()
	policies := []principal.Field{{Key: "role_policy"}, {Key: "role_policy_arns"}}
	w.Kinds[0].Fields = append(policies, w.Kinds[0].Fields...)
	w.profile("role", "role_arn", "arn:aws-cn:iam::111122223333:role/r", "source_profile", "jane")
	w.profile("narrow", "role_arn", "arn:aws:iam::111122223333:role/r", "source_profile", "jane", "role_policy", "{}")
	plain, err := w.Plan(fob.Request{Profile: "role"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		profile    string
		narrow     fob.Narrow
		key, value string // of the plan; empty: refused
	}{
		{"role", fob.Narrow{Duration: 900}, "duration_seconds", "900"},
		{"role", fob.Narrow{Policy: "{}"}, "role_policy", "{}"},
		{"role", fob.Narrow{PolicyARNs: []string{fob.ReadOnlyAccess}}, "role_policy_arns", "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"},
		{"role", fob.Narrow{PolicyARNs: []string{"arn:x"}}, "role_policy_arns", "arn:x"},
		{"narrow", fob.Narrow{Policy: "{}"}, "", ""},
		{"narrow", fob.Narrow{PolicyARNs: []string{"arn:x"}}, "", ""},
		{"narrow", fob.Narrow{Duration: 900}, "role_policy", "{}"},
		{"jane", fob.Narrow{Policy: "{}"}, "", ""}, // a kind that takes none
	} {
		plan, err := w.Plan(fob.Request{Profile: tt.profile, Narrow: tt.narrow})
		if tt.key == "" {
			if !errors.Is(err, fob.ErrUsage) {
				t.Errorf("%s %+v: %v", tt.profile, tt.narrow, err)
			}
			continue
		}
		if err != nil || plan[0].Profile.Get(tt.key) != tt.value {
			t.Errorf("%s %+v: %q, %v", tt.profile, tt.narrow, plan[0].Profile.Get(tt.key), err)
		} else if plan[0].Key == plain[0].Key || tt.profile == "role" && plan[1].Key != plain[1].Key {
			t.Errorf("%s %+v: shares the wrong credentials", tt.profile, tt.narrow)
		}
	}
	w.Kinds[1].Fields = w.Kinds[1].Fields[:1]
	if _, err := w.Plan(fob.Request{Profile: "jane", Narrow: fob.Narrow{Duration: 900}}); !errors.Is(err, fob.ErrUsage) {
		t.Error(err)
	}
}

// What AWS takes a profile's credentials for, by where they start and what is asked.
func TestLineage(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for i := range w.Kinds {
		w.Kinds[i].Fields = append([]principal.Field{{Key: "role_policy"}, {Key: "role_policy_arns"}}, w.Kinds[i].Fields...)
	}
	signIn := principal.Kind{Name: "sign-in", Section: "sign-in", Match: func(p fob.Profile) bool { return p.Get("start_url") != "" },
		Yields: func(fob.Profile) principal.Yield { return principal.BearerToken }}
	w.Kinds = append([]principal.Kind{signIn}, w.Kinds...)
	const arn = "arn:aws:iam::111122223333:role/r"
	w.profile("corp", "start_url", "https://x")
	w.profile(signIn.Ref("corp"), "start_url", "https://x")
	w.profile("of-corp", "role_arn", arn, "source_profile", signIn.Ref("corp"))
	// By its plain name a sign-in is the source of nothing: its token is not for STS.
	w.profile("wrong", "role_arn", arn, "source_profile", "corp")
	if _, err := w.Plan(fob.Request{Profile: "wrong"}); !errors.Is(err, fob.ErrUsage) || !strings.Contains(err.Error(), "corp, which is a sign-in") {
		t.Error(err)
	}
	w.profile("behind-corp", "role_arn", arn, "source_profile", "of-corp")
	w.profile("role", "role_arn", arn, "source_profile", "jane")
	w.profile("mfa", "role_arn", arn, "source_profile", "jane", "mfa_serial", "S")
	w.profile("chained", "role_arn", arn, "source_profile", "role")
	w.profile("never", "aws_access_key_id", "AKIA", "user_session", "never")
	w.profile("narrow", "aws_access_key_id", "AKIA", "role_policy", "{}")
	w.profile("given", "aws_access_key_id", "ASIA")
	given := w.profiles["given"]
	given.Secrets = map[string]fob.Secret{"aws_session_token": fob.NewSecret("x")}
	w.profiles["given"] = given
	w.profile("of-given", "role_arn", arn, "source_profile", "given")
	policy := fob.Narrow{PolicyARNs: []string{"AdministratorAccess"}}
	for _, tt := range []struct {
		profile string
		request fob.Request
		want    fob.Lineage
	}{
		{"jane", fob.Request{}, fob.LineageUser},
		{"jane", fob.Request{Narrow: policy}, fob.LineageFederated},
		{"jane", fob.Request{Narrow: policy, NoSession: true}, fob.LineageFederated},
		{"never", fob.Request{}, fob.LineageUser},
		{"never", fob.Request{Narrow: policy}, fob.LineageFederated},
		{"narrow", fob.Request{}, fob.LineageFederated},
		{"given", fob.Request{}, fob.LineageOther},
		{"corp", fob.Request{}, fob.LineageOther},
		{"of-corp", fob.Request{}, fob.LineageOther},
		{"behind-corp", fob.Request{}, fob.LineageChained},
		{"role", fob.Request{}, fob.LineageRole},
		{"role", fob.Request{Narrow: policy}, fob.LineageRole},
		{"mfa", fob.Request{}, fob.LineageChained},
		{"mfa", fob.Request{NoSession: true}, fob.LineageRole},
		{"mfa", fob.Request{Narrow: fob.Narrow{Duration: 7200}}, fob.LineageRole},
		{"chained", fob.Request{}, fob.LineageChained},
		{"chained", fob.Request{Narrow: fob.Narrow{Duration: 7200}}, fob.LineageChained},
		{"of-given", fob.Request{}, fob.LineageChained},
	} {
		tt.request.Profile = tt.profile
		plan, err := w.Plan(tt.request)
		if err != nil || plan.Lineage() != tt.want {
			t.Errorf("%s %+v: %q, %v", tt.profile, tt.request, plan.Lineage(), err)
		}
	}
}
