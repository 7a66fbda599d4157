package random

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, alphabet := range []string{Base32, Base64, URL, "x"} {
		text := Text(alphabet, 200)
		if len(text) != 200 || strings.Trim(text, alphabet) != "" {
			t.Errorf("of %s: %s", alphabet, text)
		}
		if len(alphabet) > 1 && text == Text(alphabet, 200) {
			t.Errorf("of %s: twice the same", alphabet)
		}
	}
	if strings.Trim(Marker, Base32) != "" {
		t.Error("the marker is no base32, as it must be within a seed")
	}
}
