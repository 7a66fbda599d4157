package processline

import (
	"strings"

	"fob/internal/fob"
)

// Write is the value of credential_process that makes SDKs call fob. It
// holds no quotes unless the path has a blank, and then only around the path:
// Go's SDK strips quotes that stand at both ends (protocol notes §1.2).
//
// flags follow the name; one with a character that a shell would act on is
// refused as well.
func Write(exe, name string, flags ...string) (string, error) {
	if !safe(name, "_.@+%:/-=,") || strings.HasPrefix(name, "-") {
		return "", fob.Errorf(fob.ErrUsage, "the name %q has characters that some SDK cannot pass on; letters, digits and _.@+%%:/- are safe", name).
			WithHint("fob exec --env, or give the profile another name")
	}
	tail := " credentials " + strings.Join(append([]string{name}, flags...), " ")
	for _, flag := range flags {
		if !safe(flag, `_./:@+-\~=,`) {
			return "", fob.Errorf(fob.ErrUsage, "%q has characters that a shell would act on", flag).WithHint("fob exec --endpoint, or --env")
		}
	}
	switch {
	case safe(exe, `_./:@+-\~`):
		return exe + tail, nil
	case safe(exe, `_./:@+-\~ `):
		return `"` + exe + `"` + tail, nil
	}
	return "", fob.Errorf(fob.ErrUsage, "the path of fob, %q, has characters that a shell would act on", exe).WithHint("install fob somewhere else")
}

func safe(s, more string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(more, r))
	})
}
