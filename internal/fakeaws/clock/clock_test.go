package clock_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
)

// What is issued lasts as long as the cap says, and not a second more; the
// parameter keeps its limits, and what was issued before keeps its life.
func TestLifetimeIsCapped(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second) // the SDK signs by the real clock
	st := stage.New(t, fakeaws.Options{Now: func() time.Time { return now }})
	bot := st.Users["bot"].Credentials
	before := st.MustAssume(t, bot, "ReadOnly", nil)
	if status, out := st.Control(t, "clock", `{"lifetime":"8s"}`); status != 200 {
		t.Fatal(out)
	}
	for name, c := range map[string]time.Time{
		"role": st.MustAssume(t, bot, "ReadOnly", nil).Expiration, "user": st.Session(t, "bot").Expiration,
	} {
		if got := c.Sub(now); got != 8*time.Second {
			t.Errorf("a session of a %s lasts %v", name, got)
		}
	}
	_, err := st.Assume(t, bot, "ReadOnly", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(8) })
	stage.WantRefusal(t, err, "ValidationError", "greater than or equal to 900")

	role := st.MustAssume(t, bot, "ReadOnly", nil)
	st.Advance(7 * time.Second)
	_, err = st.STS(role).GetCallerIdentity(t.Context(), nil)
	stage.WantRefusal(t, err, "", "")
	st.Advance(time.Second)
	_, err = st.STS(role).GetCallerIdentity(t.Context(), nil)
	stage.WantRefusal(t, err, "ExpiredToken", "")
	_, err = st.STS(before).GetCallerIdentity(t.Context(), nil)
	stage.WantRefusal(t, err, "", "")

	st.SetLifetime(0)
	if got := st.MustAssume(t, bot, "ReadOnly", nil).Expiration.Sub(st.Now()); got != time.Hour {
		t.Errorf("without the cap it lasts %v", got)
	}
}
