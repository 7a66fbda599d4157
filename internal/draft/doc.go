// Package draft prepares changes of fob's own file and of the AWS files: they are made
// in memory, shown to the person as a diff, and written if the files are still as they
// were.
package draft
