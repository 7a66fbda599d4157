package awsfile_test

import (
	"fmt"
	"strings"
	"testing"

	"fob/internal/awsfile"
)

// Every line with a secret that is no profile's is found, wherever it is, and no other.
func TestLooseSecrets(t *testing.T) {
	t.Parallel()
	const secret = "aws_secret_access_key = hush\n"
	for text, want := range map[string]string{
		"[profile a]\n" + secret + "aws_session_token=hush\n":               "",
		secret + "[profile a]\n":                                            "1 before",
		"[profile a]\n#" + secret + "; AWS_SECRET_ACCESS_KEY: hush\n":       "2 commented|3 commented",
		"[profile a]\n# export AWS_SESSION_TOKEN='hush'\n":                  "2 commented",
		"[profile a]\n# aws_secret_access_key =\n# aws_secret_access_key\n": "",
		"[a]\n" + secret:                                        "2 without the word",
		"[sso-session a]\n" + secret:                            "2 no profile",
		"[profile a]\ns3 =\n  " + secret:                        "3 no key",
		"[profile a]\nregion = x\n  y " + secret:                "3 no key",
		"[default]\n" + secret + "[profile default]\n" + secret: "2 do not read",
	} {
		got := awsfile.Parse(awsfile.Config, []byte(text)).LooseSecrets()
		parts := strings.FieldsFunc(want, func(r rune) bool { return r == '|' })
		if len(got) != len(parts) {
			t.Errorf("%q: %v, want %s", text, got, want)
			continue
		}
		for i, p := range parts {
			line, why, _ := strings.Cut(p, " ")
			if fmt.Sprint(got[i].Line) != line || !strings.Contains(got[i].Message, why) || strings.Contains(got[i].Message, "hush") {
				t.Errorf("%q: %v, want %s", text, got[i], p)
			}
		}
	}
	if got := awsfile.Parse(awsfile.Credentials, []byte("[a]\n"+secret+"[profile b]\n"+secret)).LooseSecrets(); len(got) != 1 || got[0].Line != 4 {
		t.Error(got)
	}
}
