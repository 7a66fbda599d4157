package identity

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"fob/internal/fakeaws/wire"
	"fob/internal/fob"
)

// Device is a virtual MFA device: RFC 6238 with SHA-1, 30 seconds, six digits.
type Device struct {
	Serial string
	Since  time.Time
	seed   fob.Secret
	used   map[int64]bool // steps whose code was accepted: a code works once
}

// addDevice gives a user one more device. Names are an account's, not a user's.
func (s *Store) addDevice(u *IAMUser, name string) error {
	serial := s.ARN(u.Spec.Account, "mfa/"+name)
	if s.devices[serial] != nil {
		return fmt.Errorf("an MFA device %s exists already", serial)
	}
	if len(u.Devices) >= devicesPerUser || name == "" || !wire.Wordy("+=,.@-").OK(name) {
		return fmt.Errorf("MFA device %q of user %s: needs a name, and %d are the most", name, u.Spec.Name, devicesPerUser)
	}
	d := &Device{Serial: serial, seed: newSeed(), Since: s.clock.Now(), used: map[int64]bool{}}
	s.devices[serial] = d
	u.Devices = append(u.Devices, d)
	return nil
}

const totpStep = 30

// TOTP is the code that a device with a seed shows at a time.
func TOTP(seed fob.Secret, at time.Time) string { return totp(seed, at.Unix()/totpStep) }

// totp is the code of one step.
func totp(seed fob.Secret, step int64) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(seed.Reveal())
	if err != nil {
		return ""
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1000000)
}

// accept uses a code up; it may be of the step before or after.
func (d *Device) accept(code string, now time.Time) bool {
	step := now.Unix() / totpStep
	for _, s := range []int64{step, step - 1, step + 1} {
		if !d.used[s] && totp(d.seed, s) == code {
			d.used[s] = true
			return true
		}
	}
	return false
}

// unused is a code that would be accepted now.
func (d *Device) unused(now time.Time) (string, bool) {
	step := now.Unix() / totpStep
	for _, s := range []int64{step, step + 1, step - 1} {
		if !d.used[s] {
			return totp(d.seed, s), true
		}
	}
	return "", false
}

const (
	badCode   = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
	badSerial = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
	halfMFA   = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
)

// CheckMFA verifies a code given with a call: none is fine, half is not. The
// device must be the calling user's own; a role has none.
func (c *Caller) CheckMFA(serial, code string) (bool, error) {
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	switch {
	case serial == "" && code == "":
		return false, nil
	case serial == "" || code == "":
		return false, wire.Denied(halfMFA)
	case c.User == nil:
		return false, wire.Denied(badSerial)
	}
	at := slices.IndexFunc(c.User.Devices, func(d *Device) bool { return d.Serial == serial })
	switch {
	case at < 0:
		return false, wire.Denied(badSerial)
	case !c.User.Devices[at].accept(code, c.store.clock.Now()):
		return false, wire.Denied(badCode)
	}
	return true, nil
}
