package fakeaws

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"fob/internal/fakeaws/identity"
	"fob/internal/fakeaws/wire"
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
			c, sig, err := s.Authenticate(r, name, "")
			if err != nil {
				return wire.Reply{}, err
			}
			if allowed, explicit := c.Permits(name+":"+action, c.MFA()); !allowed {
				return wire.Reply{}, identity.NotAuthorized(c, name+":"+action, "*", explicit)
			}
			if action != "GetAuthorizationToken" {
				return wire.Reply{}, wire.Refuse(http.StatusBadRequest, "UnknownOperationException", "")
			}
			data := map[string]any{
				"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + ECRPassword(c.ARN()))),
				"expiresAt":          float64(s.Now().Add(ecrTokenLasts).UnixMilli()) / 1000,
			}
			if name == "ecr-public" {
				return wire.JSON(http.StatusOK, map[string]any{"authorizationData": data}), nil
			}
			data["proxyEndpoint"] = "https://" + c.Account() + ".dkr.ecr." + sig.Region + ".amazonaws.com"
			return wire.JSON(http.StatusOK, map[string]any{"authorizationData": []any{data}}), nil
		},
		refuse: wire.RefuseJSON,
	}
}

// ECRPassword is the password that the fake gives a caller for a registry.
func ECRPassword(arn string) string {
	return "FOBSECRETMARKERecr" + base64.RawURLEncoding.EncodeToString([]byte(arn))
}
