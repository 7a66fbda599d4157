package fakeaws

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"

	"fob/internal/fakeaws/wire"
)

// controlPrefix is where scripts talk to the fake itself.
const controlPrefix = "/_fake/"

// controls are all things that can be asked: of the scene, and of services.
func (s *Server) controls() map[string]wire.Control {
	all := map[string]wire.Control{
		"alias": s.controlAlias, "calls": s.controlCalls, "clock": s.controlClock, "fault": s.controlFault,
		"heal": s.controlHeal, "key": s.controlKey, "log": s.controlLog, "policy": s.controlPolicy, "region": s.controlRegion, "reset": s.controlReset,
		"role": s.controlRole, "totp": s.controlTOTP, "user": s.controlUser,
	}
	maps.Copy(all, s.Center.Controls())
	for _, svc := range s.services {
		if has, ok := svc.(interface {
			Controls() map[string]wire.Control
		}); ok {
			maps.Copy(all, has.Controls())
		}
	}
	return all
}

// serveControl answers POST /_fake/NAME. It refuses what a web page could send:
// a foreign Host (DNS rebinding) or any Origin.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	run := s.controls()[strings.TrimPrefix(r.URL.Path, controlPrefix)]
	body, readErr := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	status, answer := http.StatusOK, any(nil)
	switch {
	case !loopback(strings.Trim(host, "[]")) || r.Header.Get("Origin") != "":
		status, answer = http.StatusForbidden, controlError("the control surface is for programs on this machine")
	case run == nil:
		status, answer = http.StatusNotFound, controlError("no such control")
	case r.Method != http.MethodPost:
		status, answer = http.StatusMethodNotAllowed, controlError("use POST")
	case readErr != nil:
		status, answer = http.StatusBadRequest, controlError(readErr.Error())
	default:
		v, err := run(body)
		if answer = v; err != nil {
			status, answer = http.StatusBadRequest, controlError(err.Error())
		}
	}
	rep := wire.JSON(status, answer)
	w.Header().Set("Content-Type", rep.ContentType)
	w.WriteHeader(rep.Status)
	_, _ = w.Write(rep.Body)
}

func controlError(message string) map[string]string { return map[string]string{"error": message} }

func (s *Server) controlAlias(body []byte) (any, error) {
	var in struct{ Account, Alias string }
	if err := errors.Join(wire.Ask(body, &in), wire.CheckAccount(in.Account)); err != nil {
		return nil, err
	}
	s.SetAlias(in.Account, in.Alias)
	return struct{}{}, nil
}

func (s *Server) controlCalls(body []byte) (any, error) {
	var in struct{ Action string }
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	by := map[string]int{}
	for _, e := range s.Log() {
		by[e.Service+":"+e.Action]++
	}
	return map[string]any{"calls": s.Calls(in.Action), "by_action": by}, nil
}

func (s *Server) controlClock(body []byte) (any, error) {
	var in struct {
		Advance, Skew, KeyDelay, Lifetime string
	}
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		text string
		set  func(time.Duration)
	}{{in.Skew, s.SetSkew}, {in.Advance, s.Advance}, {in.KeyDelay, s.SetKeyDelay}, {in.Lifetime, s.SetLifetime}} {
		if f.text == "" {
			continue
		}
		d, err := time.ParseDuration(f.text)
		if err != nil {
			return nil, err
		}
		f.set(d)
	}
	return map[string]string{"now": wire.Time(s.Now()), "offset": s.Offset().String()}, nil
}

func (s *Server) controlFault(body []byte) (any, error) {
	var in struct {
		Fault
		Delay string `json:"delay"`
	}
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	if in.Delay != "" {
		d, err := time.ParseDuration(in.Delay)
		if err != nil {
			return nil, err
		}
		in.Fault.Delay = d
	}
	return struct{}{}, s.fail(in.Fault)
}

func (s *Server) controlHeal(_ []byte) (any, error) {
	s.Heal()
	return struct{}{}, nil
}

func (s *Server) controlKey(body []byte) (any, error) {
	var in struct {
		ID, Status string
	}
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	switch in.Status {
	case "Active", "Inactive":
		return struct{}{}, s.SetKeyActive(in.ID, in.Status == "Active")
	case "Deleted":
		return struct{}{}, s.DeleteKey(in.ID)
	}
	return nil, errors.New("status must be Active, Inactive or Deleted")
}

func (s *Server) controlLog(_ []byte) (any, error) { return s.Log(), nil }

func (s *Server) controlPolicy(body []byte) (any, error) {
	var in struct {
		Account, Name string
		Document      json.RawMessage
	}
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	arn, err := s.AddPolicy(in.Account, in.Name, string(in.Document))
	return map[string]string{"arn": arn}, err
}

func (s *Server) controlRegion(body []byte) (any, error) {
	var in struct {
		Account, Region string
		On              bool
	}
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	return struct{}{}, s.SetRegion(in.Account, in.Region, in.On)
}

func (s *Server) controlReset(_ []byte) (any, error) {
	s.Reset()
	return struct{}{}, nil
}

func (s *Server) controlRole(body []byte) (any, error) {
	var in RoleSpec
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	arn, err := s.Store.AddRole(in)
	return map[string]string{"arn": arn}, err
}

func (s *Server) controlTOTP(body []byte) (any, error) {
	var in struct{ Serial string }
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	code, err := s.Code(in.Serial)
	return map[string]string{"code": code}, err
}

func (s *Server) controlUser(body []byte) (any, error) {
	var in UserSpec
	if err := wire.Ask(body, &in); err != nil {
		return nil, err
	}
	u, err := s.Store.AddUser(in)
	if err != nil {
		return nil, err
	}
	return public(u), nil
}

// publicUser is a user with its secrets in clear, for the scripts that play it.
type publicUser struct {
	Account         string `json:"account"`
	ARN             string `json:"arn"`
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
	MFASerial       string `json:"mfa_serial,omitempty"`
	MFASeed         string `json:"mfa_seed,omitempty"`
	// Devices are all MFA devices, where there are several.
	Devices []publicDevice `json:"devices,omitempty"`
}

type publicDevice struct {
	Serial string `json:"serial"`
	Seed   string `json:"seed"`
}

func public(u User) publicUser {
	p := publicUser{Account: u.Account, ARN: u.ARN, AccessKeyID: u.Credentials.AccessKeyID, SecretAccessKey: u.Credentials.SecretAccessKey.Reveal(),
		MFASerial: u.MFASerial, MFASeed: u.MFASeed.Reveal()}
	if len(u.Devices) > 1 {
		for _, d := range u.Devices {
			p.Devices = append(p.Devices, publicDevice{d.Serial, d.Seed.Reveal()})
		}
	}
	return p
}
