package broker

import (
	"errors"
	"testing"

	"github.com/aws/smithy-go"

	"fob/internal/fob"
)

type expired struct{}

func (*expired) Error() string                 { return "expired" }
func (*expired) ErrorCode() string             { return "ExpiredToken" }
func (*expired) ErrorMessage() string          { return "expired" }
func (*expired) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

func TestPlans(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::1:role/r"
	for _, tt := range []struct {
		name      string
		noSession bool
		profiles  map[string][]string
		// What the plan for "x" must say, step by step: name, then keys.
		want [][]string
	}{
		{"a user alone gets a session", false, nil,
			[][]string{{"x", "user_session", ""}}},
		{"unless it is not wanted", true, nil,
			[][]string{{"x", "user_session", "never"}}},
		{"a role without MFA needs none", false,
			map[string][]string{"x": {"role_arn", arn, "source_profile", "u"}},
			[][]string{{"x"}, {"u", "user_session", "never"}}},
		{"a role's MFA is the user's session's", false,
			map[string][]string{"x": {"role_arn", arn, "source_profile", "u", "mfa_serial", "S", "mfa_process", "P"}},
			[][]string{{"x", "mfa_serial", ""}, {"u", "user_session", "", "mfa_serial", "S", "mfa_process", "P"}}},
		{"a long role takes the code itself", false,
			map[string][]string{"x": {"role_arn", arn, "source_profile", "u", "mfa_serial", "S", "duration_seconds", "7200"}},
			[][]string{{"x", "mfa_serial", "S", "duration_seconds", "7200"}, {"u", "user_session", "never", "mfa_serial", ""}}},
		{"without a session the role takes the code too", true,
			map[string][]string{"x": {"role_arn", arn, "source_profile", "u", "mfa_serial", "S"}},
			[][]string{{"x", "mfa_serial", "S"}, {"u", "user_session", "never"}}},
		{"a chained role is capped, wherever the MFA stands", false,
			map[string][]string{
				"x": {"role_arn", arn, "source_profile", "y", "duration_seconds", "43200", "mfa_serial", "S"},
				"y": {"role_arn", arn, "source_profile", "u"}},
			[][]string{{"x", "duration_seconds", "3600", "mfa_serial", ""}, {"y"}, {"u", "mfa_serial", "S", "user_session", ""}}},
		{"keys in the role's own section are its source", false,
			map[string][]string{"x": {"role_arn", arn, "source_profile", "x", "aws_access_key_id", "AKIA"}},
			[][]string{{"x", "role_arn", arn}, {"x", "role_arn", "", "user_session", "never"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.profile("x", "aws_access_key_id", "AKIA")
			w.profile("u", "aws_access_key_id", "AKIA")
			for name, keys := range tt.profiles {
				w.profile(name, keys...)
			}
			plan, err := w.Plan(fob.Request{Profile: "x", NoSession: tt.noSession})
			if err != nil {
				t.Fatal(err)
			}
			if len(plan) != len(tt.want) {
				t.Fatalf("%d steps", len(plan))
			}
			for i, want := range tt.want {
				if plan[i].Profile.Name != want[0] {
					t.Errorf("step %d is %s", i, plan[i].Profile.Name)
				}
				for k := 1; k < len(want); k += 2 {
					if got := plan[i].Profile.Get(want[k]); got != want[k+1] {
						t.Errorf("step %d: %s = %q, want %q", i, want[k], got, want[k+1])
					}
				}
			}
		})
	}
}

func TestLoopsAndMissingSourcesAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.profile("a", "role_arn", "r", "source_profile", "b")
	w.profile("b", "role_arn", "r", "source_profile", "c")
	w.profile("c", "role_arn", "r", "source_profile", "a")
	w.profile("d", "role_arn", "r", "source_profile", "gone")
	_, err := w.Plan(fob.Request{Profile: "a"})
	if !errors.Is(err, fob.ErrUsage) || err.Error() != "profiles start from each other in a loop: a → b → c → a" {
		t.Error(err)
	}
	_, err = w.Plan(fob.Request{Profile: "d"})
	if !errors.Is(err, fob.ErrNotFound) || err.Error() != `profile "d" starts from "gone": no profile "gone"` {
		t.Error(err)
	}
}
