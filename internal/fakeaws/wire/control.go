package wire

import "strings"

// Control is one thing that a test can ask the fake itself: JSON in, JSON out.
type Control func(body []byte) (any, error)

// Ask reads a control's JSON; no body at all is an empty object.
func Ask(body []byte, into any) error {
	if len(strings.TrimSpace(string(body))) == 0 {
		return nil
	}
	return Strict(body, into)
}
