package fob

// Account is an account that a sign-in gives access to, and the roles there. It
// holds no secret.
type Account struct {
	ID    string   `json:"id"` // twelve digits
	Name  string   `json:"name"`
	Email string   `json:"email,omitempty"`
	Roles []string `json:"roles,omitempty"` // nil: not known yet
}
