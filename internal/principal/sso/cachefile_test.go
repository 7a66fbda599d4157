package sso

import (
	"encoding/json"
	"testing"
	"time"
)

// Times are read as any version of the AWS CLI writes them, and written as all read
// them.
func TestTimesOfTheCacheFile(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 11, 26, 12, 0, 1, 0, time.UTC)
	for text, ok := range map[string]bool{
		"2026-11-26T12:00:01Z": true, "2026-11-26T12:00:01UTC": true, "2026-11-26T13:00:01+01:00": true,
		"2026-11-26 12:00:01": false, "soon": false,
	} {
		var f cacheFile
		err := json.Unmarshal([]byte(`{"expiresAt":"`+text+`"}`), &f)
		if ok != (err == nil) || ok && !f.ExpiresAt.Equal(want) {
			t.Errorf("%s: %v, %v", text, f.ExpiresAt, err)
		}
	}
	text, err := json.Marshal(cacheFile{ExpiresAt: cacheUTC{want.Add(999 * time.Millisecond).In(time.FixedZone("", 3600))}})
	if err != nil || string(text) != `{"startUrl":"","region":"","accessToken":"","expiresAt":"2026-11-26T12:00:01Z"}` {
		t.Errorf("%s, %v", text, err)
	}
}
