// Package directory holds what is known of the accounts and roles behind a sign-in:
// it finds them by the names that people type, and keeps what a search finds.
package directory
