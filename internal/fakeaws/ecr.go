package fakeaws

import (
	"encoding/base64"
	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
	"net/http"
	"strings"
	"time"
)

// ecrTokenLasts is the life of a registry's password.
const ecrTokenLasts = 12 * time.Hour

// ecrService is GetAuthorizationToken of ECR and of ECR Public, which answers in
// another shape. The password says whose it is: no registry is played.
func ecrService() service {
	const private, public = "AmazonEC2ContainerRegistry_V20150921.", "SpencerFrontendService."
	return service{
		name: "ecr",
		match: func(r *wire.Request) (string, bool) {
			target := r.HTTP.Header.Get("X-Amz-Target")
			action, ok := strings.CutPrefix(target, private)
			if !ok {
				action, ok = strings.CutPrefix(target, public)
			}
			return action, ok
		},
		serve: func(s *Server, r *wire.Request, action string) (wire.Reply, error) {
			name := "ecr"
			if strings.HasPrefix(r.HTTP.Header.Get("X-Amz-Target"), public) {
				name = "ecr-public"
			}
			sig, err := verify.Verifier{Now: s.Now, Key: s.lookup, Service: name}.Verify(r.HTTP, r.Body)
			if err != nil {
				return wire.Reply{}, err
			}
			c := s.callerOf(sig)
			if allowed, explicit := c.permits(name+":"+action, c.mfa()); !allowed {
				return wire.Reply{}, notAuthorized(c, name+":"+action, "*", explicit)
			}
			if action != "GetAuthorizationToken" {
				return wire.Reply{}, wire.Refuse(http.StatusBadRequest, "UnknownOperationException", "")
			}
			data := map[string]any{
				"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + ECRPassword(c.arn()))),
				"expiresAt":          float64(s.Now().Add(ecrTokenLasts).UnixMilli()) / 1000,
			}
			if name == "ecr-public" {
				return wire.JSON(http.StatusOK, map[string]any{"authorizationData": data}), nil
			}
			data["proxyEndpoint"] = "https://" + c.account() + ".dkr.ecr." + sig.Region + ".amazonaws.com"
			return wire.JSON(http.StatusOK, map[string]any{"authorizationData": []any{data}}), nil
		},
		refuse: wire.RefuseJSON,
	}
}

// ECRPassword is the password that the fake gives a caller for a registry.
func ECRPassword(arn string) string {
	return "FOBSECRETMARKERecr" + base64.RawURLEncoding.EncodeToString([]byte(arn))
}
