package api

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"fob/internal/fob"
)

// Protocol is the number of the protocol that this build speaks. Front ends and
// agents of any build work together while it is the same. It changes when a method,
// a parameter or a result changes its meaning or goes; what is only added leaves it
// as it is (docs/protocol.md).
const Protocol = 1

// Caller is sent with every request: the front end's protocol, and what the agent must take from
// the front end's environment and not from its own.
type Caller struct {
	Protocol int       `json:"protocol"`
	Version  string    `json:"version"` // the front end's, for messages
	Paths    fob.Paths `json:"paths"`
	// Environment is what else the caller's environment says about calls to AWS.
	Environment fob.Environment `json:"environment,omitzero"`
	Exe         string          `json:"exe,omitempty"` // absolute path of fob, for credential_process lines
	Bus         string          `json:"bus,omitempty"` // address of the session bus, for the keyring
	// CalledFor is the value of the variable [fob.CalledFor].
	CalledFor string `json:"called_for,omitempty"`
}

// Prompters is the capability of agents that have [BePrompter]. A capability is a word
// for what was added since the protocol's number last changed, so that a front end can
// tell whether a running agent of an older build has it.
const Prompters = "prompters"

// Hello says who the agent is, and what it would lose if it were stopped.
type Hello struct {
	Protocol     int       `json:"protocol"`
	Capabilities []string  `json:"capabilities"` // words for what was added since the protocol's number last changed
	Version      string    `json:"version"`
	Started      time.Time `json:"started"`
	Program      string    `json:"program"` // path of the agent's program file
	Changed      bool      `json:"changed"` // whether that file was replaced or removed since the agent started
	Vault        string    `json:"vault"`   // unlocked, locked or none
	Files        int       `json:"files"`   // credential files made by fob write, which an agent that stops deletes
}

// Ends says, as parts of a sentence, what happens to the vault and to written files if the agent
// ends.
func (h Hello) Ends() []string {
	var parts []string
	if h.Vault == "unlocked" {
		parts = append(parts, "the vault is locked")
	}
	switch {
	case h.Files == 1:
		parts = append(parts, "the file that fob write made is deleted")
	case h.Files > 1:
		parts = append(parts, "the "+strconv.Itoa(h.Files)+" files that fob write made are deleted")
	}
	return parts
}

// Upgrade says, in one sentence, that the agent's program file was replaced, and what changing to
// the new one means. It is empty if the file is the same.
func (h Hello) Upgrade() string {
	if !h.Changed {
		return ""
	}
	ends := append(h.Ends(), "endpoints go on, and start the new program with their next question")
	return "another fob-agent is installed than the one that is running, which goes on; with fob agent stop, " + list(ends)
}

// Replace ends an agent with an older protocol, and tells the user in one sentence what that means;
// the next connection starts a new agent. mismatch is the agent's refusal. It is returned if the
// agent is newer or has the same protocol: then the agent belongs to other programs. The connection
// is closed.
func Replace(ctx context.Context, c *Client, mismatch error) error {
	defer c.Close()
	hello, err := Call(ctx, c, Greet, Empty{})
	switch {
	case IsLost(err):
		return nil // another front end has replaced it
	case errors.Is(err, fob.ErrVersion): // it is too old to know hello
		hello = Hello{Version: "unknown", Vault: "unlocked"}
	case err != nil:
		return err
	case hello.Protocol >= Protocol:
		return mismatch
	}
	c.ui.Tell(ctx, "replacing the running fob-agent, version "+hello.Version+", which speaks an older protocol: "+
		list(append(hello.Ends(), "endpoints that older programs serve have to be started again")))
	return End(ctx, c)
}

// list joins the parts of a sentence.
func list(parts []string) string {
	last := len(parts) - 1
	if last == 0 {
		return parts[0]
	}
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}

// stopLimit is how long an agent may take to end.
const stopLimit = 10 * time.Second

// End stops the agent and waits until it has ended. One that hangs is not killed.
func End(ctx context.Context, c *Client) error {
	done := make(chan error, 1)
	go func() {
		_, err := Call(ctx, c, Stop, Empty{})
		if err == nil || IsLost(err) {
			_, _ = io.Copy(io.Discard, c.r) // ends when the agent has closed all files
			err = c.Close()
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(stopLimit):
		return fob.Errorf(fob.ErrInternal, "the running agent does not end").WithHint("end the process fob-agent, then try again")
	}
}
