package oidc

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"fob/internal/fakeaws/center"
	"fob/internal/fakeaws/random"
	"fob/internal/fakeaws/wire"
)

// deviceGrant is a sign-in on another device.
type deviceGrant struct {
	client             *client
	instance           *center.Instance
	deviceCode         string
	userCode           string
	expires            time.Time
	interval           time.Duration
	asked              time.Time
	approved, answered bool
	used               bool
}

func (s *Service) startDeviceAuthorization(r *wire.Request) (wire.Reply, error) {
	var in struct{ ClientID, ClientSecret, StartURL string }
	if err := r.JSON(&in); err != nil {
		return wire.Reply{}, err
	}
	c, err := s.clientOf(r, in.ClientID, in.ClientSecret)
	if err != nil {
		return wire.Reply{}, err
	}
	if !slices.Contains(c.grants, GrantDevice) {
		return wire.Reply{}, unauthorizedClient(GrantDevice)
	}
	i := s.env.InstanceAt(r.Base(), s.env.RegionOf(r.HTTP.Host), in.StartURL)
	if i == nil {
		return wire.Reply{}, invalid("Invalid start url provided")
	}
	lasts := s.env.Settings().Code
	const consonants = "BCDFGHJKLMNPQRSTVWXZ" // no words, nothing that looks like another
	d := &deviceGrant{client: c, instance: i, deviceCode: random.Text(random.URL, 8) + random.Marker + random.Text(random.URL, 64),
		userCode: random.Text(consonants, 4) + "-" + random.Text(consonants, 4), expires: s.env.Now().Add(lasts), interval: s.env.Settings().Interval}
	s.devices = append(s.devices, d)
	page := r.Base() + "/device"
	out := map[string]any{"deviceCode": d.deviceCode, "userCode": d.userCode, "verificationUri": page,
		"verificationUriComplete": page + "?user_code=" + d.userCode, "expiresIn": int(lasts / time.Second)}
	if d.interval > 0 {
		out["interval"] = int((d.interval + time.Second - 1) / time.Second)
	}
	return wire.JSON(http.StatusOK, out), nil
}

// open reports whether a device's sign-in waits for its user.
func (d *deviceGrant) open(now time.Time) bool { return !d.answered && now.Before(d.expires) }

func (d *deviceGrant) answer(approve bool) { d.answered, d.approved = true, approve }

// AnswerDevice approves or denies a sign-in on another device, as its user would
// on the page; an empty code stands for all that wait. It says how many.
func (s *Service) AnswerDevice(userCode string, approve bool) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, d := range s.devices {
		if (userCode == "" || d.userCode == userCode) && d.open(s.env.Now()) {
			d.answer(approve)
			n++
		}
	}
	if n == 0 && userCode != "" {
		return 0, fmt.Errorf("no sign-in waits for the code %q", userCode)
	}
	return n, nil
}
