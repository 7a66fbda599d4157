package fob

import (
	"os"
	"time"
)

// Request is what a caller asks the broker for.
type Request struct {
	Profile string
	// Way is the name of the delivery that hands the credentials over.
	Way string
	// MinValid is how long the credentials should stay valid where the source
	// can give that; zero leaves it to the broker.
	MinValid time.Duration
	// Patience is how long the caller can wait for better credentials while there
	// are valid ones; zero leaves it to the broker, which waits for a person too.
	Patience time.Duration
	// NoPrompt says that nobody is to be asked at the terminal: it belongs to
	// somebody else now.
	NoPrompt bool
	// NoSession asks for a user's own keys and not a session made from them.
	NoSession bool
	// OnPurpose says that a person asked for the sign-in itself, and DeviceCode
	// that it should go by a code instead of a redirect in a browser here.
	OnPurpose, DeviceCode bool
	// Callers are the profiles whose programs have called fob for this, outermost first.
	Callers []string
	// Narrow takes away from what the credentials may do.
	Narrow Narrow
	// Options are the delivery's own.
	Options map[string]string
	// Paths are the AWS files as the caller's environment names them.
	Paths Paths
	// Environment is what else the caller's environment says.
	Environment Environment
	// Caller is who asks, from the kernel, for the audit log.
	Caller Caller
}

// CalledFor is the environment variable that names, in JSON, the profiles for which
// programs are running above a process. A program that called fob for one of them again
// would wait for itself; fob refuses that.
const CalledFor = "FOB_CALLED_FOR"

// Paths are the locations of the user's AWS files.
type Paths struct {
	Config      string `json:"config"`         // AWS_CONFIG_FILE, or ~/.aws/config
	Credentials string `json:"credentials"`    // AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/credentials
	Home        string `json:"home,omitempty"` // the user's home directory, if it is known
}

// Same reports whether config and credentials are one file, by whatever names.
func (p Paths) Same() bool {
	if p.Config == p.Credentials {
		return true
	}
	config, err := os.Stat(p.Config)
	credentials, e := os.Stat(p.Credentials)
	return err == nil && e == nil && os.SameFile(config, credentials)
}

// Caller identifies the process at the other end of the socket.
type Caller struct {
	PID int    `json:"pid,omitempty"`
	UID int    `json:"uid"`
	Exe string `json:"exe,omitempty"`
}

// Narrow is what a caller changes in a definition for one request: only to less
// than the definition gives, where that matters.
type Narrow struct {
	Region   string `json:"region,omitempty"`
	Duration int    `json:"duration,omitempty"` // seconds
	// Policy is a session policy, a JSON document.
	Policy string `json:"policy,omitempty"`
	// PolicyARNs are managed policies for the session; a name alone is one of
	// AWS's own, whose ARN the partition completes: ReadOnlyAccess.
	PolicyARNs []string `json:"policy_arns,omitempty"`
}

// ReadOnlyAccess is AWS's own policy that allows reading and nothing else.
const ReadOnlyAccess = "ReadOnlyAccess"

// IsZero reports whether nothing is changed.
func (n Narrow) IsZero() bool {
	return n.Region == "" && n.Duration == 0 && n.Policy == "" && len(n.PolicyARNs) == 0
}
