// Package generate writes sections for the roles of a sign-in into ~/.aws/config, for
// programs that accept only the names of profiles.
package generate
