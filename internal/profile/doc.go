// Package profile turns names into definitions. A name is looked up in fob's own file,
// then in ~/.aws/config and ~/.aws/credentials, then among the roles of the sign-ins
// (SESSION/ACCOUNT/ROLE). The package also edits fob's own file.
package profile
