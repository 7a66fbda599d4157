// Package directory keeps the accounts and roles that a search has found behind a
// source, such as a sign-in to IAM Identity Center, and finds them by the names that
// people type. It holds names and ids, nothing secret.
package directory
