// Package draft prepares changes of fob's own file and of the AWS files. They are made in
// memory, shown to the user as a diff, and written only if the files have not changed
// since.
package draft
