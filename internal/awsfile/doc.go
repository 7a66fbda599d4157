// Package awsfile reads and edits files in the grammar of ~/.aws/config and
// ~/.aws/credentials without losing a byte of what it does not own.
//
// It knows the grammar and not what the keys mean. A [File] is its text, cut at
// the section headers; an edit rewrites the lines of one section and is then
// read again, so that exactly the intended keys have changed or nothing has.
// [Update] puts an edit on disk: locked, compared, written aside, renamed.
// [Recorder] and [File.Revert] record an edit and take it back later.
//
// There is no one grammar. botocore reads with Python's configparser, the SDKs
// for Go and JavaScript each with a parser of their own. This package reads as
// the Go SDK does (aws-sdk-go-v2/config/internal/ini) where the three differ,
// writes only what all three read alike, and says where a file of somebody
// else's making is read differently: [File.Warnings].
package awsfile
