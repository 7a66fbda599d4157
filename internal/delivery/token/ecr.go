package token

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/partition"
	"fob/internal/sigv4"
)

// registry is one of AWS's image registries.
type registry struct {
	account, region string
	public          bool
}

// parseRegistry parses the server's name that Docker gives: a host, perhaps with a port, or a
// URL of one, in any case.
func parseRegistry(server string) (registry, bool) {
	_, rest, ok := strings.Cut(server, "://")
	if !ok {
		rest = server
	}
	host, _, _ := strings.Cut(strings.ToLower(rest), "/")
	host, port, has := strings.Cut(host, ":")
	if _, err := strconv.ParseUint(port, 10, 16); has && err != nil {
		return registry{}, false
	}
	if host == "public.ecr.aws" {
		return registry{region: "us-east-1", public: true}, true
	}
	of, left, ok := partition.OfHost(host)
	if !ok {
		return registry{}, false
	}
	labels := strings.Split(left, ".")
	var r registry
	switch {
	case len(labels) == 4 && labels[1] == "dkr" && (labels[2] == "ecr" || labels[2] == "ecr-fips"):
		r = registry{account: labels[0], region: labels[3]}
	case len(labels) == 3 && (labels[1] == "dkr-ecr" || labels[1] == "dkr-ecr-fips"): // dual-stack
		r = registry{account: labels[0], region: labels[2]}
	default:
		return registry{}, false
	}
	return r, partition.IsAccount(r.account) && partition.IsRegion(r.region) && partition.OfRegion(r.region).Suffix == of.Suffix
}

// ecr is a Docker credential helper: it answers with the user name and password of a registry.
func ecr(ctx context.Context, g delivery.Grant, o options) (fob.Delivery, error) {
	server := strings.TrimSpace(o.Input)
	r, ok := parseRegistry(server)
	if !ok {
		// Docker recognises by this text that there are no credentials.
		return fob.Delivery{}, fob.Errorf(fob.ErrNotFound, "credentials not found in native keychain")
	}
	agent, err := delivery.From[Needs](g)
	if err != nil {
		return fob.Delivery{}, err
	}
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	user, password, err := r.login(ctx, g, c, agent.HTTP())
	if err != nil {
		return fob.Delivery{}, err
	}
	text, err := json.Marshal(map[string]string{"ServerURL": server, "Username": user, "Secret": password.Reveal()})
	if err != nil {
		return fob.Delivery{}, fob.Errorf(fob.ErrInternal, "the token does not fit Docker's format")
	}
	d := fob.Delivery{Stdout: string(text) + "\n"}
	if c.AccountID != "" && r.account != "" && c.AccountID != r.account {
		d.Warning = "profile " + g.Profile.Name + " is of account " + c.AccountID + ", and the registry of " + r.account
	}
	return d, nil
}

// answerLimit limits how much of ECR's answer is read, in bytes.
const answerLimit = 1 << 20

// login calls GetAuthorizationToken (AWS JSON 1.1). It is one call, so the SDK's client is not
// linked for it.
func (r registry) login(ctx context.Context, g delivery.Grant, c fob.Credentials, client *http.Client) (user string, password fob.Secret, err error) {
	service, host, target := "ecr", "https://"+partition.OfRegion(r.region).Host("api.ecr", r.region), "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
	if r.public {
		service, host, target = "ecr-public", "https://api.ecr-public.us-east-1.amazonaws.com", "SpencerFrontendService.GetAuthorizationToken"
	}
	if own := g.Profile.Endpoint(strings.ReplaceAll(service, "-", "_")); own != "" {
		host = strings.TrimSuffix(own, "/")
	}
	body := []byte("{}")
	sum, err := sigv4.HashHex(bytes.NewReader(body))
	if err != nil {
		return "", fob.Secret{}, err
	}
	headers := []sigv4.Header{{Name: "Content-Type", Value: "application/x-amz-json-1.1"}, {Name: "X-Amz-Target", Value: target}}
	add, err := sigv4.Sign(c, sigv4.Request{Method: http.MethodPost, URL: host + "/", Headers: headers, Payload: sum},
		sigv4.Scope{Service: service, Region: r.region, Time: c.SigningTime(g.Now)})
	if err != nil {
		return "", fob.Secret{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, host+"/", bytes.NewReader(body))
	if err != nil {
		return "", fob.Secret{}, err
	}
	for _, h := range append(headers, add...) {
		req.Header.Set(h.Name, h.Value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", fob.Secret{}, fob.Errorf(fob.ErrNetwork, "%s of region %s cannot be reached: %w", service, r.region, err).WithHint("check the network, then try again")
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return "", fob.Secret{}, fob.Errorf(fob.ErrNetwork, "the answer of %s broke off: %w", service, err)
	}
	return r.read(g, service, resp.StatusCode, text)
}

// read takes the token, "AWS:PASSWORD" in base64, out of an answer.
func (r registry) read(g delivery.Grant, service string, status int, text []byte) (user string, password fob.Secret, err error) {
	type data struct {
		Token string `json:"authorizationToken"`
	}
	var answer struct {
		Type    string          `json:"__type"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"authorizationData"`
	}
	err = json.Unmarshal(text, &answer)
	if status != http.StatusOK {
		if answer.Type == "" {
			return "", fob.Secret{}, fob.Errorf(fob.ErrNetwork, "%s answered with status %d, and not as AWS does", service, status).WithHint("check the network, then try again")
		}
		return "", fob.Secret{}, fob.Errorf(fob.ErrRefused, "profile %q, %s of region %s: %s: %s", g.Profile.Name, service, r.region, answer.Type, answer.Message).
			WithHint("the profile needs %s:GetAuthorizationToken", service)
	}
	var one data
	var list []data
	if err == nil && r.public {
		err = json.Unmarshal(answer.Data, &one)
	} else if err == nil {
		if err = json.Unmarshal(answer.Data, &list); err == nil && len(list) > 0 {
			one = list[0]
		}
	}
	raw, decodeErr := base64.StdEncoding.DecodeString(one.Token)
	user, secret, ok := strings.Cut(string(raw), ":")
	if err != nil || decodeErr != nil || !ok || user == "" || secret == "" {
		return "", fob.Secret{}, fob.Errorf(fob.ErrNetwork, "the answer of %s holds no token", service).WithHint("check the network, then try again")
	}
	return user, fob.NewSecret(secret), nil
}
