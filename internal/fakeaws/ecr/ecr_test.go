package ecr_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"fob/internal/fakeaws"
	"fob/internal/fakeaws/stage"
)

// The password of a registry says whose it is; of ECR Public it is in another place.
func TestRegistries(t *testing.T) {
	t.Parallel()
	st := stage.New(t, fakeaws.Options{})
	bot := st.Users["bot"]
	want := base64.StdEncoding.EncodeToString([]byte("AWS:" + fakeaws.ECRPassword(bot.ARN)))
	for service, name := range map[string]string{"ecr": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", "ecr-public": "SpencerFrontendService.GetAuthorizationToken"} {
		status, _, body := stage.Send(t, stage.Signed(t, st.HTTP.URL+"/", service, "us-east-1", "POST", "{}", bot.Credentials, st.Now(), "X-Amz-Target", name))
		if status != 200 || !strings.Contains(body, want) || st.Calls(service+":GetAuthorizationToken") != 1 {
			t.Errorf("%s: %d %s", service, status, body)
		}
	}
	for name, want := range map[string]string{"AmazonEC2ContainerRegistry_V20150921.Nothing": "UnknownOperationException", "SpencerFrontendService.GetAuthorizationToken": "InvalidSignatureException"} {
		_, _, body := stage.Send(t, stage.Signed(t, st.HTTP.URL+"/", "ecr", "us-east-1", "POST", "{}", bot.Credentials, st.Now(), "X-Amz-Target", name))
		if !strings.Contains(body, want) {
			t.Errorf("%s: %s", name, body)
		}
	}
}
