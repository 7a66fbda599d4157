package fob

// Delivery is what a way of delivery hands over to the front end, which prints
// it or starts a program with it.
type Delivery struct {
	// Stdout is printed as it is.
	Stdout string `json:"stdout,omitempty"`
	// Set and Unset are changes to the environment of a program to start.
	Set   map[string]string `json:"set,omitempty"`
	Unset []string          `json:"unset,omitempty"`
	// URL is a page to open for the person; it may hold a secret.
	URL string `json:"url,omitempty"`
	// Facts are about what was delivered, by name, for messages, templates and
	// --json: no secrets.
	Facts map[string]string `json:"facts,omitempty"`
	// Warning is one line for stderr.
	Warning string `json:"warning,omitempty"`
}
