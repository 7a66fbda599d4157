package api

import (
	"context"

	"fob/internal/fob"
)

// Method is the name of a call, with the types of its parameters and its result:
// what one side sends is what the other side's handler takes.
type Method[Params, Result any] string

// Methods of the agent.
const (
	Greet         Method[Empty, Hello]                  = "hello"             // answered whatever the protocol
	Deliver       Method[DeliverParams, fob.Delivery]   = "deliver"           // credentials, in one of the ways
	List          Method[ListParams, []Row]             = "list"              // profiles and sign-ins
	Show          Method[NameParams, Definition]        = "show"              // one definition, without its secrets
	Choices       Method[Empty, []Row]                  = "choices"           // what fob use can take, most used first
	ProfileStatus Method[NameParams, State]             = "profile.status"    // whether credentials are cached; retrieves nothing
	WhoAmI        Method[NameParams, Identity]          = "whoami"            // asks AWS
	Kinds         Method[Empty, []KindDoc]              = "kinds"             // what fob add can add
	Add           Method[AddParams, Empty]              = "add"               // a definition
	Remove        Method[NameParams, Empty]             = "remove"            // a definition of fob's own file
	Adopt         Method[MoveParams, MoveResult]        = "adopt"             // moves profiles out of the AWS files
	Release       Method[MoveParams, MoveResult]        = "release"           // moves them back
	Login         Method[LoginParams, SignIn]           = "login"             // signs in
	Logout        Method[NameParams, Empty]             = "logout"            // ends a sign-in
	Sync          Method[NameParams, SyncResult]        = "sync"              // searches the accounts and roles of a sign-in
	Roles         Method[RolesParams, []Row]            = "roles"             // those that the last search found
	Generate      Method[GenerateParams, MoveResult]    = "generate"          // writes sections for roles
	Complete      Method[CompleteParams, []string]      = "complete"          // for the shell's completion
	DeleteWritten Method[DeleteWrittenParams, []string] = "written.delete"    // deletes files that fob write made; answers their paths
	VaultInit     Method[VaultParams, VaultState]       = "vault.init"        // makes a vault
	VaultStatus   Method[Empty, VaultState]             = "vault.status"      // asks nobody
	VaultVerify   Method[Empty, VaultReport]            = "vault.verify"      // opens and reads every sealed file
	VaultPasswd   Method[VaultParams, Empty]            = "vault.passwd"      // changes what unlocks the vault
	VaultUndo     Method[Empty, Empty]                  = "vault.restore"     // puts the last good copy back
	Lock          Method[Empty, Empty]                  = "lock"              // forgets the identity and everything opened with it
	Unlock        Method[Empty, Empty]                  = "unlock"            // loads the identity
	BePrompter    Method[PrompterParams, Empty]         = "prompter.register" // the connection is asked what callers without a person cannot answer
	Status        Method[Empty, AgentStatus]            = "agent.status"      // of the agent
	Stop          Method[Empty, Empty]                  = "agent.stop"        // answered whatever the protocol
)

// Methods of the front end. The agent calls them while it answers a request of that
// front end, and at any time those that a prompter has said it can do.
const (
	UIAsk      Method[fob.Question, string]    = "ui.ask"
	UIConfirm  Method[fob.Confirmation, Empty] = "ui.confirm"
	UIOpen     Method[fob.Page, Empty]         = "ui.open"
	UIReach    Method[Empty, fob.Reach]        = "ui.reach"    // bothers nobody
	UIWithdraw Method[int64, Empty]            = "ui.withdraw" // a notification: the id of a call whose answer nobody waits for any more
	UITell     Method[string, Empty]           = "ui.tell"     // a notification: no answer
	UIProgress Method[fob.Progress, Empty]     = "ui.progress" // a notification: no answer
)

// Call asks the agent and waits for its answer, serving the agent's own calls
// meanwhile. Its errors are the agent's, or one that [IsLost] knows.
func Call[P, R any](ctx context.Context, c *Client, m Method[P, R], params P) (R, error) {
	var result R
	err := c.call(ctx, string(m), &params, &result)
	return result, err
}
