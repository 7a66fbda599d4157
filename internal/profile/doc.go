// Package profile turns names into definitions: fob's own file first, then
// ~/.aws/config and ~/.aws/credentials as they stand; and it moves definitions
// between them (adopt, release).
package profile
