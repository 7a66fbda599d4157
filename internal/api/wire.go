// Package api is how front ends speak with the agent: JSON-RPC 2.0, one message
// a line, over a unix socket or a named pipe (docs/protocol.md). Calls go both ways
// on one connection: the agent calls back when it needs the person, so each front
// end shows questions in its own way.
package api

import (
	"encoding/json"
	"errors"
	"time"

	"fob/internal/fob"
)

// Limits of one message, in bytes. What the agent accepts is small, since anyone
// of this user's programs may send it; what it answers holds whole listings.
const (
	MaxRequest = 256 << 10
	MaxReply   = 64 << 20
)

// Message is one line.
type Message struct {
	Version string          `json:"jsonrpc"`
	ID      *int64          `json:"id,omitempty"` // absent in notifications
	Method  string          `json:"method,omitempty"`
	Caller  *Caller         `json:"caller,omitempty"` // beside the parameters of each request to the agent
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// Error is a failure on the wire; its Kind is the wire name in [fob.Outcomes].
type Error struct {
	Code    int       `json:"code"` // the exit code
	Message string    `json:"message"`
	Data    ErrorData `json:"data"`
}

// ErrorData is what JSON-RPC leaves to us.
type ErrorData struct {
	Kind string `json:"kind"` // the wire name of a row of [fob.Outcomes]
	Hint string `json:"hint,omitempty"`
}

// ToWire writes an error for the wire; its cause stays behind.
func ToWire(err error) *Error {
	out := fob.OutcomeOf(err)
	message := err.Error()
	var own *fob.Error
	if !errors.As(err, &own) && out.Kind == fob.ErrInternal {
		message = "internal error: " + message
	}
	return &Error{Code: out.Code, Message: message, Data: ErrorData{Kind: out.Wire, Hint: fob.HintOf(err)}}
}

// Err makes it an error again, for which [errors.Is] finds the same sentinel.
func (e *Error) Err() error {
	kind := fob.ErrInternal
	for _, row := range fob.Outcomes() {
		if row.Wire == e.Data.Kind {
			kind = row.Kind
			break
		}
	}
	return &fob.Error{Kind: kind, Message: e.Message, Hint: e.Data.Hint}
}

// Empty is no parameters, or no result.
type Empty struct{}

// NameParams names one profile, or where the method says so one sign-in. [ProfileStatus]
// also takes the restrictions that the credentials would be asked for with.
type NameParams struct {
	Name   string     `json:"name"`
	Narrow fob.Narrow `json:"narrow,omitzero"`
}

// DeliverParams asks for the credentials of a profile to be handed over.
type DeliverParams struct {
	Name      string            `json:"name"`
	Way       string            `json:"way"`
	Options   map[string]string `json:"options,omitempty"`
	NoSession bool              `json:"no_session,omitempty"`
	MinValid  int               `json:"min_valid,omitempty"` // seconds
	Patience  int               `json:"patience,omitempty"`  // milliseconds
	Narrow    fob.Narrow        `json:"narrow,omitzero"`
}

// ListParams filters a listing.
type ListParams struct {
	Filter string `json:"filter,omitempty"` // words that a row must have, all of them
}

// Row is one profile, role or sign-in in a listing.
type Row struct {
	Name string `json:"name"`
	Kind string `json:"kind,omitempty"` // empty if no kind claims the definition
	// Section is the type of the section that defines it, where that is no profile: the
	// row is a sign-in, which stands for the roles behind it.
	Section     string     `json:"section,omitempty"`
	Source      string     `json:"source,omitempty"` // the profile it starts from
	Origin      string     `json:"origin"`           // fob, or config
	Account     string     `json:"account,omitempty"`
	AccountName string     `json:"account_name,omitempty"`
	Email       string     `json:"email,omitempty"`
	Role        string     `json:"role,omitempty"`
	Region      string     `json:"region,omitempty"`
	State       string     `json:"state,omitempty"` // cached, signed in (of a sign-in), or empty
	Expiration  *time.Time `json:"expiration,omitempty"`
}

// State says what asking for a profile's credentials would come to now.
type State struct {
	State string `json:"state"` // one of the States
	Left  int    `json:"left"`  // seconds for which they are valid, 0 where that has no end
}

// States of a profile.
const (
	StateUnknown = "unknown" // no profile of that name, or none that fob could open
	StateCached  = "cached"  // credentials are there
	StateReady   = "ready"   // they will be retrieved without a person
	StateSignIn  = "sign-in" // a person will be asked
	StateLocked  = "locked"  // the vault is locked
)

// Definition is a profile as it is in effect.
type Definition struct {
	Name    string         `json:"name"`
	Kind    string         `json:"kind"`
	Section string         `json:"section"` // type of the section that it is
	Origin  string         `json:"origin"`
	Path    string         `json:"path"`
	Keys    map[string]any `json:"keys"` // values are strings, or maps of strings
}

// Identity is what AWS says of credentials (GetCallerIdentity).
type Identity struct {
	Account    string     `json:"account"`
	ARN        string     `json:"arn"`
	UserID     string     `json:"user_id"`
	Expiration *time.Time `json:"expiration,omitempty"`
}

// KindDoc describes a kind for flags and forms.
type KindDoc struct {
	Name   string     `json:"name"`
	Doc    string     `json:"doc"`
	Fields []FieldDoc `json:"fields"`
}

// FieldDoc describes one key of a kind.
type FieldDoc struct {
	Key      string `json:"key"`
	Flag     string `json:"flag"`
	Doc      string `json:"doc"`
	Example  string `json:"example,omitempty"`
	Required bool   `json:"required,omitempty"`
	Secret   bool   `json:"secret,omitempty"`
	Names    string `json:"names,omitempty"` // the type of the sections that the value names one of
}

// AddParams adds a definition. Secrets are not in it: the agent asks for them.
type AddParams struct {
	Kind  string            `json:"kind"`
	Name  string            `json:"name"`
	Keys  map[string]string `json:"keys"`
	Force bool              `json:"force,omitempty"` // replace a definition of that name
}

// MoveParams names what to adopt or release; no names mean all of it.
type MoveParams struct {
	Names  []string `json:"names,omitempty"`
	DryRun bool     `json:"dry_run,omitempty"`
	// Shared is the directory in which other tools keep sign-ins.
	Shared string `json:"shared,omitempty"`
}

// Moved says what became of one profile.
type Moved struct {
	Name    string `json:"name"`
	Kind    string `json:"kind,omitempty"`
	Skipped string `json:"skipped,omitempty"` // why nothing was done
	Note    string `json:"note,omitempty"`
}

// MoveResult is what adopt, release and generate answer.
type MoveResult struct {
	Diff  string  `json:"diff"` // unified, without secrets
	Moved []Moved `json:"moved"`
	Done  bool    `json:"done"` // false: a dry run, or nothing to do
}

// LoginParams signs in to a session, or to that of a profile.
type LoginParams struct {
	Name       string `json:"name"`
	Force      bool   `json:"force,omitempty"` // even if signed in already
	DeviceCode bool   `json:"device_code,omitempty"`
	// Share is the directory in which other tools look for the sign-in, if it
	// should be written there, in clear.
	Share string `json:"share,omitempty"`
}

// SignIn is what a login answers.
type SignIn struct {
	Session    string    `json:"session"`
	Expiration time.Time `json:"expiration"`
	Shared     string    `json:"shared,omitempty"` // the file that was written
}

// RolesParams asks for the roles of a sign-in.
type RolesParams struct {
	Name   string `json:"name"`             // of the sign-in, of one of its profiles, or its start URL
	Filter string `json:"filter,omitempty"` // words that a row must have, all of them
}

// CompleteParams asks for the names that begin with a text.
type CompleteParams struct {
	Prefix string `json:"prefix"`
}

// GenerateParams asks for sections in ~/.aws/config for roles of a session.
type GenerateParams struct {
	Session  string `json:"session"`
	Filter   string `json:"filter,omitempty"`
	Template string `json:"template,omitempty"`
	Region   string `json:"region,omitempty"`
	Prune    bool   `json:"prune,omitempty"`
	DryRun   bool   `json:"dry_run,omitempty"`
}

// SyncResult says what a search found that was not known, and what went.
type SyncResult struct {
	Session  string   `json:"session"`
	Accounts int      `json:"accounts"`
	Roles    int      `json:"roles"`
	Appeared []string `json:"appeared"` // references
	Gone     []string `json:"gone"`
	Renamed  []string `json:"renamed"` // OLD → NEW (ID)
}

// VaultParams are the choices of vault init and vault passwd.
type VaultParams struct {
	Method   string `json:"method,omitempty"`
	Identity string `json:"identity,omitempty"` // absolute path of the identity file, for method file
}

// AgentStatus describes the running agent.
type AgentStatus struct {
	Hello
	PID       int       `json:"pid"`
	Socket    string    `json:"socket"`
	Prompters []string  `json:"prompters"` // names, in the order in which they are asked
	Cached    int       `json:"cached"`    // profiles whose credentials are in the cache
	Written   []Written `json:"written"`   // files of credentials that fob write made
}

// Written is a file of credentials that fob write made and the agent renews.
type Written struct {
	Path       string    `json:"path"`
	Profile    string    `json:"profile"`
	Section    string    `json:"section"`
	Expiration time.Time `json:"expiration"`
}

// PrompterParams says what a prompter can do; see the Can constants. Words that the
// agent does not know are ignored.
type PrompterParams struct {
	Name string   `json:"name"` // what people call it
	Can  []string `json:"can"`
}

// What a prompter can do.
const (
	CanAsk     = "ask"     // ui.ask
	CanConfirm = "confirm" // ui.confirm
	CanOpen    = "open"    // ui.open
)

// VaultState is what can be told of a vault without opening it, and a count of its
// items if it is open.
type VaultState struct {
	Exists     bool    `json:"exists"`
	State      string  `json:"state"` // none, locked or unlocked
	Method     string  `json:"method,omitempty"`
	Recipient  string  `json:"recipient,omitempty"` // the public half of the identity
	Path       string  `json:"path"`
	Items      *int    `json:"items"`      // nil while the vault is locked
	Generation *uint64 `json:"generation"` // counts the changes; nil while the vault is locked
	Problem    string  `json:"problem,omitempty"`
	Hint       string  `json:"hint,omitempty"`
}

// VaultReport is what a check of the sealed files found.
type VaultReport struct {
	OK     bool       `json:"ok"`
	Vault  SealedFile `json:"vault"`
	Backup SealedFile `json:"backup"` // the last good copy of the vault
	Cache  SealedFile `json:"cache"`
}

// SealedFile is the state of one sealed file.
type SealedFile struct {
	Path       string `json:"path"`
	Exists     bool   `json:"exists"`
	OK         bool   `json:"ok"` // true also for a file that may be missing, and is
	Items      int    `json:"items"`
	Generation uint64 `json:"generation"`
	Problem    string `json:"problem,omitempty"`
}

// DeleteWrittenParams names files of credentials to delete.
type DeleteWrittenParams struct {
	Paths []string `json:"paths"` // absolute; none means all
}
