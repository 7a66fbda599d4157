// Package awsfile reads and edits files in the grammar of ~/.aws/config and ~/.aws/credentials, and
// preserves every byte that an edit does not concern.
//
// It knows the grammar, not the meaning of keys. A [File] is its text, split at the section
// headers. An edit rewrites the lines of one section and parses the result, so that exactly the
// intended keys change, or nothing does. [Update] applies an edit on disk: it locks, compares,
// writes a temporary file and renames it. [Recorder] and [File.Revert] record an edit and undo it
// later.
//
// There is no single grammar. botocore uses Python's configparser, and the SDKs for Go and
// JavaScript have parsers of their own. Where they differ, this package reads as the Go SDK does
// (aws-sdk-go-v2/config/internal/ini). It writes only what all three read the same, and reports
// where a file is read differently: [File.Warnings].
package awsfile
